package kernel

import "github.com/pawl-dev/pawl/model"

// work is one thing that is ready to be decided. The agenda holds it in order; an item is done when the operation
// that answers it has been applied, so that live and replay drop the same items. Once done it stays done, wherever on the
// agenda it is: a step that has its turn again is pushed again, and a snapshot holds what is still to be done alone.
type work struct {
	kind workKind
	st   *step
	turn int32
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
	s.agenda = append(s.agenda, work{kind, st, st.turns[kind.counter()]})
}

// refill puts a composite on the agenda that may open another instance; where it may not, what stands there for it is
// done.
func (s *State) refill(st *step) {
	if !st.comp.room() {
		st.turns[workFill.counter()]++
		return
	}
	s.push(workFill, st)
}

// answered: what stands on the agenda to begin st, or to go on with it, is done.
func (st *step) answered() { st.turns[workRun.counter()]++ }

// counter is which of the counters of a step tells items of this kind that are done from those that are not.
func (k workKind) counter() int {
	switch k {
	case workFill:
		return 1
	case workFollow:
		return 2 // is followed but once
	default:
		return 0
	}
}

// ready reports whether w is still to be done.
func (w work) ready() bool {
	st := w.st
	if st.stopped() || w.turn != st.turns[w.kind.counter()] {
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
