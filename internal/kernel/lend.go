package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
)

// An execution whose limits say hold: active gives them back while everything inside it waits, and takes them again
// before anything goes on. Between, what arrives is recorded and starts nothing, as in a pause.

// lent reports whether the execution has given its limits back and not asked for them again.
func (s *State) lent() bool { return s.claims != nil && s.claims.lent && !s.claims.asked }

// gated reports whether nothing may go on because the execution does not hold its limits.
func (s *State) gated() bool { return s.claims != nil && s.claims.lent && !s.claims.all() }

// open reports whether the status is one in which work goes on.
func (s *State) open() bool { return s.status == model.Running || s.status == model.Compensating }

// lend gives the limits of the execution back where everything inside waits, and asks for them again where something
// could go on. It is called at the end of a transition.
func (x *decider) lend() {
	x.outOfTime()
	x.lendInside()
	s := x.s
	if x.err == nil && (s.status == model.Paused || s.status == model.Parked) {
		x.lendSteps()
	}
	if x.err != nil || s.claims == nil || !s.claims.lendable || s.root == nil || s.begun == 0 || s.status == model.Parked {
		return
	}
	switch c := s.claims; {
	case c.all() && !s.more && s.tasks == 0 && (!s.active() || !x.anyReady()):
		x.emit(Op{kind: opLend, n: s.signalSeq})
	case s.lent() && s.open() && (x.anyReady() || x.heard() || x.stirred()):
		x.emit(Op{kind: opClaim, attempt: c.next(), flag: true})
		if x.err == nil {
			x.ask(c, "")
		}
	}
}

// outOfTime ends an execution without its limits whose time is over. What is left to do may be inside of composites,
// which have to ask for theirs, too.
func (x *decider) outOfTime() {
	s := x.s
	if x.err != nil || s.claims == nil || !s.claims.lendable || s.root == nil || s.begun == 0 || !s.gated() || !s.open() {
		return
	}
	if s.deadline > 0 && s.deadline <= x.now && !s.root.closing {
		x.failScope(s.root, &model.Error{Code: model.TimedOut, Message: "the execution ran out of time"})
	}
}

// lendSteps gives back what steps were granted that must not begin because the execution is paused or parked.
func (x *decider) lendSteps() {
	for _, w := range x.s.agenda[x.s.agendaHead:] {
		if w.kind == workClaimed && w.ready() {
			x.emit(Op{kind: opLend, path: w.st.path})
		}
	}
}

// reclaim asks again for what steps gave back in a pause.
func (x *decider) reclaim() {
	var steps []*step
	x.s.eachStep(func(st *step) {
		if c := st.claims; c != nil && c.lent && !c.asked && !st.over() && !st.stopped() && !st.limited() {
			steps = append(steps, st)
		}
	})
	slices.SortFunc(steps, func(a, b *step) int { return compare(a.path, b.path) })
	for _, st := range steps {
		x.emit(Op{kind: opClaim, path: st.path, attempt: st.claims.next()})
		if x.err == nil {
			x.ask(st.claims, st.path)
		}
	}
}

// claimAgain asks for the limits of an execution that begins in the middle: nothing goes on before it holds them.
func (x *decider) claimAgain() {
	if x.d.limits == nil || x.s.start.Body != nil || x.s.root == nil || x.err != nil {
		return
	}
	list, err := x.claimsOf(x.d.limits, x.s.root, "", 0)
	if err != nil {
		x.failScope(x.s.root, errorOf(err, ""))
		return
	}
	x.emit(Op{kind: opClaim, attempt: 1, data: appendClaims(nil, list), hasData: true, flag: true})
	if x.err == nil {
		x.ask(x.s.claims, "")
	}
}

// claimInside asks for the limits of composites that begin in the middle.
func (x *decider) claimInside() {
	var steps []*step
	x.s.eachStep(func(st *step) {
		if st.comp != nil && !st.over() && st.claims == nil && st.status != model.StepBackoff && x.def(st).limits != nil {
			steps = append(steps, st)
		}
	})
	slices.SortFunc(steps, func(a, b *step) int { return compare(a.path, b.path) })
	for _, st := range steps {
		n := x.def(st)
		if x.err != nil || x.s.root == nil || st.over() {
			continue
		}
		list, err := x.claimsOf(n.limits, st.sc, st.path, n.m.Priority)
		if err != nil {
			x.verdict(st, ending{outcome: model.OutcomeErr, err: errorOf(err, st.path)})
			continue
		}
		x.emit(Op{kind: opClaim, path: st.path, attempt: 1, data: appendClaims(nil, list), hasData: true, flag: true})
		if x.err == nil {
			x.ask(st.claims, st.path)
		}
	}
}

// heard reports whether a signal has come since the limits were given back that a step waits for.
func (x *decider) heard() bool {
	for _, k := range x.s.signals {
		if k.n <= x.s.claims.heard {
			continue
		}
		if slices.ContainsFunc(x.s.waiters, func(st *step) bool { return st.waitsFor(k.name) }) {
			return true
		}
	}
	return false
}

// stirred reports whether something changed on which a condition waits. After a pause everything may have, and a copy of
// another execution may have nothing left to do but to end.
func (x *decider) stirred() bool {
	if bug.On(bug.LentUnasked) {
		return false // seeded: only what came is looked at
	}
	if slices.ContainsFunc(x.s.whens, func(st *step) bool { return x.woken || x.touches(st, x.changed) }) {
		return true
	}
	ends := false
	if x.woken {
		x.s.eachScope(func(sc *scope) { ends = ends || !sc.closing && !sc.closed && sc.idle() })
	}
	return ends
}

// regained goes on with an execution that holds its limits again: what came meanwhile is looked at now.
func (x *decider) regained() {
	if x.s.root == nil || !x.s.active() || x.s.begun == 0 {
		return
	}
	x.wake()
}
