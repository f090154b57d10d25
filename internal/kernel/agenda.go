package kernel

import "github.com/pawl-dev/pawl/model"

// work is one thing that is ready to be decided. The agenda holds it in order; an item is done when the operation
// that answers it has been applied, so that live and replay drop the same items.
type work struct {
	kind workKind
	st   *step
}

type workKind uint8

const (
	workRun     workKind = iota + 1 // run a scheduled step
	workFollow                      // follow the edges of an ended step
	workFill                        // open instances of a composite
	workClaimed                     // go on with a step that holds its limits
	workAgain                       // the next attempt of a step in back-off, which waited for a place
)

func (s *State) push(kind workKind, st *step) {
	if s.agendaHead > 64 && s.agendaHead > len(s.agenda)/2 {
		n := copy(s.agenda, s.agenda[s.agendaHead:])
		clear(s.agenda[n:])
		s.agenda, s.agendaHead = s.agenda[:n], 0
	}
	s.agenda = append(s.agenda, work{kind, st})
}

// ready reports whether w is still to be done.
func (w work) ready() bool {
	st := w.st
	if st.stopped() {
		return false
	}
	switch w.kind {
	case workRun:
		return !st.over() && !st.began && !st.queued && !st.claims.waits()
	case workFollow:
		return st.over() && !st.followed
	case workClaimed:
		return !st.over() && st.claims.all() && !st.out && !st.queued && (st.away == nil || !st.away.open) && (st.comp == nil || st.status == model.StepBackoff)
	case workAgain:
		return !st.over() && st.status == model.StepBackoff && st.due == 0 && !st.queued && !st.claims.waits()
	default:
		return !st.over() && st.comp != nil && st.comp.room()
	}
}

// nextWork drops what is done from the front and returns the first item that is not, and that need not wait for limits.
func (s *State) nextWork() (work, bool) {
	for s.agendaHead < len(s.agenda) && !s.agenda[s.agendaHead].ready() {
		s.agenda[s.agendaHead] = work{}
		s.agendaHead++
	}
	if s.agendaHead == len(s.agenda) {
		s.agenda, s.agendaHead = s.agenda[:0], 0
		return work{}, false
	}
	if s.lenders == nil {
		return s.agenda[s.agendaHead], true
	}
	for _, w := range s.agenda[s.agendaHead:] {
		if w.ready() && w.gate() == nil {
			return w, true
		}
	}
	return work{}, false
}
