package kernel

// timerKind says what a timer is about.
type timerKind uint8

const (
	timerDue      timerKind = iota + 1 // of a step: wait, back-off, delay, cancel grace
	timerDeadline                      // of a step: its timeout
	timerGrace                         // of a closing scope
	timerBegin                         // of a pending execution
	timerEnd                           // the execution's timeout
)

type timer struct {
	due  int64
	kind timerKind
	st   *step
	sc   *scope
}

func (t *timer) wanted(s *State) bool {
	switch t.kind {
	case timerDue:
		return t.st.due == t.due && !t.withheld(s) && (!t.st.sc.closed || t.st.cleanup()) && !(t.st.over() && (t.st.followed || t.st.stopped()))
	case timerDeadline:
		decided := t.st.comp != nil && t.st.comp.verdict != "" || t.st.away != nil && t.st.away.late
		return t.st.deadline == t.due && !t.st.over() && !decided && !t.st.stopped()
	case timerGrace:
		return t.sc.grace == t.due && !t.sc.closed && t.sc.outs > 0
	case timerBegin:
		return s.begun == 0 && s.start.NotBefore == t.due && s.claims == nil
	default:
		return s.deadline == t.due && !s.status.Closed() && !s.root.closing
	}
}

func (t *timer) path() string {
	if t.st != nil {
		return t.st.path
	}
	if t.sc != nil {
		return t.sc.path
	}
	return ""
}

func (t *timer) before(o *timer) bool {
	if t.due != o.due {
		return t.due < o.due
	}
	if p, q := t.path(), o.path(); p != q {
		return p < q
	}
	return t.kind < o.kind
}

func (s *State) addTimer(t timer) {
	h := append(s.timers, t)
	s.timers = h
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !h[i].before(&h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

// nextTimer is the earliest wanted timer; nil where there is none. The timers are a binary heap by (due, path,
// kind); those whose owner no longer wants them are dropped when they come to the front.
func (s *State) nextTimer() *timer {
	for len(s.timers) > 0 {
		if s.timers[0].wanted(s) {
			return &s.timers[0]
		}
		if t := &s.timers[0]; t.kind == timerDeadline && !t.st.over() {
			t.st.unarmed = true // a composite that is tried again wants it back
		}
		s.popTimer()
	}
	return nil
}

func (s *State) popTimer() {
	h := s.timers
	n := len(h) - 1
	h[0] = h[n]
	h[n] = timer{}
	h = h[:n]
	s.timers = h
	i := 0
	for {
		c := 2*i + 1
		if c >= n {
			return
		}
		if c+1 < n && h[c+1].before(&h[c]) {
			c++
		}
		if !h[c].before(&h[i]) {
			return
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
}
