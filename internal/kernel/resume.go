package kernel

import (
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/model"
)

// resume lets a paused or parked execution go on. A parked one tries again what it was parked at: the failed step
// runs anew, an edge or output is evaluated anew.
func (x *decider) resume(i int, in *Input) {
	was := x.s.status
	if was != model.Paused && was != model.Parked {
		x.refuse(i, in, &model.Error{Code: CodeNotPaused, Message: "the execution is neither paused nor parked"})
		return
	}
	at := x.s.findStep(x.s.parkedAt)
	x.accept(i, in)
	to := x.s.goesOnAs()
	x.emit(Op{kind: opStatus, word: string(to), n: x.shift(in, was)})
	x.answered()
	if to == model.Pending {
		return
	}
	if x.s.schedule != nil {
		x.resumeSchedule()
	}
	x.reclaim()
	if was == model.Parked {
		if at != nil && at.over() && !at.followed && !at.stopped() && x.unhandledAt(at) {
			x.again(at)
		}
	}
	x.wake()
	x.answered()
}

// wake looks at everything that may have become ready while nothing moved.
func (x *decider) wake() {
	if x.s.gated() {
		x.woken = true
		return
	}
	for _, st := range slices.Concat(x.s.waiters, x.s.whens) {
		if !st.over() && x.s.root != nil {
			x.tryWait(st)
		}
	}
	if x.s.root == nil {
		return
	}
	for _, path := range slices.Sorted(maps.Keys(x.s.scopes)) {
		if sc := x.s.scopes[path]; sc != nil {
			x.maybeEnd(sc)
		}
	}
	if x.s.root != nil {
		x.maybeEnd(x.s.root)
	}
}

// unhandledAt reports whether the step failed and nothing in its scope handles that.
func (x *decider) unhandledAt(st *step) bool {
	if st.cleanup() {
		return true
	}
	n := x.def(st)
	_, handled := n.scope.g.Group(n.index, st.outcome, !n.isBad(st.outcome))
	return st.status == model.StepFailed && !handled
}

// again runs the node of a failed step anew, in place of following its edges.
func (x *decider) again(st *step) {
	x.emit(Op{kind: opAgain, path: st.path})
	if st.undoes != nil {
		x.compensate(st.undoes)
		return
	}
	x.startStep(st.sc, x.def(st))
}
