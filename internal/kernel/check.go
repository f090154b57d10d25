package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// The auditor compares who holds a limit with the steps that live (I19, I20). Limits and steps are executions of their
// own, so it asks the other side with a message, and that one answers only where the two do not agree. Messages of a
// sender stay in order, so what is still on its way is never taken for a difference.

// CodeLimitLost and CodeLimitLeaked say what an audit of limits has found.
const (
	CodeLimitLost   = "limit_lost"   // a step believed to hold or to wait for a limit that did not know of it
	CodeLimitLeaked = "limit_leaked" // a place of a limit belonged to a step that is gone
)

// byAudit marks the release of a place that nobody has any more, and what a claimant believes in a MailCheck.
const (
	byAudit     = "audit"
	checksHeld  = "held"
	checksWaits = "waits"
)

// Checks lists the questions of an audit of limits, at most n: of a limit about those who hold it, those after the place
// from; of any other execution about what it holds or waits for. last is the place to go on from, 0 for none.
func (s *State) Checks(from int64, n int) (list []Mail, last int64) {
	if s.root == nil && s.limit == nil || s.status.Closed() {
		return nil, 0
	}
	if s.limit != nil {
		for _, h := range s.limit.sorted() {
			if h.order <= from {
				continue
			}
			if len(list) == n {
				return list, last
			}
			list, last = append(list, Mail{Kind: MailCheck, To: h.execution, From: s.start.ID, Step: h.step, Attempt: h.attempt}), h.order
		}
		return list, 0
	}
	for _, c := range s.Claims() {
		if len(list) == n {
			break
		}
		m := Mail{Kind: MailCheck, To: c.Limit, From: s.start.ID, Step: c.Step, Attempt: c.Attempt, Outcome: checksWaits}
		if c.Held {
			m.Outcome = checksHeld
		}
		list = append(list, m)
	}
	return list, 0
}

// Checked answers the question m of an audit; false where both sides agree. s is who was asked, nil where it is gone.
func Checked(s *State, m *Mail) (a Mail, differs bool) {
	a = Mail{To: m.From, From: m.To, Step: m.Step, Attempt: m.Attempt}
	if m.Outcome == "" {
		a.Kind, a.Outcome = MailRelease, byAudit
		return a, s == nil || !s.claimsFrom(m)
	}
	a.Kind = MailLost
	if s == nil || s.limit == nil {
		return a, true
	}
	who := claimant{m.From, m.Step}
	if h := s.limit.holders[who]; h != nil && h.attempt == m.Attempt {
		a.Kind = MailGrant // where it still waits, it has not heard
		return a, m.Outcome == checksWaits
	}
	h := s.limit.places[who]
	return a, m.Outcome == checksHeld || h == nil && s.limit.rule.rate == 0 // a rate is spent when it is granted
}

// claimsFrom reports whether the step holds or wants the limit that asks.
func (s *State) claimsFrom(m *Mail) bool {
	if s.status.Closed() {
		return false
	}
	list := s.Claims()
	for _, c := range list {
		if bug.On(bug.AuditHasty) && slices.ContainsFunc(list, func(o ClaimView) bool { return o.Step == c.Step && !o.Held }) {
			continue // seeded: it waits for a further limit
		}
		if c.Limit == m.From && c.Step == m.Step && c.Attempt == m.Attempt {
			return true
		}
	}
	return false
}

// Queues reports whether somebody waits for the limit that s is.
func (s *State) Queues() bool { return s.limit != nil && len(s.limit.line) > 0 }

// leaked takes the place of a step that is gone off the limit, and says so.
func (x *decider) leaked(who claimant, attempt int) {
	if h := x.s.limit.at(who); h == nil || h.attempt != attempt {
		return // its own release has come meanwhile
	}
	x.released(who, attempt, byAudit)
	x.alarm("", &model.Error{Code: CodeLimitLeaked, Message: "step " + who.step + " of execution " + who.execution.String() + " is over and had not given back the limit " + x.s.limit.title()})
}

// lostLimit tells a step that the limit does not know of it: one that waits asks again, one that believes to hold the limit
// makes room, and an execution takes its limits anew before anything goes on.
func (x *decider) lostLimit(st *step, c *claims, m *Mail) {
	waits := c.waits() && x.limitAt(c, c.got) == m.From
	if !waits && !x.holdsFrom(c, m.From) {
		return
	}
	err := &model.Error{Code: CodeLimitLost, Step: m.Step, Message: "a limit did not know of the step, which waits for it; it asks again"}
	if !waits {
		err.Message = "the step ran without a place of its limit"
	}
	x.alarm(m.Step, err)
	switch {
	case x.err != nil:
	case waits:
		x.ask(c, m.Step)
	case st != nil:
		x.yield(st, m)
	default:
		x.emit(Op{kind: opLend, n: x.s.signalSeq})
		x.emit(Op{kind: opClaim, attempt: c.next(), flag: true})
		if x.err == nil {
			x.ask(c, "")
		}
	}
}

func (x *decider) holdsFrom(c *claims, limit record.ID) bool {
	for i := range c.got {
		if c.list[i].wish.rate == 0 && x.limitAt(c, i) == limit {
			return true
		}
	}
	return false
}
