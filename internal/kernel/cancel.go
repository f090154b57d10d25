package kernel

import (
	"github.com/pawl-dev/pawl/model"
)

// cancelExecution handles InCancel: everything live is cancelled, then the execution ends cancelled.
func (x *decider) cancelExecution(i int, in *Input) {
	x.accept(i, in)
	if !x.s.open() && x.s.status != model.Pending {
		x.emit(Op{kind: opStatus, word: string(x.s.goesOnAs())})
	}
	var err *model.Error
	if in.Why != "" {
		err = &model.Error{Code: "cancelled", Message: in.Why}
	}
	x.closeScope(x.s.root, ending{outcome: model.Withdrawn, err: err})
	x.answered()
}

// terminate handles InTerminate: the execution ends at once; running tasks are told, nobody waits for them.
func (x *decider) terminate(i int, in *Input) {
	x.accept(i, in)
	x.out.Cancel = append(x.out.Cancel, x.s.Tasks()...)
	var err *model.Error
	if in.Why != "" {
		err = &model.Error{Code: "terminated", Message: in.Why}
	}
	x.endWith(model.Terminated, "", err)
	x.answered()
}

// answered brings the last answer up to date with the status.
func (x *decider) answered() {
	x.out.Answers[len(x.out.Answers)-1].Status = x.s.status
}

// runCancel runs a cancel node: the live steps of the named nodes end cancelled with all they had started.
func (x *decider) runCancel(st *step, n *nodeDef) {
	for _, id := range n.cancel {
		for _, live := range st.sc.liveOf(id, n.scope.tails[id]) {
			x.withdraw(live)
		}
	}
	if st.stopped() {
		return
	}
	x.complete(st, n, model.Success, nil)
}

// liveOf are the live steps of a node: one, or where it lies behind join: each, one per token. The node with join: each
// stands for all that it started.
func (sc *scope) liveOf(id, tail string) (live []*step) {
	rec := sc.rec(id)
	if tail != "" {
		rec = sc.rec(tail)
	}
	switch {
	case rec == nil || rec.step.over():
	case tail == "" || id == written(tail) || rec.step.comp == nil:
		live = append(live, rec.step)
	default:
		for _, in := range rec.step.comp.scopes {
			live = append(live, in.liveOf(id, "")...)
		}
	}
	return live
}

// withdraw cancels one step and withdraws its token.
func (x *decider) withdraw(st *step) {
	switch {
	case st.out:
		x.askCancel(st, true, x.now+x.bounds.CancelGrace)
	case x.recall(st, "", true):
	case st.comp != nil && st.comp.undo.now != nil: // it ends withdrawn once it is undone
		x.emit(Op{kind: opCancel, path: st.path, flag: true})
		x.closeInstances(st)
	case st.comp != nil && st.status == model.StepBackoff:
		x.endWithdrawn(st)
	case st.comp != nil && (st.comp.live > 0 || len(st.comp.undo.recs) > 0):
		x.verdict(st, ending{outcome: model.Withdrawn})
	default:
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepCancelled), word: model.Withdrawn, flag: st.awaits()}, st)
	}
}
