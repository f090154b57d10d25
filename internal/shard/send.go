package shard

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// sendAfter puts the messages of a transition into the part of its entry. They leave when that is durable.
func (c *Core) sendAfter(e *execution, p *part, d *kernel.Decided) {
	for i := range d.Sends {
		c.send(p, e.id, e.name.Namespace, record.MessageID{From: e.id, Seq: d.Seq, N: uint32(i)}, &d.Sends[i])
	}
}

// answered marks the message that answers another: its id is that of the question with this bit, so that a question is
// answered once however often it is taken.
const answered = 1 << 31

// answerMail tells the sender of q, who waits, what became of it. id is the execution whose rows the answer belongs to.
func (c *Core) answerMail(id record.ID, namespace string, asked record.MessageID, q *kernel.Mail, version string, err *model.Error) {
	asked.N |= answered
	a := kernel.Mail{Kind: kernel.MailAnswer, To: q.From, From: id, Step: q.Step, Attempt: q.Attempt, Version: version, Error: err}
	c.send(c.opened(), id, namespace, asked, &a)
}

// neverWas tells a parent that hears only of the end of its children that one could not be made.
func (c *Core) neverWas(id record.ID, l *letter, err *model.Error) {
	n := l.id
	n.N |= answered
	a := kernel.Mail{Kind: kernel.MailEnded, To: l.From, From: l.Start.ID, Step: l.Step, Attempt: l.Attempt, Status: model.Failed, Outcome: model.OutcomeErr, Error: err}
	c.send(c.opened(), id, l.namespace, n, &a)
}

// send appends one message to p, for the execution id.
func (c *Core) send(p *part, id record.ID, namespace string, n record.MessageID, m *kernel.Mail) {
	from := len(p.arena)
	p.arena = m.Encode(p.arena)
	body := p.arena[from:len(p.arena):len(p.arena)]
	p.Sends = append(p.Sends, record.Message{
		ID: n, Shard: record.Shard(int(m.Home(namespace)) % c.cfg.Shards), Namespace: namespace, To: m.To, At: c.now, Body: body,
	})
	p.sendsFor = append(p.sendsFor, id)
	p.bytes += len(body)
	c.stats.Sends++
}
