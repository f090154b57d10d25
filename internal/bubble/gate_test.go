package bubble

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// errAway is what a call hears that the gate does not let through.
var errAway = errors.New("the store does not answer")

// fate is what becomes of a call.
type fate int

const (
	done    fate = iota
	refused      // nothing happened, and the caller hears so
	lost         // nothing happened, and the caller does not know
	unheard      // it happened, and the caller does not know
	late         // it happens some time after the caller was told that nobody knows
)

// gate is a store whose calls wait until the driver lets them go, one at a time.
type gate struct {
	inner   store.Backend
	r       *rand.Rand // of the driver
	mu      sync.Mutex
	parked  []*call
	arrived chan struct{}
	stalled time.Duration // every commit takes that much longer
	calm    bool          // every call is done at once
	zombies sync.WaitGroup

	fences  map[record.Shard]record.Fence // of the last part that was committed
	durable map[version]bool
	bad     []string
	faults  int
	lies    bool // a batch that is lost is called committed
}

// version names what a batch says.
type version struct {
	lane           store.Lane
	number, digest uint64
}

// call waits at the gate.
type call struct {
	name  string
	write bool
	let   chan ruling
}

type ruling struct {
	fate  fate
	after time.Duration
}

func newGate(inner store.Backend, r *rand.Rand) *gate {
	return &gate{inner: inner, r: r, arrived: make(chan struct{}, 1), calm: true, fences: map[record.Shard]record.Fence{}, durable: map[version]bool{}}
}

// drive lets calls go until over is closed. It runs on the goroutine that made the bubble.
func (g *gate) drive(over <-chan struct{}) {
	for {
		synctest.Wait()
		select {
		case <-over:
			return
		default:
		}
		if c := g.pick(); c != nil {
			c.let <- g.rule(c)
			continue
		}
		select {
		case <-g.arrived:
		case <-over:
			return
		}
	}
}

// pick takes one call. They are ordered by name first, so that a seed means about the same each time.
func (g *gate) pick() *call {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.parked) == 0 {
		return nil
	}
	slices.SortStableFunc(g.parked, func(a, b *call) int { return cmp.Compare(a.name, b.name) })
	i := g.r.IntN(len(g.parked))
	c := g.parked[i]
	g.parked = slices.Delete(g.parked, i, i+1)
	return c
}

// rule draws the fate of a call.
func (g *gate) rule(c *call) ruling {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.calm {
		return ruling{}
	}
	r := ruling{after: time.Duration(g.r.IntN(3000)) * time.Microsecond}
	if g.r.IntN(20) == 0 {
		r.after = time.Duration(g.r.IntN(20_000)) * time.Millisecond
	}
	if c.write {
		r.after += g.stalled
	}
	if g.r.IntN(8) == 0 {
		r.fate = fate(1 + g.r.IntN(4))
		if !c.write && r.fate != refused {
			r.fate = done
		}
	}
	if g.lies && g.r.IntN(10) == 0 {
		r.fate = lost
	}
	if r.fate != done {
		g.faults++
	}
	return r
}

// setCalm ends the faults, or lets them begin.
func (g *gate) setCalm(calm bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calm, g.stalled = calm, 0
}

func (g *gate) stall(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stalled = d
}

func (g *gate) fail(law, format string, args ...any) {
	g.bad = append(g.bad, law+": "+fmt.Sprintf(format, args...))
}

// committed checks I3 for a batch when it becomes durable.
func (g *gate) committed(b *store.Batch) {
	for i := range b.Parts {
		f := b.Parts[i].Fence
		last := g.fences[f.Shard]
		if f.Epoch < last.Epoch || f.Epoch == last.Epoch && f.Owner != last.Owner {
			g.fail("I3", "shard %d: a part of epoch %d after one of epoch %d", f.Shard, f.Epoch, last.Epoch)
		}
		if f.Owner != b.Lane.Owner {
			g.fail("I3", "shard %d: a part of one owner in the lane of another", f.Shard)
		}
		g.fences[f.Shard] = f
	}
}

// apply commits, one batch at a time, so that what the gate sees is the order of the store.
func (g *gate) apply(ctx context.Context, b *store.Batch) store.Outcome {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := g.inner.Commit(ctx, b)
	if v := (version{b.Lane, b.Number, b.Digest}); out.Result == store.Committed && !g.durable[v] {
		g.durable[v] = true // a repeat is committed, too, and changes nothing
		g.committed(b)
	}
	return out
}

// door is the gate as one life of an engine sees it. Behind a door that was slammed nothing of that life happens any
// more, but for what was under way.
type door struct {
	store.Backend // Info, and what is not gated
	g             *gate
	dead          chan struct{}
}

// Open implements [store.Opener].
func (d *door) Open(context.Context) (store.Backend, error) { return d, nil }

// Close keeps the store for the next life.
func (d *door) Close() error { return nil }

func (g *gate) door() *door { return &door{g.inner, g, make(chan struct{})} }

// pass parks a call. Its time may be over, or its life, before anything happens.
func (d *door) pass(ctx context.Context, name string, write bool) (ruling, error) {
	c := &call{name, write, make(chan ruling, 1)}
	d.g.mu.Lock()
	d.g.parked = append(d.g.parked, c)
	d.g.mu.Unlock()
	select {
	case d.g.arrived <- struct{}{}:
	default:
	}
	select {
	case r := <-c.let:
		return r, d.rest(ctx, r.after)
	case <-ctx.Done():
		return ruling{}, ctx.Err()
	case <-d.dead:
		return ruling{}, errAway
	}
}

func (d *door) rest(ctx context.Context, pause time.Duration) error {
	if pause == 0 {
		return nil
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-d.dead:
		return errAway
	}
}

// Commit implements [store.Store]. In a bubble.
func (d *door) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	r, err := d.pass(ctx, fmt.Sprint("commit ", b.Number), true)
	if err != nil {
		return store.Outcome{Result: store.NotCommitted, Cause: err}
	}
	switch r.fate {
	case refused:
		return store.Outcome{Result: store.NotCommitted, Cause: errAway}
	case lost:
		if d.g.lies {
			return store.Outcome{Result: store.Committed}
		}
		return store.Outcome{Cause: errAway}
	case unheard:
		d.g.apply(context.Background(), b)
		return store.Outcome{Cause: errAway}
	case late:
		own := copied(b)
		d.g.zombies.Go(func() {
			time.Sleep(time.Second)
			d.g.apply(context.Background(), own)
		})
		return store.Outcome{Cause: errAway}
	}
	return d.g.apply(context.Background(), b)
}

// copied is a batch that shares nothing with b. It is plain data, so its JSON is all of it.
func copied(b *store.Batch) *store.Batch {
	body, err := json.Marshal(b)
	if err != nil {
		panic(err)
	}
	own := &store.Batch{}
	if err := json.Unmarshal(body, own); err != nil {
		panic(err)
	}
	return own
}

// read runs a question that the gate may refuse; a write may also be done and not heard.
func read[T any](ctx context.Context, d *door, name string, write bool, f func() (T, error)) (T, error) {
	var zero T
	r, err := d.pass(ctx, name, write)
	switch {
	case err != nil:
		return zero, err
	case r.fate == done:
		return f()
	case r.fate == unheard || r.fate == late:
		if _, err := f(); err != nil {
			return zero, err
		}
	}
	return zero, errAway
}

// The rest of the gated calls.

func (d *door) Load(ctx context.Context, s record.Shard, ids []record.ID) ([]store.Loaded, error) {
	return read(ctx, d, fmt.Sprint("load ", s), false, func() ([]store.Loaded, error) { return d.g.inner.Load(ctx, s, ids) })
}

func (d *door) Journal(ctx context.Context, id record.ID, from uint64, limit int) ([]record.Entry, error) {
	return read(ctx, d, "journal", false, func() ([]record.Entry, error) { return d.g.inner.Journal(ctx, id, from, limit) })
}

func (d *door) Due(ctx context.Context, s record.Shard, after record.Due, before int64, limit int) ([]record.Due, error) {
	return read(ctx, d, fmt.Sprint("due ", s), false, func() ([]record.Due, error) { return d.g.inner.Due(ctx, s, after, before, limit) })
}

func (d *door) Inbox(ctx context.Context, s record.Shard, limit int) ([]record.Message, error) {
	return read(ctx, d, fmt.Sprint("inbox ", s), false, func() ([]record.Message, error) { return d.g.inner.Inbox(ctx, s, limit) })
}

func (d *door) Keys(ctx context.Context, k []record.Key) ([]record.KeyRow, error) {
	return read(ctx, d, "keys", false, func() ([]record.KeyRow, error) { return d.g.inner.Keys(ctx, k) })
}

func (d *door) Send(ctx context.Context, m []record.Message) error {
	_, err := read(ctx, d, "send", true, func() (int, error) { return 0, d.g.inner.Send(ctx, m) })
	return err
}

func (d *door) Search(ctx context.Context, namespace string, f store.Filter) (store.Page, error) {
	return read(ctx, d, "search", false, func() (store.Page, error) { return d.g.inner.Search(ctx, namespace, f) })
}

func (d *door) Claim(ctx context.Context, s record.Shard, seen record.Fence, self record.Owner) (record.Fence, error) {
	return read(ctx, d, fmt.Sprint("claim ", s), true, func() (record.Fence, error) { return d.g.inner.Claim(ctx, s, seen, self) })
}

func (d *door) Release(ctx context.Context, f []record.Fence) error {
	_, err := read(ctx, d, "release", true, func() (int, error) { return 0, d.g.inner.Release(ctx, f) })
	return err
}

func (d *door) Claims(ctx context.Context) ([]record.Fence, error) {
	return read(ctx, d, "claims", false, func() ([]record.Fence, error) { return d.g.inner.Claims(ctx) })
}

func (d *door) Beat(ctx context.Context, b store.Beat) (list []store.Beat, now int64, err error) {
	list, err = read(ctx, d, "beat", true, func() ([]store.Beat, error) {
		list, at, err := d.g.inner.Beat(ctx, b)
		now = at
		return list, err
	})
	return list, now, err
}

func (d *door) Get(ctx context.Context, namespace, workflow, version string) (store.Definition, error) {
	return read(ctx, d, "get", false, func() (store.Definition, error) { return d.g.inner.Get(ctx, namespace, workflow, version) })
}
