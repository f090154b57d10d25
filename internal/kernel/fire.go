package kernel

import (
	"github.com/pawl-dev/pawl/model"
)

// fire handles one timer that is due.
func (x *decider) fire(t timer) {
	switch t.kind {
	case timerDue:
		x.fireStep(t.st)
	case timerDeadline:
		x.expire(t.st)
	case timerGrace:
		x.graceOver(t.sc)
	case timerEnd:
		x.failScope(x.s.root, &model.Error{Code: model.TimedOut, Message: "the execution ran out of time"})
	}
}

func (x *decider) fireStep(st *step) {
	switch {
	case st.over():
		// A delay after the result: the token moves on.
		if !st.followed && !st.stopped() {
			x.follow(st)
		}
	case st.out && st.asked != 0:
		x.withdrawn(st, nil)
	case st.status == model.StepBackoff:
		x.attempt(st)
	case st.awaits():
		x.silent(st)
	case st.ballot != nil:
		x.escalate(st)
	case st.status == model.StepWaiting:
		x.tryWait(st)
	}
}

// expire ends a step whose time has run out: a wait with the outcome timeout, anything else in error.
func (x *decider) expire(st *step) {
	n := x.def(st)
	if st.ballot != nil {
		x.expireApproval(st)
		return
	}
	if n.kind == kindWait {
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepFailed), word: model.TimedOut}, st)
		return
	}
	err := &model.Error{Code: model.TimedOut, Message: "the step ran out of time", Step: st.path}
	if st.comp != nil && st.status != model.StepBackoff {
		if st.comp.verdict == "" {
			x.verdict(st, ending{outcome: model.OutcomeErr, err: err})
		}
		return
	}
	if x.recall(st, becauseLate, false) {
		return
	}
	if st.answeredWell() {
		if st.out {
			x.out.Cancel = append(x.out.Cancel, TaskRef{Step: st.path, Attempt: st.attempt})
		}
		x.conclude(st) // the work was done in time, only its own attempt has not ended
		return
	}
	if st.out {
		x.out.Cancel = append(x.out.Cancel, TaskRef{Step: st.path, Attempt: st.attempt})
	}
	x.end(Op{kind: opDone, path: st.path, name: string(model.StepFailed), word: model.OutcomeErr, err: err, flag: st.out || st.awaits()}, st)
}

// graceOver gives up on the tasks of a closing scope that have not answered: their effect is unknown.
func (x *decider) graceOver(sc *scope) {
	for i := 0; i < len(sc.nodes); i++ {
		if st := sc.nodes[i].step; !st.over() && st.out && st.stopped() {
			x.withdrawn(st, nil)
		}
	}
	x.tryClosed(sc)
}
