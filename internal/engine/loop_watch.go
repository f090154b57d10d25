package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// Watch is a subscription to the entries of one execution.
type Watch struct {
	loop *Loop
	id   record.ID
	seq  uint64

	mu   sync.Mutex
	list []Published
	lost bool
	wake chan struct{}
}

// watchMost bounds the entries kept for a slow watcher.
const watchMost = 1024

// Watch subscribes to an execution. Entries after [Watch.Seq] come, each once and in order, from [Watch.Next]; those
// before are in the journal. A refused command is returned as its *model.Error.
func (l *Loop) Watch(ctx context.Context, id record.ID) (*Watch, error) {
	w := &Watch{loop: l, id: id, wake: make(chan struct{}, 1)}
	l.mu.Lock()
	l.watches[id] = append(l.watches[id], w)
	l.mu.Unlock()
	r, err := l.Do(ctx, Command{Verb: shard.Watch, Execution: id})
	if err == nil && r.Error != nil {
		err = r.Error
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq = r.Seq
	w.list = slices.DeleteFunc(w.list, func(p Published) bool { return p.Seq <= r.Seq })
	return w, nil
}

// Seq is the entry after which this watch began.
func (w *Watch) Seq() uint64 { return w.seq }

// Next waits for entries. lost says that some were dropped because the watcher was slow, or that the loop has ended:
// go on from the journal.
func (w *Watch) Next(ctx context.Context) (list []Published, lost bool, err error) {
	for {
		w.mu.Lock()
		list, lost = w.list, w.lost
		w.list, w.lost = nil, false
		w.mu.Unlock()
		if len(list) > 0 || lost {
			return list, lost, nil
		}
		select {
		case <-w.loop.overdue(w):
			return nil, true, nil
		case <-w.wake:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case <-w.loop.done:
			return nil, false, w.loop.Err()
		}
	}
}

const (
	watchRemote = 200 * time.Millisecond // between looks at what another member owns
	watchMoved  = 2 * time.Second        // the same, where the owner was this one: it may have moved
)

// overdue is when a watcher has to look into the journal, because another member may write it; never where none can.
func (l *Loop) overdue(w *Watch) <-chan time.Time {
	switch {
	case !l.opts.Machine.Forward:
		return nil
	case slices.Contains(l.Owned(), w.id.Shard(l.opts.Machine.Shards)):
		return time.After(watchMoved)
	}
	return time.After(watchRemote)
}

// tell adds entries; too many are dropped.
func (w *Watch) tell(p *Published, lost bool) {
	w.mu.Lock()
	if p != nil && p.Seq > w.seq {
		w.list = append(w.list, *p)
	}
	if lost || len(w.list) > watchMost {
		w.list, w.lost = nil, true
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Close ends the subscription.
func (w *Watch) Close() {
	l := w.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	left := slices.DeleteFunc(l.watches[w.id], func(o *Watch) bool { return o == w })
	if len(left) > 0 {
		l.watches[w.id] = left
		return
	}
	if _, had := l.watches[w.id]; had && !l.over {
		l.in.commands = append(l.in.commands, Command{Ref: l.refs.Add(1), Verb: shard.Unwatch, Execution: w.id})
		l.knock()
	}
	delete(l.watches, w.id)
}

func (l *Loop) publish(list []Published) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range list {
		for _, w := range l.watches[list[i].Execution] {
			w.tell(&list[i], false)
		}
	}
}
