package pawl

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// ForkOption goes with [Engine.Fork] and [Engine.Rerun]: [From], [AtSeq], [Version], [Rename], [Plan], and what goes with
// any command.
type ForkOption = CommandOption

type (
	fromOption  []string
	atSeqOption uint64
)

func (o fromOption) command(c *commandOptions)  { c.from = append(c.from, o...) }
func (o atSeqOption) command(c *commandOptions) { c.upto = uint64(o) }

// From names steps, by path, that a fork or a rerun runs again, with all that came after them.
func From(steps ...string) ForkOption { return fromOption(steps) }

// AtSeq makes a fork begin as the original was after that entry.
func AtSeq(seq uint64) ForkOption { return atSeqOption(seq) }

// Fork starts a new execution with the state of the execution id, as it is now or was at [AtSeq]: steps that have ended
// keep their results, but for those [From] and what came after them, which run again. What was running in the original
// begins anew in the fork, with idempotency keys of its own, and timers are moved by the time that has passed. An
// execution that has closed is taken as it was just before it began to close.
//
// With a [Version] the fork goes on with that one, where nothing stands in the way: see [Engine.Migrate].
//
// The fork has no key. It has the tag fork_of, the original's id, by which [Engine.List] finds it, and
// [Execution].ForkOf. What happened inside scopes that have ended is not copied, but their results are. The exception is
// a step [From] which it is to begin: its scope is open again, the composites around it go on, and the instances that were
// cancelled when they ended go on, too. Where that cannot be, the answer is [CodeScopeEnded].
func (e *Engine) Fork(ctx context.Context, id string, opts ...ForkOption) (*Run, error) {
	return e.fork(ctx, id, false, opts)
}

// Rerun starts a closed execution again under the same key: a [Engine.Fork] from its failed steps, or from those that
// [From] names. Of a composite that failed these are the steps inside that made it fail, where their scopes can be opened
// again, else the composite as a whole. An execution that is still open answers [CodeOpen]: retry or move what it waits at.
func (e *Engine) Rerun(ctx context.Context, id string, opts ...ForkOption) (*Run, error) {
	return e.fork(ctx, id, true, opts)
}

// CodeOpen refuses a rerun of an execution that is open, and CodeNothingFailed one from failed steps where none failed.
const (
	CodeOpen          = "open"
	CodeNothingFailed = "nothing_failed"
	// CodeElsewhere refuses a fork as of an entry at which items of a foreach run as children.
	CodeElsewhere = "waits_elsewhere"
	// CodeScopeEnded refuses a fork from a step in a scope that cannot be opened again; the message says why.
	CodeScopeEnded = "scope_ended"
)

func (e *Engine) fork(ctx context.Context, id string, rerun bool, opts []ForkOption) (*Run, error) {
	x, err := e.parseID(id)
	if err != nil {
		return nil, err
	}
	o := e.commandOptions(opts)
	if err := o.check(); err != nil {
		return nil, err
	}
	if rerun {
		if err := e.wantClosed(ctx, id); err != nil {
			return nil, err
		}
	}
	entries, err := e.entries(ctx, x, o.upto)
	if err != nil {
		return nil, err
	}
	f, refusal := kernel.NewFork(entries, o.upto, o.from, rerun && len(o.from) == 0)
	if refusal != nil {
		return nil, refused(refusal)
	}
	if o.version != "" && o.version != f.Start.Version {
		if f.Migration, err = e.migration(ctx, f.Start.Workflow, o.version, o.renames); err != nil {
			return nil, err
		}
	}
	c := e.forkCommand(f, rerun, &o)
	if o.plan != nil {
		return nil, e.foreseeFork(ctx, &c, &o)
	}
	r, err := e.do(ctx, c)
	if err != nil {
		return nil, err
	}
	return &Run{eng: e, id: r.Execution, existing: r.Existing}, nil
}

// forkCommand is the start of a fork. A repeated request finds the fork under an id made of the request.
func (e *Engine) forkCommand(f *kernel.Fork, rerun bool, o *commandOptions) engine.Command {
	now := time.Now().UnixMilli()
	start := f.Start
	start.Fork, start.Parent = f, record.ID{}
	slot, random := e.slot(), rand.Uint64()
	c := engine.Command{Verb: shard.Start, Start: &start, Request: o.request, By: o.by, Why: o.why}
	if !rerun {
		start.Key = ""
	}
	if start.Key != "" {
		slot = record.KeySlot(record.Key{Namespace: start.Namespace, Workflow: start.Workflow, Key: start.Key})
		c.Existing, c.Digest = shard.New, digest(start.Input)
	}
	if o.request != "" {
		// After its original, so that a bulk which goes from new to old does not find what it makes.
		now, random, c.Repeat = f.Of.Millis()+1, digest([]byte(`"`+f.Of.String()+" "+o.request+`"`)), true
	}
	start.ID = record.NewID(now, random, slot)
	if o.request != "" && start.Key == "" {
		start.ID = record.NewID(now, random, f.Of.Slot())
	}
	c.Execution = start.ID
	return c
}

func (e *Engine) wantClosed(ctx context.Context, id string) error {
	p, err := e.List(ctx, Filter{IDPrefix: id, Limit: 1})
	switch {
	case err != nil:
		return err
	case len(p.Executions) == 0:
		return notFound("there is no execution %s", id)
	case !p.Executions[0].Closed():
		return &Error{Code: CodeOpen, Message: "the execution is " + string(p.Executions[0].Status) + "; retry or move what it waits at, or fork it"}
	}
	return nil
}

// foreseeFork says what a fork would keep and run again.
func (e *Engine) foreseeFork(ctx context.Context, c *engine.Command, o *commandOptions) error {
	d, err := e.backend.Get(ctx, c.Start.Namespace, c.Start.Workflow, c.Start.Version)
	if err != nil {
		return wrapStore("the workflow "+c.Start.Workflow+" "+c.Start.Version, err)
	}
	def, err := engine.Compile(d.Body)
	if err != nil {
		return &Error{Code: CodeStore, Message: "the definition of " + c.Start.Workflow + " " + c.Start.Version, Cause: err}
	}
	in := kernel.Input{Kind: kernel.InStart, Start: c.Start, By: o.by, Why: o.why}
	p, err := kernel.ForeseeFork(def, in, e.env())
	if err != nil {
		return &Error{Code: CodeStore, Message: "the fork cannot be tried out", Cause: err}
	}
	*o.plan = previewOf(&p)
	return nil
}
