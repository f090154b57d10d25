package kernel

import (
	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/model"
)

// reach is a node and everything that its token can lead to: what a reset takes back.
type reach struct {
	nodes []bool // by index in the graph
	edges []int32
}

// reachOf finds the nodes reachable from n in its graph, n among them, and the edges that leave them.
func reachOf(g *graph.Graph, n int) reach {
	r := reach{nodes: make([]bool, len(g.Nodes))}
	r.nodes[n] = true
	for todo := []int{n}; len(todo) > 0; todo = todo[1:] {
		for _, e := range g.Nodes[todo[0]].Out {
			r.edges = append(r.edges, e)
			if to := g.Edges[e].To; to >= 0 && !r.nodes[to] {
				r.nodes[to] = true
				todo = append(todo, to)
			}
		}
	}
	return r
}

// resetNode starts node n of an open scope anew, as if its token had just arrived: every edge that leaves it, or a node
// reachable from it, becomes undecided, and what lives there is cancelled (LANGUAGE 10). What cannot be reached keeps
// its results.
func (x *decider) resetNode(sc *scope, n *nodeDef) {
	dropped := x.takeBack(sc, n, true)
	if x.err == nil {
		x.startStep(sc, n)
	}
	x.closeDropped(dropped)
}

// takeBack is a reset of everything behind n, and of n itself where it has a step, that starts nothing. In a region the token
// is inside afterwards. The caller closes what is dropped once something lives in the scope, which could end before.
func (x *decider) takeBack(sc *scope, n *nodeDef, itself bool) (dropped []*step) {
	sd := x.scopeDef(sc)
	r := reachOf(sd.g, n.index)
	o := Op{kind: opReset, path: sc.path, open: r.edges}
	for i, in := range r.nodes {
		rec := sc.rec(sd.nodes[i].m.ID)
		if !in || rec == nil || i == n.index && !itself {
			continue
		}
		x.drop(rec.step)
		dropped = append(dropped, rec.step)
		o.list = append(o.list, rec.name)
	}
	for i := range sd.g.Regions {
		if r.nodes[sd.g.Regions[i].Nodes[0]] && sc.region(i) != graph.RegionIdle {
			o.regions = append(o.regions, int32(i))
		}
	}
	x.emit(o)
	if at := sd.g.Nodes[n.index].Region; at >= 0 {
		x.emit(Op{kind: opRegion, path: sc.path, n: int64(at), word: regionActive})
	}
	return dropped
}

// closeDropped closes what runs on of composites.
func (x *decider) closeDropped(steps []*step) {
	for _, st := range steps {
		if x.err == nil && st.comp != nil && st.comp.live > 0 && !st.sc.closed {
			x.closeInstances(st)
		}
	}
}

// drop ends a live step at once; what it had started is left to closeDropped. An executor that has its task is told to stop and is not
// waited for, so the effect of that attempt stays unknown; so it is with children of its items.
func (x *decider) drop(st *step) {
	if x.err != nil {
		return
	}
	if st.out {
		x.out.Cancel = append(x.out.Cancel, TaskRef{Step: st.path, Attempt: st.attempt})
	}
	if !st.over() {
		unknown := st.attempt > 0 && st.task != nil || st.leftEffects() || st.comp != nil && len(st.comp.kids) > 0
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepCancelled), word: model.Withdrawn, flag: unknown}, st)
	}
}

// applyReset takes back what a reset reaches.
func (s *State) applyReset(sc *scope, o *Op) error {
	for _, name := range o.list {
		rec := sc.rec(name)
		if rec == nil || !rec.step.over() {
			return errResetLive
		}
		rec.idle, rec.base = true, rec.runs
		rec.step.follow()
		if sc.heldAt == rec.step.path {
			sc.held, sc.heldAt = nil, ""
		}
	}
	sc.setMarks(o.open, graph.Undecided)
	for _, r := range o.regions {
		sc.setRegion(int(r), graph.RegionIdle)
	}
	sc.handled = nil
	return nil
}
