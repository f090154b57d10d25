package engine

import (
	"context"
	"time"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// noteOwned publishes the shards that the machine owns, where they have changed.
func (l *Loop) noteOwned() {
	if l.machine.moved {
		l.machine.moved = false
		list := l.machine.Owned()
		l.owned.Store(&list)
	}
}

// Owned are the shards that this member owned a moment ago. Not to be changed.
func (l *Loop) Owned() []record.Shard {
	if list := l.owned.Load(); list != nil {
		return *list
	}
	return nil
}

// What another member owns is read from the store: that has everything which is durable, and nothing else may be told.

const (
	followSoon = 20 * time.Millisecond // between looks at an execution that is waited for, at first
	followSlow = 500 * time.Millisecond
	followPage = 256
	// followAll is how many looks find nothing before the execution is read anew: it may have been removed.
	followAll = 10
)

// followed reports whether the reply to c says that it has to be answered from the store.
func (l *Loop) followed(c *Command, r *Reply) bool {
	return l.opts.Machine.Forward && c.Verb >= shard.View && r.Error != nil && r.Error.Code == shard.CodeNotOwner
}

// Look runs c.Look once on what the store has of the execution, and asks no owner.
func (l *Loop) Look(ctx context.Context, c Command) (Reply, error) {
	c.Verb = shard.View
	return l.follow(ctx, &c)
}

// follow answers a command that looks.
func (l *Loop) follow(ctx context.Context, c *Command) (Reply, error) {
	if c.Verb == shard.Unwatch {
		return Reply{Execution: c.Execution}, nil
	}
	f, def, fault, err := l.readOne(ctx, c.Execution)
	pause, idle := followSoon, 0
	for {
		if err != nil || fault != nil {
			return Reply{Execution: c.Execution, Error: fault}, err
		}
		s := f.State()
		if c.Verb == shard.Watch || c.Look(s, def) || c.Verb == shard.View || s.Status().Closed() {
			return Reply{Execution: c.Execution, Status: s.Status(), Seq: s.Seq()}, nil
		}
		if err := sleepFor(ctx, l.done, pause); err != nil {
			return Reply{}, err
		}
		more, journalErr := l.backend.Journal(ctx, c.Execution, s.Seq()+1, followPage)
		switch {
		case journalErr != nil: // the store may come back: ctx says how long to wait
			pause = followSlow
		case len(more) > 0 && f.Add(more) == nil:
			pause, idle = followSoon, 0
		case len(more) > 0 || idle >= followAll:
			f, def, fault, err = l.readOne(ctx, c.Execution)
			idle = 0
		default:
			idle++
			pause = min(pause*3/2, followSlow)
		}
	}
}

// sleepFor waits; the error is that of ctx, or why the loop has ended.
func sleepFor(ctx context.Context, done <-chan struct{}, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-done:
		return ErrStopped
	}
}

// readOne reads one execution and its definition, which is nil where it is missing. fault is for the caller of a command.
func (l *Loop) readOne(ctx context.Context, id record.ID) (f *shard.Follower, def *kernel.Definition, fault *model.Error, err error) {
	list, err := l.backend.Load(ctx, id.Shard(l.opts.Machine.Shards), []record.ID{id})
	if err != nil {
		if ctx.Err() != nil {
			return nil, nil, nil, ctx.Err()
		}
		return nil, nil, &model.Error{Code: shard.CodeUnavailable, Message: "the execution cannot be read: " + err.Error()}, nil
	}
	if len(list) == 0 {
		return nil, nil, &model.Error{Code: shard.CodeNotFound, Message: "there is no such execution"}, nil
	}
	loaded := shard.Loaded(list[0])
	f, err = shard.Follow(&loaded)
	if err != nil && shard.NeedsWhole(err) {
		if loaded.Entries, err = l.whole(ctx, id); err == nil {
			loaded.Snapshot = nil
			f, err = shard.Follow(&loaded)
		}
	}
	if err != nil {
		return nil, nil, &model.Error{Code: shard.CodeQuarantined, Message: err.Error()}, nil
	}
	h := &loaded.Head
	return f, l.definition(ctx, DefinitionRef{Namespace: h.Namespace, Workflow: h.Workflow, Version: h.Version}), nil, nil
}

// whole reads all that is left of a journal.
func (l *Loop) whole(ctx context.Context, id record.ID) (all []record.Entry, err error) {
	for from := uint64(1); ; {
		page, err := l.backend.Journal(ctx, id, from, followPage)
		if err != nil || len(page) == 0 {
			return all, err
		}
		all = append(all, page...)
		from = page[len(page)-1].Seq + 1
	}
}

// definition is the compiled version; nil where it cannot be read.
func (l *Loop) definition(ctx context.Context, ref DefinitionRef) *kernel.Definition {
	if b := kernel.Builtin(ref.Workflow); b != nil {
		return b
	}
	if d, ok := l.defs.Load(ref); ok {
		return d.(*kernel.Definition)
	}
	d := define(ctx, store.Definitions(l.backend), ref)
	if d.Err != nil {
		return nil
	}
	l.defs.Store(ref, d.Definition)
	return d.Definition
}
