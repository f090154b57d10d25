package sim

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// clients start executions and do to them what people do. They keep their own history of what they were told.
type clients struct {
	w       *world
	lastRef uint64
	open    map[uint64]*call // on the way or not answered
	ops     []*op
	starts  map[record.ID]*op
	known   []record.ID // executions that a client asked for or heard of
	// scheduled are the schedules that were asked for.
	scheduled []record.ID
}

// op is one thing a client wants. It is asked for until the answer is known.
type op struct {
	n     int
	cmd   engine.Command
	tries int
	// asked: some member got it. done: the client got an answer that settles it.
	asked, done bool
	// repeat: its id is derived, so others may have started it.
	repeat bool
	// resting: it will be asked for again in a while.
	resting bool
	reply   *engine.Reply
	// safe: repeating it does no harm, because it carries a request id or the id of a signal.
	safe bool
	// then runs once it is settled.
	then func()
}

// glance is one look at the memory of an owner.
type glance struct {
	seq, hash uint64
	timer     int64
}

// call is one op at one member.
type call struct {
	op   *op
	m    *member
	life int
	// saw is what the last look of a view saw; it counts when the reply has come.
	saw *glance
	seq uint64 // that the reply has seen
}

func newClients(w *world) *clients {
	return &clients{w: w, open: map[uint64]*call{}, starts: map[record.ID]*op{}}
}

func (c *clients) ref() uint64 {
	c.lastRef++
	return c.lastRef
}

// begin spreads the starts over the storm.
func (c *clients) begin() {
	if c.w.o.plain {
		c.plainStarts()
		return
	}
	if c.w.r.IntN(3) == 0 && !c.w.o.Calm {
		for range 1 + c.w.r.IntN(3) {
			c.w.after(c.w.upTo(c.w.storm), c.schedule)
		}
	}
	for range c.w.starts {
		c.w.after(c.w.upTo(c.w.storm), c.start)
	}
	c.gathers()
}

// start asks for one execution, and lets things happen to it.
func (c *clients) start() {
	w := c.w
	ref := w.anyWorkflow()
	n := len(c.ops)
	start := &kernel.Start{
		Namespace: ref.Namespace, Workflow: ref.Workflow, Version: ref.Version,
		Input: mustJSON(map[string]any{"op": n}),
	}
	cmd := engine.Command{Verb: shard.Start, Start: start, Digest: uint64(n)}
	slot := uint16(w.r.Uint32())
	if w.r.IntN(2) == 0 {
		start.Key = fmt.Sprintf("k%d", w.r.IntN(w.keys))
		slot = record.KeySlot(record.Key{Namespace: ref.Namespace, Workflow: ref.Workflow, Key: start.Key})
		cmd.Existing = pick(w.r, shard.Return, shard.Refuse, shard.New, shard.Replace)
		if w.r.IntN(2) == 0 {
			cmd.Digest, start.Input = 1, []byte(`{"op":-1}`)
		}
	}
	if w.r.IntN(5) == 0 {
		start.NotBefore = epoch + w.now/1e6 + int64(w.upTo(time.Minute)/time.Millisecond)
	}
	start.ID = record.NewID(epoch+w.now/1e6, w.r.Uint64(), slot)
	cmd.Execution = start.ID
	w.count.starts++
	c.known = append(c.known, start.ID)
	o := &op{n: n, cmd: cmd, safe: true}
	c.starts[start.ID] = o
	switch w.r.IntN(16) {
	case 0:
		c.letter(o)
	case 1:
		c.letters(o)
	default:
		c.ask(o)
	}
	for range w.r.IntN(6) {
		w.after(w.upTo(w.storm/2), c.poke)
	}
}

// poke does something to an execution.
func (c *clients) poke() {
	if c.w.healed || c.w.o.Calm {
		return
	}
	w := c.w
	id := c.known[w.r.IntN(len(c.known))]
	n := len(c.ops)
	o := &op{n: n, cmd: engine.Command{Execution: id, By: "sim"}}
	if w.r.IntN(4) > 0 {
		o.cmd.Request = fmt.Sprintf("r%d", n)
		o.safe = true
	}
	switch w.r.IntN(22) {
	case 0:
		o.cmd.Verb = shard.Cancel
	case 1:
		o.cmd.Verb = shard.Terminate
	case 2, 3:
		o.cmd.Verb = shard.Pause
		o.then = func() { c.w.after(c.w.upTo(time.Minute), func() { c.resume(id) }) }
	case 4:
		o.cmd.Verb = shard.Resume
	case 5:
		c.look(id)
		return
	case 9:
		c.fork(id)
		return
	case 19, 20:
		c.migrate(id)
		return
	case 21:
		c.supplant()
		return
	case 6, 7, 8:
		x := c.asking()
		if x == nil {
			x = w.judge.execs[id]
		}
		if x != nil {
			o.cmd.Execution = x.id
		}
		c.decide(o, x)
		if w.r.IntN(6) == 0 {
			c.letter(o)
			return
		}
	case 10, 11, 12:
		o.cmd.Verb = shard.Operate
		if o.cmd.Operator = c.operator(id); o.cmd.Operator == nil {
			return
		}
	default:
		o.cmd.Verb = shard.Signal
		o.cmd.Signal = &kernel.Signal{Name: pick(w.r, signals...), Data: mustJSON(map[string]any{"op": n})}
		if w.r.IntN(2) == 0 {
			o.cmd.Signal.ID = fmt.Sprintf("s%d", n)
			o.safe = true
		}
		if w.r.IntN(4) == 0 {
			c.letter(o)
			return
		}
	}
	c.ask(o)
}

// fork starts an execution with the state of another, as it is or was.
func (c *clients) fork(id record.ID) {
	w := c.w
	x := w.judge.execs[id]
	if x == nil || x.forgot || x.state.Seq() == 0 {
		return
	}
	var entries []kernel.Entry
	var from []string
	stopping := uint64(0) // an entry that asks a child to end
	for _, en := range w.store.Journal(id, 1, 1<<20) {
		ops, err := kernel.Decode(en.Body[1:])
		if err != nil || en.Checksum() != en.Sum {
			return // the judge tells
		}
		entries = append(entries, kernel.Entry{Seq: en.Seq, At: en.At, Ops: ops})
		if bytes.Contains(en.Body, []byte(`"mail":{"mail":"cancel"`)) || bytes.Contains(en.Body, []byte(`"mail":{"mail":"terminate"`)) {
			stopping = en.Seq
		}
		for _, ev := range kernel.Events(nil, en.Seq, en.At, ops) {
			if ev.Type == "step_scheduled" && w.r.IntN(map[bool]int{true: 2, false: 16}[strings.Contains(ev.Step, "/")]) == 0 {
				from = []string{ev.Step} // maybe in a scope that has ended
			}
		}
	}
	if len(entries) == 0 || entries[0].Seq != 1 {
		return
	}
	upto := uint64(0)
	switch w.r.IntN(4) {
	case 0, 1:
		upto = entries[w.r.IntN(len(entries))].Seq
	case 2:
		upto = stopping // what is being stopped then tells the original only
	}
	f, refused := kernel.NewFork(entries, upto, from, from == nil && w.r.IntN(2) == 0)
	if refused != nil {
		if refused.Code == "journal" {
			w.judge.fail("fork", "%s: %s", id, refused.Message)
		}
		return
	}
	start := f.Start
	start.Fork, start.Key = f, ""
	if w.r.IntN(4) == 0 { // into the other version
		f.Migration = w.migration(engine.DefinitionRef{Namespace: start.Namespace, Workflow: start.Workflow, Version: start.Version})
	}
	start.ID = record.NewID(epoch+w.now/1e6, w.r.Uint64(), uint16(w.r.Uint32()))
	o := &op{n: len(c.ops), safe: true, cmd: engine.Command{Verb: shard.Start, Start: &start, Execution: start.ID, By: "sim"}}
	w.count.starts++
	c.known = append(c.known, start.ID)
	c.starts[start.ID] = o
	c.ask(o)
}

// operator draws what an operator does who has looked at the journal a while ago; nil where there is nothing to see.
func (c *clients) operator(id record.ID) *kernel.Input {
	r, x := c.w.r, c.w.judge.execs[id]
	if x == nil || x.state.Status().Closed() {
		return nil
	}
	var steps, failed, live []kernel.StepView
	for st := range kernel.Steps(x.state) {
		steps = append(steps, st)
		switch {
		case st.Status == model.StepFailed:
			failed = append(failed, st)
		case st.Ended == 0:
			live = append(live, st)
		}
	}
	if len(steps) == 0 {
		return nil
	}
	one := func() *kernel.StepView { return &steps[r.IntN(len(steps))] }
	in := &kernel.Input{Step: one().Path}
	if len(live) > 0 && r.IntN(4) > 0 {
		in.Step = live[r.IntN(len(live))].Path
	}
	switch r.IntN(10) {
	case 0, 1, 2:
		in.Kind, in.To = kernel.InMove, one().Node
		if len(failed) > 0 {
			in.Kind, in.Step = kernel.InRetry, failed[r.IntN(len(failed))].Path
		}
	case 3, 4:
		in.Kind, in.To = kernel.InMove, one().Node
		if r.IntN(3) == 0 {
			in.IfAt = one().Path
		}
	case 5:
		in.Kind = kernel.InSkip
	case 6:
		in.Kind, in.Result = kernel.InComplete, &model.Result{Output: []byte("7")}
	case 7:
		in.Kind, in.To = kernel.InRoute, one().Node
	case 8:
		in.Kind, in.Vars, in.IfSeq = kernel.InVars, []model.Assign{{Var: "v", Op: "add", Value: []byte("1")}}, x.state.Seq()
	default:
		in.Kind = kernel.InFail
		if r.IntN(4) == 0 {
			in.Step = ""
		}
	}
	return in
}

func (c *clients) resume(id record.ID) {
	n := len(c.ops)
	c.ask(&op{n: n, safe: true, cmd: engine.Command{Verb: shard.Resume, Execution: id, Request: fmt.Sprintf("r%d", n)}})
}

// look reads an execution where it lives.
func (c *clients) look(id record.ID) {
	c.ask(&op{n: len(c.ops), safe: true, cmd: engine.Command{Verb: shard.View, Execution: id}})
}

// follow may wait for the end of an execution, or watch it. Who does that asks once and takes what comes.
func (c *clients) follow(id record.ID) {
	switch c.w.r.IntN(6) {
	case 0:
		never := func(*kernel.State, *kernel.Definition) bool { return false }
		c.ask(&op{n: len(c.ops), cmd: engine.Command{Verb: shard.Wait, Execution: id, Look: never}})
	case 1:
		c.ask(&op{n: len(c.ops), cmd: engine.Command{Verb: shard.Watch, Execution: id}})
	}
}

// ask begins an op.
func (c *clients) ask(o *op) {
	c.ops = append(c.ops, o)
	c.try(o)
}

// try hands the op to a member. The client waits some seconds for an answer.
func (c *clients) try(o *op) {
	if o.done {
		return
	}
	o.tries++
	m := c.w.members[c.w.r.IntN(len(c.w.members))]
	if !m.up || m.still {
		c.again(o)
		return
	}
	c.deliver(o, m)
	if c.w.goesWrong(commandTwice) && o.safe {
		c.deliver(o, m)
	}
}

func (c *clients) deliver(o *op, m *member) {
	cmd := o.cmd
	cmd.Ref = c.ref()
	if cmd.Verb == shard.Start {
		s := *o.cmd.Start
		cmd.Start = &s
		cmd.Repeat = (o.asked || o.repeat) && !o.isGather()
	}
	o.asked = true
	c.tellCommand(o, m)
	at := &call{op: o, m: m, life: m.life}
	if cmd.Verb == shard.View {
		cmd.Look = func(s *kernel.State, _ *kernel.Definition) bool {
			at.saw = &glance{s.Seq(), hashOf(kernel.Save(nil, s)), s.NextTimer()}
			return true
		}
	}
	c.open[cmd.Ref] = at
	ref := cmd.Ref
	cmd.Namespace = o.namespace(c.w.judge)
	m.to(c.w.hop(), engine.Commands{List: []engine.Command{cmd}})
	c.w.after(20*time.Second, func() {
		if _, waiting := c.open[ref]; waiting {
			c.unheard(o)
		}
	})
}

// unheard: nobody answered in time. What may be repeated is repeated.
func (c *clients) unheard(o *op) {
	if o.safe {
		c.again(o)
	}
}

func (c *clients) again(o *op) {
	if o.resting {
		return
	}
	o.resting = true
	c.w.after(10*time.Millisecond+c.w.upTo(3*time.Second), func() {
		o.resting = false
		c.try(o)
	})
}

// hear reads replies. One that is lost on the way is not heard, but what it says must be true all the same.
func (c *clients) hear(m *member, r engine.Replies) {
	for i := range r.List {
		reply := r.List[i]
		at := c.open[reply.Ref]
		if at == nil {
			c.w.judge.fail("reply", "member %d answers command %d, which nobody waits for", m.n, reply.Ref)
			return
		}
		delete(c.open, reply.Ref)
		c.w.note("reply", reply.Ref, reply.Seq, "member %d: %s of %s seq %d status %s error %v", m.n, verbName(at.op.cmd.Verb), reply.Execution, reply.Seq, reply.Status, reply.Error)
		c.w.judge.replied(m, at, &reply)
		if c.w.goesWrong(replyLost) {
			c.unheard(at.op)
			continue
		}
		c.settle(at.op, &reply)
	}
}

// settle ends an op unless the answer says: ask again.
func (c *clients) settle(o *op, r *engine.Reply) {
	if o.done {
		return
	}
	if r.Error != nil {
		switch r.Error.Code {
		case shard.CodeNotOwner, shard.CodeStopping, shard.CodeOverloaded:
			c.again(o)
			return
		case shard.CodeUnavailable:
			c.unheard(o)
			return
		case shard.CodeRejected:
			c.sayElse(o)
		case shard.CodeNotFound:
			// The start may be on its way.
		}
	}
	o.done, o.reply = true, r
	c.w.judge.settled(o)
	if o.cmd.Verb == shard.Start && r.Error == nil {
		c.known = append(c.known, r.Execution)
		c.follow(r.Execution)
	}
	if o.then != nil {
		o.then()
	}
}

// memberGone: whoever waited for this process waits in vain.
func (c *clients) memberGone(m *member) {
	for _, ref := range c.openRefs() {
		if at := c.open[ref]; at.m == m {
			delete(c.open, ref)
			c.unheard(at.op)
		}
	}
}

func (c *clients) openRefs() []uint64 { return sortedKeys(c.open) }

// heal lets the clients bring to an end what they began: paused executions go on.
func (c *clients) heal() {
	c.retire()
	for _, x := range c.w.judge.all() {
		if x.state.Status() == model.Paused {
			c.resume(x.id)
		}
	}
	c.everybodyVotes()
}

// waiting is an op that a client still waits for; nil where there is none.
func (c *clients) waiting() *op {
	for _, o := range c.ops {
		if !o.done && o.safe && !c.blocked(o) {
			return o
		}
	}
	return nil
}

// blocks reports whether a start that was sent as a message waits for an operator.
func (c *clients) blocks() bool {
	return slices.ContainsFunc(c.ops, func(o *op) bool { return c.blocked(o) && c.w.judge.execs[o.cmd.Start.ID] == nil })
}

// blocksKey reports whether a start that waits for an operator is before others in the line of a key.
func (c *clients) blocksKey(k record.Key) bool {
	return slices.ContainsFunc(c.ops, func(o *op) bool {
		st := o.cmd.Start
		return st != nil && k == keyOf(st) && c.blocked(o) && c.w.judge.execs[st.ID] == nil
	})
}

// blocked: the start, or one before it in the line of its key, is to replace an execution that may never end by itself:
// it is parked, or waits for a child or a limit of one that is.
func (c *clients) blocked(o *op) bool {
	if o.cmd.Verb != shard.Start || o.cmd.Start.Key == "" {
		return false
	}
	st := o.cmd.Start
	holder := c.w.judge.execs[c.w.judge.openKeys[record.Key{Namespace: st.Namespace, Workflow: st.Workflow, Key: st.Key}]]
	return holder != nil && !holder.state.Status().Closed() && holder.busy(c.w.judge) == ""
}

func verbName(v shard.Verb) string {
	return [...]string{
		shard.Start: "start", shard.Signal: "signal", shard.Cancel: "cancel", shard.Terminate: "terminate", shard.Pause: "pause",
		shard.Resume: "resume", shard.Decide: "decide", shard.Operate: "operate", shard.Callback: "callback", shard.View: "view",
		shard.Wait: "wait", shard.Watch: "watch", shard.Unwatch: "unwatch",
	}[v]
}
