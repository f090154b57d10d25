package kernel

import (
	"math"
	"strings"
)

// merge takes a decided edge of a node with join: each: one more scope for a taken one, and with the last the
// composite knows that no more come.
func (x *decider) merge(sc *scope, n *nodeDef, token bool) {
	rec := sc.rec(n.m.ID)
	switch {
	case rec == nil:
		if token {
			x.startStep(sc, n)
		}
	case rec.step.over() || rec.step.comp != nil && rec.step.comp.verdict != "":
		if token {
			x.emit(Op{kind: opAbsorbed, path: sc.path, name: n.m.ID})
		}
	case rec.step.comp == nil: // it counts the tokens when it begins
	default:
		x.feedTokens(rec.step, n)
	}
}

// feedTokens brings a running composite up to date with the edges that lead to it.
func (x *decider) feedTokens(st *step, n *nodeDef) {
	tokens, more := n.scope.g.Tokens(x.mark(st.sc), n.index)
	if st.comp.open == more && tokens <= st.comp.total {
		return
	}
	x.emit(Op{kind: opFeed, path: st.path, n: int64(max(tokens-st.comp.total, 0)), flag: !more})
	if x.err == nil {
		x.judge(st, n, nil)
	}
}

// enterEach begins the composite with the tokens that are there.
func (x *decider) enterEach(o *Op, st *step, n *nodeDef) {
	tokens, more := n.scope.g.Tokens(x.mark(st.sc), n.index)
	o.n, o.flag, o.until = int64(tokens), more, math.MaxInt32
}

// judgeEach: the first tail that fails ends all, unless a failure is to wait for the others.
func (x *decider) judgeEach(st *step, n *nodeDef) {
	c := st.comp
	over := c.good+c.failed == c.total && !c.open
	switch {
	case c.failed > 0 && (over || n.onFailure() != "finish"):
		x.verdict(st, ending{outcome: "error", err: c.blame(c.lastError())})
	case c.open && st.sc.held != nil:
		x.lastTokens(st.sc)
	case over && n.scope.g.CanFork:
		x.verdict(st, ending{outcome: "success", from: "instances"})
	case over:
		x.verdict(st, ending{outcome: "success", from: "last"})
	}
}

// lastTokens: a failure that waits for the other steps leaves the edges behind it undecided. Where only tails wait for
// them, no more tokens come.
func (x *decider) lastTokens(sc *scope) {
	if sc.unfollowed > 0 || x.err != nil {
		return
	}
	var waiting []*step
	for i := range sc.nodes {
		if st := sc.nodes[i].step; !st.over() && st.comp != nil && st.comp.open && st.comp.live == 0 && x.def(st).kind == kindEach {
			waiting = append(waiting, st)
		}
	}
	if len(waiting) < sc.live {
		return
	}
	for _, st := range waiting {
		if c := st.comp; c.good+c.failed == c.total && c.verdict == "" {
			x.emit(Op{kind: opFeed, path: st.path, flag: true})
			if x.err == nil {
				x.judge(st, x.def(st), nil)
			}
		}
	}
}

// written is the id that the definition knows of a node: the compiler names the composite of join: each after its node.
func written(id string) string { return strings.TrimSuffix(id, eachSuffix) }
