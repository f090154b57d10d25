package sim

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/record"
)

// auditBit marks the questions and answers of an audit of limits, which are asked again when an execution rests again.
const auditBit = 1 << 30

// answerBit marks the id of an answer: that of the question with this bit.
const answerBit = 1 << 31

// ends: what asks an execution to end is taken after what makes it (I16, ENGINE 6).
func (j *judge) ends(asked record.MessageID) {
	if id, ok := j.cancels[asked]; ok && j.execs[id] == nil {
		j.early[id] = "the message that asks it to end"
	}
}

// bringTaken: a signal that was sent with the start of its execution is taken when it is in the journal (I12), unless the
// execution never is, or has ended before.
func (j *judge) bringTaken(id record.MessageID) {
	o := j.brought[id]
	if o == nil {
		return
	}
	delete(j.brought, id)
	x := j.execs[o.cmd.Execution]
	switch {
	case x == nil:
		j.early[o.cmd.Execution] = "a signal that was sent with its start"
	case x.signals[o.n] == 0 && !x.state.Status().Closed():
		j.fail("I12", "%s: the signal of op %d was sent with its start, and taken without a trace", x.id, o.n)
	}
}

// mailed keeps the conservation of messages: what leaves in a part was said by an entry in it, or answers a message
// that the part takes, and what an entry says leaves with it.
func (j *judge) mailed(p *record.Part) {
	left := map[record.MessageID]bool{}
	said := map[record.MessageID]uint32{} // how many of an entry, with N 0
	for i := range p.Sends {
		m, err := kernel.DecodeMail(p.Sends[i].Body)
		if err == nil && ofLimit(m.Kind) {
			j.limitMail(m)
			continue
		}
		if err == nil && (m.Kind == kernel.MailCancel || m.Kind == kernel.MailTerminate) {
			j.cancels[p.Sends[i].ID] = m.To
		}
		id := p.Sends[i].ID
		left[id] = true
		if id.N&answerBit == 0 {
			said[record.MessageID{From: id.From, Seq: id.Seq}]++
		}
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		x := j.execs[e.Execution]
		if n, want := said[record.MessageID{From: e.Execution, Seq: e.Seq}], x.sends[e.Seq]; n < want || n > want && !x.unsaid[e.Seq] {
			j.fail("I12", "%s: entry %d says %d messages and %d leave with it", e.Execution, e.Seq, want, n)
		}
	}
	//archtest:ordered deletes only
	for id := range left {
		if id.N&answerBit == 0 && said[record.MessageID{From: id.From, Seq: id.Seq}] > 0 {
			delete(left, id)
		}
	}
	for _, id := range p.Takes {
		id.N |= answerBit
		delete(left, id)
	}
	//archtest:ordered any of them is a violation
	for id := range left {
		j.fail("I12", "message %s/%d/%d leaves and nothing in its part says so", id.From, id.Seq, id.N)
	}
}
