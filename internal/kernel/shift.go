package kernel

import "github.com/pawl-dev/pawl/model"

// shift is by how much the timers move when a pause ends: not at all, or by as long as it took. A parked execution is
// not paused: its timers went on.
func (x *decider) shift(in *Input, was model.Status) int64 {
	if !in.Shift || was != model.Paused {
		return 0
	}
	return max(x.now-x.s.since, 0)
}

// shiftTimers moves every timer of the execution by d milliseconds.
func (s *State) shiftTimers(d int64) {
	later := func(t *int64) {
		if *t > 0 {
			*t += d
		}
	}
	later(&s.deadline)
	later(&s.start.NotBefore)
	for i := range s.signals {
		later(&s.signals[i].expires)
	}
	s.eachScope(func(sc *scope) { later(&sc.grace) })
	s.eachStep(func(st *step) {
		later(&st.due)
		later(&st.deadline)
		for i := range st.arms {
			later(&st.arms[i].due)
		}
	})
	s.timers = nil
	s.collectTimers()
}
