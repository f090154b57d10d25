package kernel

import (
	"slices"
)

// leave lets a scope that has ended go, or keeps it where steps in it may have to be undone. What is left to undo goes
// to the composite around it, or to that one's scope where the composite has ended already.
func (s *State) leave(sc *scope) {
	if sc.pins == 0 {
		s.bytes -= sc.bytes
		return
	}
	s.kept[sc.path] = sc
	owner := sc.owner
	switch {
	case !owner.over():
		sc.undo.handOver(&owner.comp.undo)
	case owner.undo != nil || owner.undone || owner.cleanup():
		s.dropUndo(&sc.undo)
	default:
		owner.sc.undo.sc = owner.sc
		sc.undo.handOver(&owner.sc.undo)
	}
}

// passOn gives what is left to undo inside a composite that ends to its scope. Where the composite itself can be undone,
// or undoes another step, its list was for nothing.
func (s *State) passOn(st *step) {
	if len(st.comp.undo.recs) == 0 {
		return
	}
	if st.undo != nil || st.cleanup() {
		s.dropUndo(&st.comp.undo)
		return
	}
	st.sc.undo.sc = st.sc
	st.comp.undo.handOver(&st.sc.undo)
}

// pin keeps the step of u, and the scopes and composites around it, as long as it may have to be undone.
func (s *State) pin(u *undo) {
	s.undos++
	u.st.undo, u.st.pins = u, u.st.pins+1
	for sc := u.st.sc; sc.owner != nil; sc = sc.parent {
		sc.pins++
		sc.owner.pins++
	}
}

// unpin lets go of what only u kept.
func (s *State) unpin(u *undo) {
	s.undos--
	u.st.undo = nil
	u.st.pins--
	u.st.release()
	for sc := u.st.sc; sc.owner != nil; sc = sc.parent {
		sc.pins--
		sc.owner.pins--
		if sc.pins == 0 && sc.closed {
			delete(s.kept, sc.path)
			s.bytes -= sc.bytes
		}
		sc.owner.release()
	}
}

// release forgets a step that a later one of its node replaced, once nothing refers to it.
func (st *step) release() {
	if st.pins > 0 || st.comp != nil && st.comp.live > 0 || len(st.sc.former) == 0 {
		return
	}
	st.sc.former = slices.DeleteFunc(st.sc.former, func(o *step) bool { return o == st })
}

// add puts records on a list, in order of ending.
func (l *undoList) add(recs ...*undo) {
	for _, u := range recs {
		u.list = l
		i := len(l.recs)
		for i > 0 && l.recs[i-1].n > u.n {
			i--
		}
		l.recs = slices.Insert(l.recs, i, u)
	}
}

// handOver moves all records of l to another list.
func (l *undoList) handOver(to *undoList) {
	to.add(l.recs...)
	l.recs = nil
}

// dropUndo forgets what is on the list: something else undoes it, or nobody does.
func (s *State) dropUndo(l *undoList) {
	for _, u := range l.recs {
		s.unpin(u)
	}
	l.recs = nil
}

func (s *State) applyUndo(st *step, o *Op) {
	s.undoSeq = o.n
	u := &undo{st: st, by: o.name, n: o.n, with: st.task}
	if st.comp != nil {
		s.dropUndo(&st.comp.undo)
	}
	st.sc.undo.sc = st.sc
	st.sc.undo.add(u)
	s.pin(u)
}

// applyUndone notes that the step which st undoes is undone.
func (s *State) applyUndone(st *step) {
	u := st.undoes
	st.follow()
	u.st.undone, st.undoes = true, nil
	u.st.sc.undoing = nil
	u.list.now = nil
	u.list.recs = slices.DeleteFunc(u.list.recs, func(o *undo) bool { return o == u })
	s.unpin(u)
}

// begin notes that st undoes another step.
func (u *undo) begin(st *step) {
	st.undoes = u
	u.list.now = st
	u.st.sc.undoing = u
}
