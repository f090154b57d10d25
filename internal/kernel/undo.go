package kernel

import (
	"strconv"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
)

// undoList is what is left to undo of a scope, or of the ended instances of a composite: oldest ending first.
type undoList struct {
	recs []*undo
	// now is the compensation that runs.
	now *step
	// Whose list it is: one of the two is set.
	sc *scope
	st *step
}

// undo is a step that succeeded, or whose effect is unknown, and the node that undoes it.
type undo struct {
	st   *step
	by   string
	n    int64     // order of ending in the execution
	with *taskSpec // what the step was given
	list *undoList
}

// toUndo notes, before the end of st is journaled, that the step has something to undo.
func (x *decider) toUndo(o *Op, st *step) {
	n := x.def(st)
	if n.m.Compensate == "" || st.cleanup() || o.name != string(model.StepCompleted) && !o.flag {
		return
	}
	x.emit(Op{kind: opUndo, path: st.path, name: n.m.Compensate, n: x.s.undoSeq + 1})
	x.warn(BoundUndos, int64(x.s.undos), x.bounds.Undos)
	if x.err == nil && x.s.undos > x.bounds.Undos {
		x.park(&model.Error{Code: "too_many_compensations", Message: "more than " + strconv.Itoa(x.bounds.Undos) + " steps are to be undone if something fails"}, "")
	}
}

// ended badly: the scope failed, was cancelled or ended with a bad word.
func (sc *scope) endedBadly() bool { return badEnd(sc.outcome) }

func badEnd(outcome string) bool { return model.Bad(outcome) || outcome == model.Withdrawn }

// rollsBack reports whether a closing scope undoes what is on its list before it reports.
func (x *decider) rollsBack(sc *scope) bool {
	return sc.endedBadly() && !sc.handsUp && keepsUndo(x.scopeDef(sc).m)
}

// keepsUndo: rollback is not false.
func keepsUndo(m *model.Scope) bool { return m.Rollback == nil || *m.Rollback }

func (c *compDef) keepsUndo() bool {
	if c.body == nil && len(c.branches) == 0 {
		return true
	}
	return keepsUndo(c.scope(0).m)
}

// compRollsBack reports whether a composite with a verdict undoes what its ended instances did before it reports.
func (x *decider) compRollsBack(st *step) bool {
	c := st.comp
	if !badEnd(c.verdict) || !x.def(st).comp.keepsUndo() {
		return false
	}
	return !st.stopped() || !x.takesUndo(st.sc)
}

// takesUndo: the closing scope undoes everything in it in one order, or hands it on to one that does.
func (x *decider) takesUndo(sc *scope) bool {
	return sc.closing && !sc.closed && (sc.handsUp || x.rollsBack(sc))
}

// handsUp decides whether an instance that is cancelled leaves its rollback to what cancels it, so that all is undone
// newest first. An instance with a finally undoes itself, because that runs after its rollback.
func (x *decider) handsUp(sc *scope) bool {
	o := sc.owner
	if o == nil || x.hasFinally(sc) {
		return false
	}
	if o.stopped() && x.takesUndo(o.sc) {
		return true
	}
	return !o.over() && o.comp.verdict != "" && x.compRollsBack(o)
}

// rollBack starts the compensation of what ended last; false where nothing is left.
func (x *decider) rollBack(l *undoList) bool {
	if len(l.recs) == 0 || x.err != nil {
		return false
	}
	if l.sc != nil && l.sc.owner == nil && x.s.status == model.Running {
		x.emit(Op{kind: opStatus, word: string(model.Compensating)})
	}
	last := l.recs[len(l.recs)-1]
	if bug.On(bug.UndoOldest) {
		last = l.recs[0]
	}
	x.compensate(last)
	return true
}

// compensate runs the node that undoes u, in the scope of the step.
func (x *decider) compensate(u *undo) {
	n := x.d.nodes[u.by]
	if n == nil {
		x.park(&model.Error{Code: "unknown_node", Message: "the definition has no node " + u.by + ", which undoes " + u.st.path}, u.st.path)
		return
	}
	run := x.s.nextRun(u.st.sc, u.by)
	x.emit(Op{kind: opStep, path: u.st.sc.stepPath(u.by, run), word: n.m.Type, text: u.st.path})
}

// cleanedUp goes on after a step that cleans up: the next compensation, or the end of the scope.
func (x *decider) cleanedUp(st *step) {
	bad := st.status == model.StepFailed || st.status == model.StepCancelled
	if st.typ == typeFinally {
		if bad {
			x.alarm(st.path, st.failureAs(st.outcome))
		}
		x.emit(Op{kind: opEdges, path: st.path})
		x.tryClosed(st.sc)
		return
	}
	if bad {
		x.park(st.failureAs(st.outcome), st.path)
		return
	}
	l := st.undoes.list
	x.emit(Op{kind: opUndone, path: st.path, text: st.target})
	x.rolledBack(l)
}

// rolledBack goes on with the owner of the list after one step of it was undone.
func (x *decider) rolledBack(l *undoList) {
	if x.err != nil {
		return
	}
	if l.st != nil {
		x.tryFinish(l.st)
		return
	}
	x.tryClosed(l.sc)
}

// compensates: the root scope is being rolled back.
func (s *State) compensates() bool { return s.root != nil && s.root.closing && s.root.undo.now != nil }

// goesOnAs is the status of an execution that is paused or parked no longer.
func (s *State) goesOnAs() model.Status {
	switch {
	case s.begun == 0:
		return model.Pending
	case s.compensates():
		return model.Compensating
	}
	return model.Running
}

// cleanup: the step runs although its scope closes: it undoes another or is the scope's finally.
func (st *step) cleanup() bool { return st.target != "" || st.typ == typeFinally }

// stopped: the step's scope closes and takes it along.
func (st *step) stopped() bool { return (st.sc.closing || st.sc.closed) && !st.cleanup() }
