package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/model"
)

func (s *State) applyWait(st *step, o *Op) {
	st.began = true
	st.status, st.since, st.fresh = model.StepWaiting, s.at, o.n
	st.arms = make([]arm, len(o.arms))
	due, signals, when := int64(0), false, false
	for i, a := range o.arms {
		st.arms[i].armSpec = a
		if a.due > 0 && (due == 0 || a.due < due) {
			due = a.due
		}
		signals = signals || a.signal != ""
		when = when || a.when
	}
	s.setDue(st, due)
	s.setStepDeadline(st, o.due)
	if signals {
		s.waiters = append(s.waiters, st)
	}
	if when {
		s.whens = append(s.whens, st)
	}
}

// unwait takes an ended step off the lists of those that wait.
func (s *State) unwait(st *step) {
	if st.cb != nil || st.status != model.StepWaiting && (st.comp == nil || st.arms == nil) {
		return
	}
	same := func(o *step) bool { return o == st }
	s.waiters = slices.DeleteFunc(s.waiters, same)
	s.whens = slices.DeleteFunc(s.whens, same)
	if st.ballot != nil {
		s.asks = slices.DeleteFunc(s.asks, same)
		st.ballot.askSpec = askSpec{} // who decided is still told to those who come late
		for i := range st.ballot.votes {
			st.ballot.votes[i].form = nil
		}
	}
}

func (s *State) applySignal(o *Op) {
	s.signalSeq = o.n
	s.signals = append(s.signals, keptSignal{n: o.n, name: o.name, data: rawValue(o.data), at: s.at, expires: o.until})
	s.bytes += len(o.data)
	if o.req == "" {
		return
	}
	s.seen = append(s.seen, o.req)
	if drop := len(s.seen) - seenSignals; drop > 0 {
		s.seen = slices.Delete(s.seen, 0, drop)
	}
}

// seenSignals is how many ids of signals an execution remembers.
const seenSignals = 10_000

func (s *State) dropSignal(n int64) (keptSignal, bool) {
	i := slices.IndexFunc(s.signals, func(k keptSignal) bool { return k.n == n })
	if i < 0 {
		return keptSignal{}, false
	}
	k := s.signals[i]
	s.signals = slices.Delete(s.signals, i, i+1)
	return k, true
}

func (s *State) applyTook(st *step, o *Op) {
	k, ok := s.dropSignal(o.n)
	if ok && o.attempt < len(st.arms) {
		st.arms[o.attempt].got = append(st.arms[o.attempt].got, k)
	}
}

// applyPutBack puts a signal that an arm took back to the kept ones, in its place among them.
func (s *State) applyPutBack(st *step, o *Op) {
	if o.attempt < 0 || o.attempt >= len(st.arms) {
		return
	}
	a := &st.arms[o.attempt]
	i := slices.IndexFunc(a.got, func(k keptSignal) bool { return k.n == o.n })
	if i < 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(s.signals, o.n, func(k keptSignal, n int64) int { return int(min(max(k.n-n, -1), 1)) })
	s.signals = slices.Insert(s.signals, at, a.got[i])
	a.got = slices.Delete(a.got, i, i+1)
}

// output is the data of the signal the arm took, or the list of them where it counts; null for a time or condition.
func (a *arm) output() *value {
	switch {
	case a.signal == "":
		return nil
	case a.count > 1:
		parts := make([]*value, len(a.got))
		for i := range a.got {
			parts[i] = a.got[i].data
		}
		return listValue(parts, nil)
	case len(a.got) > 0:
		return a.got[0].data
	}
	return nil
}
