package sim

import (
	"github.com/pawl-dev/pawl/record"
)

// answerBit marks the id of an answer: that of the question with this bit.
const answerBit = 1 << 31

// mailed keeps the conservation of messages: what leaves in a part was said by an entry in it, or answers a message
// that the part takes, and what an entry says leaves with it.
func (j *judge) mailed(p *record.Part) {
	left := map[record.MessageID]bool{}
	for i := range p.Sends {
		left[p.Sends[i].ID] = true
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		for n := range j.execs[e.Execution].sends[e.Seq] {
			id := record.MessageID{From: e.Execution, Seq: e.Seq, N: n}
			if !left[id] {
				j.fail("I12", "%s: message %d of entry %d does not leave with it", e.Execution, n, e.Seq)
			}
			delete(left, id)
		}
		if !j.execs[e.Execution].unsaid[e.Seq] {
			continue
		}
		for n := range p.Sends {
			if id := p.Sends[n].ID; id.From == e.Execution && id.Seq == e.Seq && id.N&answerBit == 0 {
				delete(left, id)
			}
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
