package live

import (
	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
)

// Apply folds one event. Events that say nothing about the tree are ignored.
func (t *Tree) Apply(ev pawl.Event) {
	switch ev.Type {
	case "started", "begun":
		t.Started, t.Status = ev.At, running
	case "step_scheduled":
		t.step(ev.Step).began = ev.At
	case "attempt_started":
		t.enter(ev, running)
		t.step(ev.Step).attempt = ev.Attempt
	case "attempt_lost":
		t.enter(ev, scheduled)
	case "wait_started", "approval_requested", "callback_awaited":
		t.enter(ev, waiting)
	case "composite_started":
		t.enter(ev, running)
		t.step(ev.Step).total = max(ev.Total, 0)
	case "retry_scheduled":
		t.enter(ev, backoff)
		t.step(ev.Step).failure = ev.Error
	case "step_completed", "step_failed", "step_skipped", "step_cancelled":
		t.endStep(ev)
	case "scope_closed":
		t.closeScope(ev.Step, ev.Error != nil || model.Bad(ev.Outcome))
	case "paused", "parked", "compensating":
		t.Status, t.Failure = ev.Type, ev.Error
	case "resumed":
		t.Status, t.Failure = running, nil
	case "completed", "failed", "cancelled", "terminated":
		t.Status, t.Outcome, t.Failure, t.Ended = ev.Type, ev.Outcome, ev.Error, ev.At
		clear(t.waiting)
	}
}

func (t *Tree) enter(ev pawl.Event, status string) {
	s := t.step(ev.Step)
	s.status, s.until = status, ev.Until
	if s.began.IsZero() {
		s.began = ev.At
	}
}

var ends = map[string]string{
	"step_completed": completed, "step_failed": failed, "step_skipped": skipped, "step_cancelled": cancelled,
}

func (t *Tree) endStep(ev pawl.Event) {
	s := t.step(ev.Step)
	s.status, s.outcome, s.failure, s.ended = ends[ev.Type], ev.Outcome, ev.Error, ev.At
	delete(t.waiting, ev.Step)
}
