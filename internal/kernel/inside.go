package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
)

// A composite whose limits say hold: active gives them back while everything inside it waits, like an execution
// (lend.go). What arrives inside is recorded: a wait ends, an answer is taken. What would go on from there stays on the
// agenda until the limits are held again.

// limited reports whether st is a composite that runs under limits.
func (st *step) limited() bool {
	return st.claims != nil && st.comp != nil && !st.over() && st.status != model.StepBackoff
}

// gives reports whether st has given its limits back and does not hold all of them again.
func (st *step) gives() bool { return st.limited() && st.claims.lent && !st.claims.all() }

// around calls do for the composites around a scope, from the inside out.
func around(sc *scope, do func(*step)) {
	for ; sc != nil && sc.owner != nil; sc = sc.parent {
		do(sc.owner)
	}
}

// gate is the outermost composite around sc that does not hold its limits; nil where there is none.
func gate(sc *scope) (out *step) {
	around(sc, func(st *step) {
		if st.gives() {
			out = st
		}
	})
	return out
}

// gate is the composite that w has to wait for.
func (w work) gate() *step {
	if bug.On(bug.LentGoesOn) {
		return nil // seeded: what is inside goes on without the limits
	}
	out := gate(w.st.sc)
	if out == nil && w.kind == workFill && w.st.gives() {
		out = w.st
	}
	return out
}

// restless reports whether the timer begins something, instead of noting that something is over, and has to wait.
func (t *timer) restless() bool {
	return t.kind == timerDue && (t.st.status == model.StepBackoff || t.st.over())
}

// withheld reports whether the timer must not fire because a composite around its step asks for its limits. It is set
// again once they are held.
func (t *timer) withheld(s *State) bool {
	if s.lenders == nil || !t.restless() {
		return false
	}
	if bug.On(bug.OuterGateOnly) {
		g := gate(t.st.sc) // seeded: one inside of it may ask
		return g != nil && g.claims.asked
	}
	return asksAround(t.st)
}

// tasksInside counts an attempt that begins, or ends, for the composites around it.
func (s *State) tasksInside(sc *scope, n int) {
	if s.lenders != nil {
		around(sc, func(st *step) { st.inside += n })
	}
}

// lender notes that st has limits that it may give back, or does not hold yet.
func (s *State) lender(st *step) {
	if st.composite() && (st.claims.lendable || st.claims.lent) && !slices.Contains(s.lenders, st) {
		s.lenders = append(s.lenders, st)
	}
}

// rearm sets the timers of what is inside st again: those that were withheld are not on the heap any more.
func (s *State) rearm(st *step) {
	for _, sc := range st.comp.scopes {
		s.rearmScope(sc)
	}
	for _, sc := range s.kept { // sorted: a heap has an order of its own
		around(sc, func(owner *step) {
			if owner == st {
				s.rearmScope(sc)
			}
		})
	}
}

func (s *State) rearmScope(sc *scope) {
	all := slices.Clone(sc.former)
	for i := range sc.nodes {
		all = append(all, sc.nodes[i].step)
	}
	for _, st := range all {
		if st.due > 0 {
			s.addTimer(timer{due: st.due, kind: timerDue, st: st})
		}
		if st.comp != nil {
			for _, in := range st.comp.scopes {
				s.rearmScope(in)
			}
		}
	}
}

// notLender forgets a step that has ended.
func (s *State) notLender(st *step) {
	if i := slices.Index(s.lenders, st); i >= 0 {
		s.lenders = slices.Delete(s.lenders, i, i+1)
		if len(s.lenders) == 0 {
			s.lenders = nil
		}
	}
}

// relinkLenders finds the composites with limits that they may give back, and what runs inside them.
func (s *State) relinkLenders() {
	s.eachStep(func(st *step) {
		if !st.over() && st.claims != nil {
			s.lender(st)
		}
	})
	if s.lenders == nil {
		return
	}
	slices.SortFunc(s.lenders, func(a, b *step) int { return compare(a.path, b.path) })
	s.eachStep(func(st *step) {
		if st.out {
			s.tasksInside(st.sc, 1)
		}
	})
}

// lendInside gives back the limits of composites in which everything waits, and asks again for those of composites in
// which something could go on: of the outermost first, since nothing inside goes on without them.
func (x *decider) lendInside() {
	s := x.s
	if x.err != nil || s.lenders == nil || s.root == nil || s.more || s.status == model.Parked {
		return
	}
	ready := map[*step]bool{}
	for _, w := range s.agenda[s.agendaHead:] {
		if !w.ready() {
			continue
		}
		around(w.st.sc, func(st *step) { ready[st] = true })
		ready[w.st] = ready[w.st] || w.kind == workFill
	}
	if t := s.nextTimer(); t != nil && t.due <= x.now { // the execution does not hold its own limits
		for i := range s.timers {
			if t := &s.timers[i]; t.due <= x.now && t.restless() && t.wanted(s) {
				around(t.st.sc, func(st *step) { ready[st] = true })
			}
		}
	}
	lenders := slices.Clone(s.lenders)
	slices.SortFunc(lenders, func(a, b *step) int { return compare(a.path, b.path) })
	for _, st := range lenders {
		switch c := st.claims; {
		case x.err != nil || c == nil || !st.limited():
		case c.lendable && c.all() && st.inside == 0 && (!s.open() || !ready[st] && !keeps(st)):
			x.emit(Op{kind: opLend, path: st.path})
		case ready[st] && s.open() && gate(st.sc) == nil:
			x.reclaimInside(st)
		}
	}
}

// asksAround reports whether a composite around st stands in line for its limits: something inside is to go on then, and
// st keeps what it has got, or the two would give up in turn what the other waits for.
func asksAround(st *step) (yes bool) {
	around(st.sc, func(out *step) { yes = yes || out.gives() && out.claims.asked })
	return yes
}

// keeps reports whether st does not give its limits back although everything inside waits.
func keeps(st *step) bool { return asksAround(st) && !bug.On(bug.LendsInTurn) }

// reclaimInside asks again for the limits of a composite that gave them back.
func (x *decider) reclaimInside(st *step) {
	if !st.gives() || st.claims.asked || x.err != nil {
		return
	}
	x.emit(Op{kind: opClaim, path: st.path, attempt: st.claims.next(), flag: true})
	if x.err == nil {
		x.ask(st.claims, st.path)
	}
}

// gateTimer asks for the limits of a composite in which a timer that is due begins something. false: it may.
func (x *decider) gateTimer(t *timer) bool {
	if x.s.lenders == nil || !t.restless() {
		return false
	}
	g := gate(t.st.sc)
	if g == nil {
		return false
	}
	x.reclaimInside(g)
	return true
}

// turnedInside ends a composite that does not get its limits back. What it has to clean up asks again.
func (x *decider) turnedInside(st *step, err *model.Error) {
	x.emit(Op{kind: opLend, path: st.path})
	switch {
	case x.err != nil:
	case st.comp.verdict == "":
		x.verdict(st, ending{outcome: model.OutcomeErr, err: err})
	default:
		x.park(err, st.path)
	}
}

// Lent lists the composites that have given limits back and do not hold all of them again, in order of path.
func (s *State) Lent() (paths []string) {
	for _, st := range s.lenders {
		if st.gives() {
			paths = append(paths, st.path)
		}
	}
	slices.Sort(paths)
	return paths
}
