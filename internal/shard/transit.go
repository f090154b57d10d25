package shard

import (
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// transit gives e one transition: everything that waits for it becomes one entry of the part under construction.
func (c *Core) transit(e *execution) {
	if e.phase != live || e.def == nil {
		return // activate and Defined come back to it
	}
	c.gather(e)
	e.joins = false
	if len(c.ins) > 0 {
		c.keepShort(e)
		d, err := c.decide(e)
		if err != nil {
			c.breakDown(e, err)
			return
		}
		if len(d.Ops) == 0 && c.ins[0].Kind == kernel.InTick && e.state.NextTimer() <= c.now {
			c.breakDown(e, errDeafTimer)
			return
		}
		if d.Definition != nil {
			c.adopt(e, d.Definition)
		}
		c.stats.Transitions++
		e.due, e.parking = false, false
		c.record(e, &d)
		c.answer(e, &d)
		c.ops = d.Ops[:0]
	}
	if e.state.Seq() == 0 {
		c.unborn(e)
		return
	}
	c.look(e)
	c.settle(e)
	if k := e.key; k != nil && len(k.starts) > 0 && c.holdsOut(k) {
		c.serveKey(k)
	}
}

// errDeafTimer parks an execution that would keep its shard busy for ever.
var errDeafTimer = errors.New("a timer is due and firing it changes nothing")

// gather moves what the next transition takes from the inbox of e to c.ins, with the senders in c.src.
func (c *Core) gather(e *execution) {
	c.ins, c.src = c.ins[:0], c.src[:0]
	if e.goesOn() && !e.parking {
		c.ins = append(c.ins, kernel.Input{Kind: kernel.InContinue})
		c.src = append(c.src, input{})
	}
	size, later, kept := 0, false, e.inbox[:0]
	for i := range e.inbox {
		in := &e.inbox[i]
		later = later || len(c.ins) >= mergedInputs || size >= mergedBytes || e.parking && in.Kind != kernel.InPark
		if later || in.reads() {
			kept = append(kept, *in)
			continue
		}
		size += in.payload()
		c.pending--
		c.bytes -= in.payload()
		c.ins = append(c.ins, in.Input)
		c.src = append(c.src, *in)
	}
	clear(e.inbox[len(kept):])
	e.inbox = kept
	if len(c.ins) == 0 && e.due {
		c.ins = append(c.ins, kernel.Input{Kind: kernel.InTick})
		c.src = append(c.src, input{})
	}
}

// decide asks the kernel. A panic there is an error of this execution and of nothing else.
func (c *Core) decide(e *execution) (d kernel.Decided, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return c.decideBy(e.def.Definition, e.state, c.ins, kernel.Env{Now: c.now, Config: c.cfg.Values, Revision: c.cfg.Revision, Zone: c.cfg.Zone, Bounds: c.cfg.Bounds}, c.ops[:0])
}

// record puts what was decided into the part under construction, with the effects that it holds back.
func (c *Core) record(e *execution, d *kernel.Decided) {
	for i := range c.src {
		if in := &c.src[i]; in.origin == byReport || in.Kind == kernel.InLost || in.Kind == kernel.InReleased {
			e.tasks.drop(kernel.TaskRef{Step: in.Step, Attempt: in.Attempt})
		}
	}
	if len(d.Ops) == 0 {
		return
	}
	if bug.On(bug.TimeBack) {
		d.At = min(d.At, c.now)
	}
	p := c.opened()
	p.addEntry(e, d)
	c.stats.Entries++
	e.hasEntry = true
	if h, ok := c.headAfter(e, d); ok {
		p.addHead(e, h)
	}
	c.keyAfter(e, p, d)
	c.requestsAfter(e, p, d)
	c.sendAfter(e, p, d)
	c.addTrim(e, p, d)
	p.join(e)
	if c.snapshotDue(e) {
		p.addSnapshot(e)
		c.stats.Snapshots++
	}
	c.holdTasks(e, p, d)
	for i := range d.Alarms {
		c.alarm(AlarmExecution, e.id, d.Alarms[i].Error())
	}
	if e.watched {
		p.published = append(p.published, Published{
			Execution: e.id, Seq: d.Seq, At: d.At,
			Events: kernel.Events(nil, d.Seq, d.At, d.Ops), Closed: e.closed(),
		})
	}
}

// serialBits leave room in a serial for the epoch above them, so that no two processes give the same in a shard.
const serialBits = 40

// holdTasks keeps dispatch and cancel of d until p is durable. Pure tasks leave at once.
func (c *Core) holdTasks(e *execution, p *part, d *kernel.Decided) {
	for i := range d.Dispatch {
		p.dispatch = append(p.dispatch, Task{Execution: e.id, Namespace: e.name.Namespace, Workflow: e.name.Workflow, Version: e.name.Version, Task: d.Dispatch[i]})
		t := &p.dispatch[len(p.dispatch)-1]
		if bug.On(bug.DispatchEarly) {
			e.tasks.add(attempt{TaskRef: t.TaskRef})
			c.out.Dispatch = append(c.out.Dispatch, *t)
			continue
		}
		if c.leavesAtOnce(&t.Task) {
			c.serial++
			t.Serial = c.fence.Epoch<<serialBits | c.serial
			c.out.Dispatch = append(c.out.Dispatch, *t)
		}
		e.tasks.add(attempt{TaskRef: t.TaskRef, part: p, serial: t.Serial})
	}
	for _, ref := range d.Cancel {
		p.cancel = append(p.cancel, Attempt{Execution: e.id, Step: ref.Step, Attempt: ref.Attempt, Serial: e.tasks.serial(ref)})
	}
}

// leavesAtOnce reports whether t need not wait for its intent. One that others answer gives its token away, which is an
// effect.
func (c *Core) leavesAtOnce(t *kernel.Task) bool {
	return c.cfg.Pure != nil && !t.Callback && c.cfg.Pure(t)
}

// headAfter is the head to write with the entry of d. Heads are written at birth, at the end, where the status
// changes, where approvals begin or cease to wait, so that an inbox finds them, and where the truth about next_at has become earlier than what is stored (ENGINE 5).
func (c *Core) headAfter(e *execution, d *kernel.Decided) (record.Head, bool) {
	next, status := c.truth(e), e.state.Status()
	if bug.On(bug.NextAtEarly) && next == 0 && !e.goesOn() {
		next = e.state.NextTimer()
	}
	if d.Seq > 1 && next >= e.headNextAt && status == e.headStatus && e.name.Version == e.headVersion && e.headAsks == (e.state.Asks() > 0) && !bug.On(bug.NextAtEarly) {
		return record.Head{}, false
	}
	h := c.head(e, next)
	h.Insert = d.Seq == 1
	return h, true
}

// head makes the head of e and notes it as written.
func (c *Core) head(e *execution, next int64) record.Head {
	var h record.Head
	e.state.Head(&h)
	clean(&h)
	h.Execution, h.NextAt, h.Insert = e.id, next, false
	e.headVersion = h.Version
	e.headNextAt, e.headStatus, e.headSeq = next, e.state.Status(), e.state.Seq()
	e.headAsks, e.headWaiting = e.state.Asks() > 0, h.Waiting
	return h
}

// truth is when the owner of e must look, to be compared with next_at: that of its state, or the end of its retention.
func (c *Core) truth(e *execution) int64 {
	if !e.closed() {
		return e.state.NextAt()
	}
	keep := c.cfg.Retention
	if by, ok := c.cfg.RetentionBy[e.name.Namespace]; ok {
		keep = by
	}
	if e.def != nil && e.def.Retention > 0 {
		keep = e.def.Retention
	}
	if keep < 0 {
		return record.Never
	}
	return max(e.state.At()+keep, e.keptUntil)
}

func (c *Core) snapshotDue(e *execution) bool {
	many := e.state.Seq()-e.snapSeq >= uint64(c.cfg.SnapshotEvery) || e.grown >= snapshotGrown
	return many && e.grown >= 4*e.snapBytes && !e.closed()
}

// answer tells the senders of c.src what became of their inputs, once that is durable.
func (c *Core) answer(e *execution, d *kernel.Decided) {
	next := 0
	for i := range c.src {
		in := &c.src[i]
		var a *kernel.Answer
		if next < len(d.Answers) && d.Answers[next].Input == i {
			a = &d.Answers[next]
			next++
		}
		if a != nil && c.gathersElsewhere(in, a.Error) {
			continue
		}
		switch in.origin {
		case byCommand:
			c.replyTo(e, in, a)
		case byReport:
			c.judge(e, in.ref, verdictOf(a))
		case byMail:
			c.took(e.id, in, a)
		}
	}
}

func verdictOf(a *kernel.Answer) Answer {
	if a != nil && a.Error != nil {
		return Stale
	}
	return Recorded
}

// replyTo answers a command with what the kernel said; a is nil where it said nothing.
func (c *Core) replyTo(e *execution, in *input, a *kernel.Answer) {
	r := Reply{Ref: in.ref, Execution: e.id, Status: e.state.Status(), Seq: e.state.Seq()}
	if a != nil {
		r.Status, r.Error, r.Repeated = a.Status, a.Error, a.Repeated
	}
	r.Existing = in.Kind == kernel.InGather
	c.reply(e, r)
}

// reply holds r back until everything that e shows is durable.
func (c *Core) reply(e *execution, r Reply) {
	if e == nil || e.newest == nil || bug.On(bug.ReplyEarly) {
		c.out.Replies = append(c.out.Replies, r)
		return
	}
	e.newest.replies = append(e.newest.replies, r)
}

// judge answers a report once everything that e shows is durable.
func (c *Core) judge(e *execution, ref uint64, a Answer) {
	v := Verdict{Ref: ref, Answer: a}
	if e == nil || e.newest == nil {
		c.out.Verdicts = append(c.out.Verdicts, v)
		return
	}
	e.newest.verdicts = append(e.newest.verdicts, heldVerdict{v, e.id})
}

// look runs the commands of the inbox that only read, and the waiters.
func (c *Core) look(e *execution) {
	kept := e.inbox[:0]
	for i := range e.inbox {
		in := &e.inbox[i]
		if !in.reads() {
			kept = append(kept, *in)
			continue
		}
		c.pending--
		c.bytes -= in.payload()
		c.read(e, in)
	}
	clear(e.inbox[len(kept):])
	e.inbox = kept
	c.checkWaiters(e)
}

func (c *Core) read(e *execution, in *input) {
	switch in.verb {
	case View:
		c.see(e, in.look)
	case Wait:
		e.waiters = append(e.waiters, waiter{in.ref, in.look})
		return
	case Watch:
		c.watched[e.id], e.watched = true, true
	}
	if in.origin == byMail { // a start that found e
		c.asked[in.mail] = asked{start: true, existing: in.answer == nil}
		c.takeMail(e.id, in.mail, in.answer != nil, &kernel.Answer{Error: in.answer})
		return
	}
	c.reply(e, Reply{Ref: in.ref, Execution: e.id, Status: e.state.Status(), Seq: e.state.Seq(), Existing: in.verb == again, Error: in.answer})
}

// see runs look; a panic in it is a no.
func (c *Core) see(e *execution, look func(*kernel.State, *kernel.Definition) bool) (yes bool) {
	if look == nil {
		return false
	}
	defer func() {
		if recover() != nil {
			yes = false
		}
	}()
	return look(e.state, e.def.kernel())
}

func (c *Core) checkWaiters(e *execution) {
	if len(e.waiters) == 0 {
		return
	}
	kept := e.waiters[:0]
	for _, w := range e.waiters {
		if !c.see(e, w.look) && !e.closed() {
			kept = append(kept, w)
			continue
		}
		c.reply(e, Reply{Ref: w.ref, Execution: e.id, Status: e.state.Status(), Seq: e.state.Seq()})
	}
	clear(e.waiters[len(kept):])
	e.waiters = kept
}

// settle files e where it belongs after a transition or a load.
func (c *Core) settle(e *execution) {
	c.timers.set(e, e.state.NextTimer())
	c.resize(e)
	// While draining, what goes on is left to the next owner: an endless cycle must not keep the shard.
	if len(e.inbox) > 0 || e.goesOn() && !c.draining {
		c.enqueue(e)
		return
	}
	if e.newest == nil {
		c.rested(e)
	}
}

func (c *Core) resize(e *execution) {
	size := 512 + e.state.Size()
	c.bytes += size - e.size
	e.size = size
}

// push gives e an input and a turn.
func (c *Core) push(e *execution, in input) {
	c.stir(e)
	c.pending++
	c.bytes += in.payload()
	e.inbox = append(e.inbox, in)
	c.enqueue(e)
}

// refuse answers everything that waits for e with err. Messages are taken as dead letters.
func (c *Core) refuse(e *execution, list []input, err *model.Error) {
	for i := range list {
		in := &list[i]
		switch in.origin {
		case byCommand:
			c.reply(e, Reply{Ref: in.ref, Execution: e.id, Error: err})
		case byReport:
			c.judge(e, in.ref, Stale)
		case byMail:
			c.took(e.id, in, &kernel.Answer{Error: err})
		}
	}
}

// refuseAll empties the inbox and the waiters of e with err.
func (c *Core) refuseAll(e *execution, err *model.Error) {
	for i := range e.inbox {
		c.pending--
		c.bytes -= e.inbox[i].payload()
	}
	c.refuse(e, e.inbox, err)
	clear(e.inbox)
	e.inbox = e.inbox[:0]
	for _, w := range e.waiters {
		c.reply(e, Reply{Ref: w.ref, Execution: e.id, Error: err})
	}
	clear(e.waiters)
	e.waiters = e.waiters[:0]
}
