package kernel

import (
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
)

// ending is how a scope ends: an outcome with an output (as the fields of op name it) or an error.
type ending struct {
	outcome string
	err     *model.Error
	output  []byte
	has     bool
	from    string
	refs    []inref
}

func (e *ending) put(o *Op) {
	o.word, o.err, o.data, o.hasData, o.text, o.refs = e.outcome, e.err, e.output, e.has, e.from, e.refs
}

// give takes a rendered output.
func (e *ending) give(r *rendered) {
	e.output, e.has, e.from, e.refs = r.raw, r.from == "", r.from, r.refs
}

// failScope ends a scope in error.
func (x *decider) failScope(sc *scope, err *model.Error) {
	x.closeScope(sc, ending{outcome: model.OutcomeErr, err: err})
}

// closeScope ends a scope: everything live in it is cancelled; once the cancelled tasks have answered or the grace has
// passed it undoes what it has to, runs its finally and is closed.
func (x *decider) closeScope(sc *scope, how ending) {
	if sc.closing || sc.closed || x.err != nil {
		return
	}
	undoes := len(sc.undo.recs) > 0 && badEnd(how.outcome) && keepsUndo(x.scopeDef(sc).m)
	if sc.live == 0 && sc.leftovers == 0 && !undoes && !x.hasFinally(sc) {
		o := Op{kind: opClosed, path: sc.path}
		how.put(&o)
		x.emit(o)
		x.afterClosed(sc)
		return
	}
	o := Op{kind: opClose, path: sc.path, flag: how.outcome == model.Withdrawn && x.handsUp(sc)}
	if sc.live > 0 || sc.leftovers > 0 {
		o.until = x.now + x.bounds.CancelGrace
	}
	how.put(&o)
	x.emit(o)
	for i := 0; i < len(sc.nodes); i++ {
		st := sc.nodes[i].step
		x.cancelStep(st)
		if st.over() && st.comp != nil {
			x.closeInstances(st)
		}
	}
	for _, st := range slices.Clone(sc.former) {
		if st.comp != nil {
			x.closeInstances(st)
		}
	}
	x.tryClosed(sc)
}

// cancelStep cancels a live step of a closing scope.
func (x *decider) cancelStep(st *step) {
	switch {
	case st.over() || st.cleanup() || x.err != nil:
	case st.out:
		x.askCancel(st, false, 0)
	case x.recall(st, "", false):
	case st.comp != nil && st.comp.undo.now != nil: // it is being undone and ends by itself; what ran on beside that does not
		x.closeInstances(st)
	case st.comp != nil && st.status == model.StepBackoff: // nothing is live in it; what it did is handed up
		x.endWithdrawn(st)
	case st.comp != nil && (st.comp.live > 0 || len(st.comp.undo.recs) > 0):
		if st.comp.verdict == "" {
			x.emit(Op{kind: opVerdict, path: st.path, word: model.Withdrawn})
		}
		x.closeInstances(st)
		x.tryFinish(st)
	default:
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepCancelled), word: model.Withdrawn, flag: st.attempt > 0 && st.task != nil || st.leftEffects()}, st)
	}
}

// askCancel tells the executor of an outstanding attempt to stop.
func (x *decider) askCancel(st *step, withdraw bool, until int64) {
	if st.asked != 0 {
		return
	}
	x.emit(Op{kind: opCancel, path: st.path, flag: withdraw, until: until})
	x.out.Cancel = append(x.out.Cancel, TaskRef{Step: st.path, Attempt: st.attempt})
}

// closeInstances closes what runs of a composite.
func (x *decider) closeInstances(st *step) {
	x.recallKids(st)
	open := append([]*scope(nil), st.comp.scopes...)
	for _, sc := range open {
		x.closeScope(sc, ending{outcome: model.Withdrawn})
	}
}

// tryClosed goes on with a closing scope in which nothing is live any more: rollback, finally, end.
func (x *decider) tryClosed(sc *scope) {
	if !sc.closing || sc.closed || sc.live > 0 || sc.leftovers > 0 || sc.undo.now != nil || x.err != nil {
		return
	}
	if x.rollsBack(sc) && x.rollBack(&sc.undo) || x.runFinally(sc) {
		return
	}
	x.emit(Op{kind: opClosed, path: sc.path, word: sc.outcome})
	x.afterClosed(sc)
}

func (x *decider) afterClosed(sc *scope) {
	if x.err != nil {
		return
	}
	if sc.owner == nil {
		x.endExecution(sc)
		return
	}
	x.instanceEnded(sc)
}

// endExecution is the last transition of an execution.
func (x *decider) endExecution(root *scope) {
	status := model.Completed
	switch root.outcome {
	case model.OutcomeErr:
		status = model.Failed
	case model.Withdrawn:
		status = model.Cancelled
	}
	x.endWith(status, root.outcome, root.err)
}

func (x *decider) endWith(status model.Status, outcome string, err *model.Error) {
	for len(x.s.signals) > 0 && x.err == nil && !bug.On(bug.SignalForgotten) {
		k := x.s.signals[0]
		x.emit(Op{kind: opUndelivered, n: k.n, name: k.name})
	}
	x.tellEnd(status, outcome, err)
	o := Op{kind: opEnd, word: string(status), name: outcome, err: err}
	x.emit(o)
}

// maybeEnd ends a scope by itself: nothing is live and every edge is decided.
func (x *decider) maybeEnd(sc *scope) {
	if x.err != nil || sc.closing || sc.closed || x.s.root == nil || x.d.entity != 0 {
		return
	}
	if sc.held != nil && sc.live > 0 {
		x.lastTokens(sc)
	}
	if !sc.idle() {
		return
	}
	if sc.held != nil {
		x.failScope(sc, sc.held)
		return
	}
	how := ending{outcome: model.Success}
	sd := x.scopeDef(sc)
	if sd.output != nil {
		x.in(sc, sc.path+"/output")
		r, err := x.render(sd.output)
		if err != nil {
			x.park(errorOf(err, sc.path), "")
			return
		}
		how.give(&r)
	} else {
		x.defaultOutput(sc, sd, &how)
	}
	x.closeScope(sc, how)
}

// defaultOutput: a graph that cannot fork gives its last step's output, any other a map from each completed end node
// to its output.
func (x *decider) defaultOutput(sc *scope, sd *scopeDef, how *ending) {
	if !sd.g.CanFork {
		if sc.last != nil && sc.last.output != nil {
			how.from = "out:" + sc.last.path
		}
		return
	}
	for _, i := range sd.sinks {
		rec := sc.ran(sd.nodes[i].m.ID)
		if rec != nil && rec.step.status == model.StepCompleted {
			how.refs = append(how.refs, inref{written(rec.name), "out:" + rec.step.path})
		}
	}
	slices.SortFunc(how.refs, func(a, b inref) int { return strings.Compare(a.key, b.key) })
	if how.refs == nil {
		how.output, how.has = []byte("{}"), true
	}
}
