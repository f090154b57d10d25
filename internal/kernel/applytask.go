package kernel

import "github.com/pawl-dev/pawl/model"

func (s *State) applyBackoff(st *step, o *Op) {
	s.landed(st)
	st.answered()
	switch {
	case o.flag:
		st.queues = true
	case st.awaits(): // so journals of before have it: it takes its place at once
		st.sc.running++
	}
	st.cb = st.cb.retried(st.attempt)
	s.unclaim(st.claims, st.path)
	if st.claims != nil {
		st.claims.lent = false
	}
	st.status, st.since, st.err = model.StepBackoff, s.at, o.err
	st.doubt = st.doubt || st.comp == nil && doubtful(o.err)
	if st.away != nil {
		st.away.open = false
	}
	for int(o.n) >= len(st.tries) {
		st.tries = append(st.tries, 0)
	}
	st.tries[o.n]++
	s.setDue(st, o.until)
}

func (s *State) applyLost(st *step, o *Op) {
	s.landed(st)
	st.answered()
	s.unclaim(st.claims, st.path)
	st.status, st.since, st.err, st.lost = model.StepBackoff, s.at, o.err, o.attempt
	if !o.flag {
		st.losses++
		st.doubt = true
	}
	s.setDue(st, s.at)
}

// landed: the attempt of st is with nobody any more.
func (s *State) landed(st *step) {
	if !st.out {
		return
	}
	st.out = false
	s.tasks--
	s.tasksInside(st.sc, -1)
	if !st.cleanup() {
		st.sc.outs--
	}
}
