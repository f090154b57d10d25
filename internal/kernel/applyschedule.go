package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/record"
)

func (s *State) applyToSchedule(o *Op) error {
	if s.schedule == nil {
		s.schedule = &schedule{}
	}
	h := s.schedule
	switch o.kind {
	case opSchedule:
		h.workflow, h.name, h.retired = o.name, o.word, o.flag
		if o.hasData {
			s.bytes += len(o.data) - len(h.raw)
			h.raw, h.conf = o.data, nil
		}
	case opDue:
		h.next, h.due = o.n, o.due
	case opQueue:
		h.queue = append(h.queue, pendingTick{o.n, o.name})
	case opTick:
		return s.applyTick(h, o)
	case opEnded:
		h.running = slices.DeleteFunc(h.running, func(r scheduled) bool { return r.execution.String() == o.text })
	}
	return nil
}

// applyTick folds a verdict. What waited in the queue under its nominal time does not any more.
func (s *State) applyTick(h *schedule, o *Op) error {
	times := int64(max(o.attempt, 1))
	switch o.word {
	case tickStarted:
		id, err := record.ParseID(o.text)
		if err != nil {
			return err
		}
		h.started += times
		h.running = append(h.running, scheduled{id, o.n, s.at})
	case tickSkipped:
		h.skipped += times
	case tickMissed:
		h.missed += times
	case tickRefused:
		h.refused += times
	}
	if o.word != tickRefused {
		h.unqueue(o)
	}
	if h.recent = append(h.recent, tick{o.n, o.until, o.attempt, o.word, o.name, o.text, o.err}); len(h.recent) > recentTicks {
		h.recent = slices.Delete(h.recent, 0, 1)
	}
	return nil
}

func (h *schedule) unqueue(o *Op) {
	for i, p := range h.queue {
		if p.nominal == o.n && (o.word != tickStarted || p.how == o.name) {
			h.queue = slices.Delete(h.queue, i, i+1)
			return
		}
	}
}
