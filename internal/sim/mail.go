package sim

import (
	"fmt"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// letter sends a command through the inbox of the store, as a client does that writes it in a transaction of its own.
// Nobody answers; what the store took in must have its effect once.
func (c *clients) letter(o *op) {
	w := c.w
	o.done = true // nobody waits
	o.cmd.Request = fmt.Sprintf("m%d", o.n)
	c.ops = append(c.ops, o)
	body, err := (&shard.Mail{
		Verb: o.cmd.Verb, Request: o.cmd.Request, Start: o.cmd.Start, Existing: o.cmd.Existing, Digest: o.cmd.Digest, Signal: o.cmd.Signal,
		Decision: o.cmd.Decision, By: o.cmd.By,
	}).Encode()
	if err != nil {
		w.judge.fail("mail", "%v", err)
		return
	}
	msg := record.Message{
		ID: record.MessageID{From: record.NewID(epoch+w.now/1e6, w.r.Uint64(), 0)}, Shard: o.cmd.Execution.Shard(w.shards),
		Namespace: o.namespace(w.judge), To: o.cmd.Execution, At: epoch + w.now/1e6, Body: body,
	}
	w.after(w.hop(), func() { c.post(msg) })
	if w.goesWrong(commandTwice) {
		w.after(w.upTo(20*time.Second), func() { c.post(msg) })
	}
}

// post appends the message, and may poke whoever owns the shard.
func (c *clients) post(msg record.Message) {
	w := c.w
	if w.readOnly {
		w.after(time.Second+w.upTo(5*time.Second), func() { c.post(msg) })
		return
	}
	if !w.store.Waits(msg.Shard, msg.ID) {
		w.judge.sent[msg.ID]++
	}
	w.note("mail", uint64(msg.Shard), 0, "to %s", msg.To)
	if err := w.store.Send([]record.Message{msg}); err != nil {
		w.judge.fail("mail", "%v", err)
	}
	if w.r.IntN(2) == 0 {
		w.poke(engine.Poke{Shards: []record.Shard{msg.Shard}})
	}
}

// forwarded appends what members send each other.
func (c *clients) forwarded(list []record.Message) error {
	for i := range list {
		if m := &list[i]; !c.w.store.Waits(m.Shard, m.ID) {
			c.w.judge.sent[m.ID]++
		}
	}
	return c.w.store.Send(list)
}

// namespace is the one that a command belongs to.
func (o *op) namespace(j *judge) string {
	if o.cmd.Start != nil {
		return o.cmd.Start.Namespace
	}
	if x := j.execs[o.cmd.Execution]; x != nil {
		return x.namespace()
	}
	return namespaces[0]
}
