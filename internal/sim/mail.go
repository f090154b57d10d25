package sim

import (
	"fmt"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// letter sends a command through the inbox of the store, as a client does that writes it in a transaction of its own.
// Nobody answers; what the store took in must have its effect once.
func (c *clients) letter(o *op) {
	w := c.w
	msg := c.write(o)
	w.after(w.hop(), func() { c.post(msg) })
	if w.goesWrong(commandTwice) {
		w.after(w.upTo(20*time.Second), func() { c.post(msg) })
	}
}

// letters sends a start and a signal for what it makes in one transaction, while somebody may ask for the execution
// already.
func (c *clients) letters(o *op) {
	w := c.w
	start, n := c.write(o), len(c.ops)
	bring := &op{n: n, cmd: engine.Command{Verb: shard.Signal, Execution: o.cmd.Execution, By: "sim", Signal: &kernel.Signal{
		Name: pick(w.r, signals...), Data: mustJSON(map[string]any{"op": n}),
	}}}
	signal := c.write(bring)
	signal.Namespace = start.Namespace
	if !w.enabled[rowRejected] { // else it may be refused for good
		w.judge.brought[signal.ID] = bring
	}
	if w.r.IntN(2) == 0 {
		w.after(w.hop(), func() { c.look(o.cmd.Execution) })
	}
	w.after(w.hop(), func() { c.post(start, signal) })
}

// write is a command as a message, for which nobody waits.
func (c *clients) write(o *op) record.Message {
	w := c.w
	o.done = true
	o.cmd.Request = fmt.Sprintf("m%d", o.n)
	c.ops = append(c.ops, o)
	body, err := (&shard.Mail{
		Verb: o.cmd.Verb, Request: o.cmd.Request, Start: o.cmd.Start, Existing: o.cmd.Existing, Digest: o.cmd.Digest, Signal: o.cmd.Signal,
		Decision: o.cmd.Decision, By: o.cmd.By,
	}).Encode()
	if err != nil {
		w.judge.fail("mail", "%v", err)
	}
	return record.Message{
		ID: record.MessageID{From: record.NewID(epoch+w.now/1e6, w.r.Uint64(), 0)}, Shard: o.cmd.Execution.Shard(w.shards),
		Namespace: o.namespace(w.judge), To: o.cmd.Execution, At: epoch + w.now/1e6, Body: body,
	}
}

// post appends messages to one shard, and may poke whoever owns it.
func (c *clients) post(list ...record.Message) {
	w := c.w
	if w.readOnly {
		w.after(time.Second+w.upTo(5*time.Second), func() { c.post(list...) })
		return
	}
	for i := range list {
		if m := &list[i]; !w.store.Waits(m.Shard, m.ID) {
			w.judge.sent[m.ID]++
		}
		w.note("mail", uint64(list[i].Shard), 0, "to %s", list[i].To)
	}
	if err := w.store.Send(list); err != nil {
		w.judge.fail("mail", "%v", err)
	}
	if w.r.IntN(2) == 0 {
		w.poke(engine.Poke{Shards: []record.Shard{list[0].Shard}})
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
