package pawl

import (
	"context"
	"iter"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Watch yields the events of the execution id that come after entry after (0: all of them), first from the journal,
// then live, without a gap or a repetition, until the execution has ended, ctx ends or the caller breaks off. To go on
// later, pass the Seq of the last entry whose events were all seen. A slow watcher slows nobody: what it misses is
// read from the journal.
func (e *Engine) Watch(ctx context.Context, id string, after uint64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		x, err := e.parseID(id)
		if err != nil {
			yield(Event{}, err)
			return
		}
		w := watcher{eng: e, id: x, next: after + 1, yield: yield}
		if err := w.follow(ctx); err != nil && !w.over {
			yield(Event{}, err)
		}
	}
}

// watcher yields entries in order, each once.
type watcher struct {
	eng   *Engine
	id    record.ID
	next  uint64 // the entry to yield next
	yield func(Event, error) bool
	over  bool // the execution has ended, or nobody listens
}

func (w *watcher) follow(ctx context.Context) error {
	live, err := w.eng.loop.Watch(ctx, w.id)
	if err != nil {
		return wrapEngine(err)
	}
	defer live.Close()
	// What was durable before the subscription began is in the journal.
	if err := w.catchUp(ctx); err != nil {
		return err
	}
	for !w.over {
		list, lost, err := live.Next(ctx)
		if err != nil {
			return wrapEngine(err)
		}
		for i := range list {
			if err := w.take(ctx, list[i].Seq, list[i].Events); err != nil {
				return err
			}
		}
		if lost {
			if err := w.catchUp(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// take yields a live entry, after those before it that are missing.
func (w *watcher) take(ctx context.Context, seq uint64, events []kernel.Event) error {
	if seq > w.next {
		if err := w.catchUp(ctx); err != nil {
			return err
		}
	}
	if seq != w.next || w.over {
		return nil
	}
	w.next++
	w.entry(events)
	return nil
}

// catchUp yields everything that the journal has.
func (w *watcher) catchUp(ctx context.Context) error {
	for !w.over {
		entries, err := w.eng.backend.Journal(ctx, w.id, w.next, historyPage)
		if err != nil {
			return wrapStore("reading the journal", err)
		}
		if len(entries) == 0 {
			return nil
		}
		for i := range entries {
			events, err := decodeEntry(nil, &entries[i], w.next)
			if err != nil {
				return err
			}
			w.next = entries[i].Seq + 1
			if w.entry(events); w.over {
				return nil
			}
		}
	}
	return nil
}

// entry yields the events of one entry; the last of an execution ends the watch.
func (w *watcher) entry(events []kernel.Event) {
	last := false
	for _, k := range events {
		last = last || model.Status(k.Type).Closed()
		if !w.yield(eventOf(k), nil) {
			w.over = true
			return
		}
	}
	w.over = last
}
