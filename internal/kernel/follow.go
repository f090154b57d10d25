package kernel

import (
	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/model"
)

// choice is the edges that an ended step takes and those that die by it.
type choice struct {
	taken, dead []int32
	// ends: the token ends quietly, no edge is for this outcome.
	ends bool
}

// follow decides the edges of an ended step.
func (x *decider) follow(st *step) {
	if st.cleanup() {
		x.cleanedUp(st)
		return
	}
	n := x.def(st)
	outcome, good := st.outcome, !n.isBad(st.outcome)
	if st.withdraw {
		outcome, good = model.Withdrawn, false
	}
	c, ok, err := x.choose(st, n, outcome, good)
	switch {
	case err != nil:
		x.park(errorOf(err, st.path), st.path)
	case !ok && good:
		x.unhandled(st, n, &model.Error{Code: "no_edge", Message: "no edge of " + st.node + " is for the outcome " + outcome, Step: st.path})
	case !ok:
		x.unhandled(st, n, st.failureAs(outcome))
	case n.scope.g.Nodes[n.index].Region >= 0:
		x.move(st, n, c)
	default:
		x.emit(Op{kind: opEdges, path: st.path, taken: c.taken, dead: c.dead})
		x.arrive(st.sc, n, c)
	}
}

// failureAs is the error with which an unhandled step fails its scope: its own, or the bad word as the code.
func (st *step) failureAs(outcome string) *model.Error {
	e := *st.failure()
	if outcome != model.OutcomeErr && st.err == nil {
		e.Code = outcome
	}
	return &e
}

// choose finds the edges for an outcome. ok is false where the step has edges and none is taken.
func (x *decider) choose(st *step, n *nodeDef, outcome string, good bool) (c choice, ok bool, err error) {
	g := n.scope.g
	node := &g.Nodes[n.index]
	grp, found := g.Group(n.index, outcome, good)
	if !found {
		quiet := outcome == model.Withdrawn || good && g.EndsQuietly(n.index, n.isBad)
		return choice{dead: node.Out, ends: true}, quiet, nil
	}
	if !grp.Choice {
		e := &grp.Entries[0]
		return choice{taken: e.Taken, dead: e.Dead}, true, nil
	}
	names := x.in(st.sc, st.path)
	names.st, names.outcome, names.output, names.err = st, outcome, st.output, st.err
	gi := groupIndex(node, grp)
	for i := range grp.Entries {
		e := &grp.Entries[i]
		if p := n.when[gi][i]; p != nil {
			holds, err := p.Bool(&x.ctx)
			if err != nil {
				return c, false, err
			}
			if !holds {
				continue
			}
		}
		if !node.SplitAll {
			return choice{taken: e.Taken, dead: e.Dead}, true, nil
		}
		c.taken = append(c.taken, e.Taken...)
	}
	if len(c.taken) == 0 {
		return choice{dead: node.Out, ends: true}, outcome == model.Withdrawn, nil
	}
	c.dead = without(node.Out, c.taken)
	return c, true, nil
}

func groupIndex(node *graph.Node, grp *graph.Group) int {
	for i := range node.Groups {
		if &node.Groups[i] == grp {
			return i
		}
	}
	return 0
}

func without(all, some []int32) (rest []int32) {
	for _, e := range all {
		keep := true
		for _, o := range some {
			keep = keep && e != o
		}
		if keep {
			rest = append(rest, e)
		}
	}
	return rest
}

// arrive does what taken edges lead to: a failure of the scope, or whatever the graph says.
func (x *decider) arrive(sc *scope, n *nodeDef, c choice) {
	for _, e := range c.taken {
		if n.scope.g.Edges[e].To == graph.Fail {
			x.failScope(sc, sc.lastHandled())
			return
		}
	}
	x.settle(sc, c.taken, c.dead)
}

func (sc *scope) lastHandled() *model.Error {
	if sc.handled != nil {
		return sc.handled
	}
	return &model.Error{Code: "failed", Message: "the definition ended here with fail"}
}

// move moves the one token of a region.
func (x *decider) move(st *step, n *nodeDef, c choice) {
	sc, g := st.sc, n.scope.g
	if len(c.taken) == 1 && g.Edges[c.taken[0]].Inner {
		x.emit(Op{kind: opEdges, path: st.path, taken: c.taken})
		x.startAgain(sc, n.scope.nodes[g.Edges[c.taken[0]].To])
		return
	}
	r := g.Nodes[n.index].Region
	exits := c.taken
	if c.ends {
		exits = nil
	}
	c.taken, c.dead = exits, g.Leave(nil, r, exits)
	x.emit(Op{kind: opEdges, path: st.path, taken: c.taken, dead: c.dead})
	x.emit(Op{kind: opRegion, path: sc.path, n: int64(r), word: regionLeft})
	x.arrive(sc, n, c)
}

// startAgain starts a node of a region, or ends it exhausted where it has run as often as it may.
func (x *decider) startAgain(sc *scope, n *nodeDef) {
	runs := 0
	if rec := sc.rec(n.m.ID); rec != nil {
		runs = int(rec.runs - rec.base)
	}
	path := x.startStep(sc, n)
	if n.m.MaxRuns > 0 && runs >= n.m.MaxRuns {
		x.emit(Op{kind: opDone, path: path, name: string(model.StepFailed), word: model.Exhausted})
	}
}

// unhandled does with a failure that no edge takes what the nearest on_failure says.
func (x *decider) unhandled(st *step, n *nodeDef, err *model.Error) {
	switch n.onFailure() {
	case "park":
		x.park(err, st.path)
	case "finish":
		x.emit(Op{kind: opHold, path: st.sc.path, text: st.path, err: err})
		x.maybeEnd(st.sc)
	default:
		x.failScope(st.sc, err)
	}
}

func (n *nodeDef) onFailure() string {
	if n.m.OnFailure != "" {
		return n.m.OnFailure
	}
	for sd := n.scope; sd != nil; sd = sd.parent {
		if sd.m.OnFailure != "" {
			return sd.m.OnFailure
		}
		if sd.owner == nil {
			break
		}
		if sd.owner.m.Type == typeFinally {
			break // what fails in it changes nothing
		}
		if sd.owner.m.OnFailure != "" {
			return sd.owner.m.OnFailure
		}
	}
	return ""
}
