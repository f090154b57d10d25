package shard

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// again is the verb of a start that found its execution or key taken: it only reads. It follows the public verbs.
const again = Unwatch + 1

// Command takes a client's command. Exactly one Reply follows, in a later Ready.
func (c *Core) Command(now int64, cmd Command) {
	c.now = now
	if err := c.admit(&cmd); err != nil {
		c.out.Replies = append(c.out.Replies, Reply{Ref: cmd.Ref, Execution: cmd.Execution, Error: err})
		return
	}
	if cmd.Verb == Start {
		c.start(start{Command: cmd, origin: byCommand})
		return
	}
	if cmd.Verb == Unwatch {
		c.unwatch(&cmd)
		return
	}
	c.deliver(cmd.Execution, commandInput(&cmd))
}

// admit checks the bounds of admission.
func (c *Core) admit(cmd *Command) *model.Error {
	switch {
	case cmd.Verb < Start || cmd.Verb > Unwatch || cmd.Verb == Start && (cmd.Start == nil || cmd.Start.ID != cmd.Execution):
		return &model.Error{Code: CodeInvalid, Message: "the command is incomplete"}
	case !cmd.whole():
		return &model.Error{Code: CodeInvalid, Message: "the command lacks what it is about"}
	case cmd.Verb == Operate && (cmd.Operator == nil || !cmd.Operator.Kind.Operator()):
		return &model.Error{Code: CodeInvalid, Message: "the command says not what to do"}
	case c.draining && cmd.Verb == Start:
		return &model.Error{Code: CodeStopping, Message: "the engine is stopping"}
	}
	if cmd.Verb != Start && len(c.loads) >= c.cfg.MaxPending && c.execs[cmd.Execution] == nil {
		return overloaded("too many executions wait to be read")
	}
	if why := c.crowded(cmd); why != "" {
		return overloaded(why)
	}
	return nil
}

// whole reports whether a command that is an input of the kernel has what that needs.
func (cmd *Command) whole() bool {
	switch cmd.Verb {
	case Signal:
		return cmd.Signal != nil
	case Decide:
		return cmd.Decision != nil
	case Callback:
		return cmd.Callback != nil
	}
	return true
}

func overloaded(why string) *model.Error {
	yes := true
	return &model.Error{Code: CodeOverloaded, Message: why + "; try again later", Retryable: &yes, RetryAfter: 1000}
}

// deliver brings in to an execution, which is loaded if it is not in memory.
func (c *Core) deliver(id record.ID, in input) {
	if c.lateFor(id, &in) {
		return
	}
	e := c.execs[id]
	if e == nil {
		e = c.enter(id)
		c.wantLoad(e)
	}
	if e.phase == held {
		c.heldInput(e, in)
		return
	}
	c.push(e, in)
}

// enter makes a place for an execution that is not in memory.
func (c *Core) enter(id record.ID) *execution {
	e := &execution{id: id, watched: c.watched[id], fresh: true}
	c.execs[id] = e
	c.wakes.drop(id)
	return e
}

func commandInput(cmd *Command) input {
	in := input{
		Input:  kernel.Input{Request: cmd.Request, By: cmd.By, Why: cmd.Why, Signal: cmd.Signal, Decision: cmd.Decision, Shift: cmd.Shift, Callback: cmd.Callback, Step: cmd.Task.Step, Attempt: cmd.Task.Attempt},
		origin: byCommand, ref: cmd.Ref, verb: cmd.Verb, look: cmd.Look,
	}
	in.Kind = kindOf(cmd.Verb)
	if cmd.Verb == Operate {
		in.Input = *cmd.Operator
		in.Request, in.By, in.Why = cmd.Request, cmd.By, cmd.Why
	}
	return in
}

func kindOf(v Verb) kernel.InputKind {
	switch v {
	case Signal:
		return kernel.InSignal
	case Cancel:
		return kernel.InCancel
	case Terminate:
		return kernel.InTerminate
	case Pause:
		return kernel.InPause
	case Resume:
		return kernel.InResume
	case Decide:
		return kernel.InDecide
	case Callback:
		return kernel.InCallback
	}
	return 0
}

// Forget drops a waiting command whose sender has gone.
func (c *Core) Forget(now int64, id record.ID, ref uint64) {
	c.now = now
	e := c.execs[id]
	if e == nil {
		return
	}
	e.waiters = slices.DeleteFunc(e.waiters, func(w waiter) bool { return w.ref == ref })
	e.inbox = slices.DeleteFunc(e.inbox, func(in input) bool {
		gone := in.ref == ref && in.verb == Wait && in.origin == byCommand
		if gone {
			c.pending--
			c.bytes -= in.payload()
		}
		return gone
	})
	if e.phase == live && e.def != nil {
		c.stir(e)
		c.settle(e)
	}
}

// unwatch ends a watch; it needs no execution in memory.
func (c *Core) unwatch(cmd *Command) {
	delete(c.watched, cmd.Execution)
	if e := c.execs[cmd.Execution]; e != nil {
		e.watched = false
	}
	c.out.Replies = append(c.out.Replies, Reply{Ref: cmd.Ref, Execution: cmd.Execution})
}
