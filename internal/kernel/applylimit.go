package kernel

import (
	"container/heap"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/record"
)

// placeBytes is about what a place of a limit takes.
const placeBytes = 200

func (s *State) applyToLimit(o *Op) error {
	if s.limit == nil {
		s.limit = newLimit()
	}
	l := s.limit
	if o.kind == opLimit {
		l.applyRule(o)
		return nil
	}
	id, err := record.ParseID(o.text)
	if err != nil {
		return err
	}
	who := claimant{id, o.path}
	switch o.kind {
	case opPlace:
		l.order++
		l.joined(&hold{claimant: who, attempt: o.attempt, weight: int(o.n), priority: int(o.until), order: l.order, since: s.at})
		s.bytes += placeBytes
	case opGrant:
		return s.applyGrant(l, who)
	case opYield:
		if h := l.holders[who]; h != nil {
			h.yielding = true
		}
	case opFree:
		if o.flag {
			l.depart(departed{who, o.attempt})
			break
		}
		s.applyFree(l, who)
	}
	return nil
}

func (l *limit) applyRule(o *Op) {
	if o.name != "" {
		l.name, l.key = o.name, o.word
		return
	}
	r := rule{concurrency: int(o.n), rate: o.attempt, per: o.until}
	if l.rule.rate > 0 && r.rate > 0 {
		l.spent = l.spent / int64(l.rule.rate) * int64(r.rate)
	} else {
		l.spent = 0
	}
	l.rule, l.fixed = r, o.flag
}

func (s *State) applyGrant(l *limit, who claimant) error {
	h := l.places[who]
	if h == nil {
		return fmt.Errorf("%s %q is not in line", who.execution, who.step)
	}
	delete(l.places, who)
	heap.Remove(&l.line, h.at)
	if l.rule.rate > 0 {
		l.spent = max(l.spent, s.at*int64(l.rule.rate)) + l.rule.per*int64(h.weight)
		s.bytes -= placeBytes
		return nil // a rate is spent, not held
	}
	h.since = s.at
	l.holders[who] = h
	l.used += h.weight
	return nil
}

func (l *limit) depart(d departed) {
	if l.early = append(l.early, d); len(l.early) > mostEarly {
		l.early = slices.Delete(l.early, 0, len(l.early)-mostEarly)
	}
}

func (s *State) applyFree(l *limit, who claimant) {
	if h := l.holders[who]; h != nil {
		delete(l.holders, who)
		l.used -= h.weight
		s.bytes -= placeBytes
		return
	}
	if h := l.places[who]; h != nil {
		delete(l.places, who)
		heap.Remove(&l.line, h.at)
		s.bytes -= placeBytes
	}
}
