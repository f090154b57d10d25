package store

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/record"
)

// Dropping is a backend that drops blobs of forgotten executions behind the commit.
type Dropping interface {
	Drops() Drops
}

// Drops counts what became of the blobs of executions that were forgotten, since the store was opened. What was missed is
// there until somebody compares [Blobs.BlobOwners] with the executions that exist.
type Drops struct {
	Dropped uint64 // executions whose blobs are gone
	Missed  uint64 // executions that may have left some: an error, a shutdown, too many at once
	Last    error  // the last error, nil where there was none
}

// Bounds of a dropper.
const (
	dropsPending = 10_000           // executions that wait for their turn; more are missed
	dropsAtOnce  = 1000             // executions looked for, and owners listed, at once
	dropLongest  = time.Minute      // for one call
	dropGrace    = 10 * time.Second // for all that is left when the store is closed
)

// dropper drops the blobs of executions, one after the other in the background.
type dropper struct {
	blobs  Blobs
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	wake   chan struct{} // holds one word at most

	mu      sync.Mutex
	pending []record.ID
	closing bool
	drops   Drops
}

func startDropper(blobs Blobs) *dropper {
	d := &dropper{blobs: blobs, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	go d.run()
	return d
}

// add takes executions whose blobs are to go, as many as there is room for.
func (d *dropper) add(ids []record.ID) {
	if len(ids) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	n := min(len(ids), dropsPending-len(d.pending))
	if d.closing {
		n = 0
	}
	d.pending = append(d.pending, ids[:n]...)
	d.drops.Missed += uint64(len(ids) - n)
	d.poke()
}

func (d *dropper) poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *dropper) count() Drops {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.drops
}

// close lets what is pending be dropped, for a while, and ends.
func (d *dropper) close() {
	d.mu.Lock()
	d.closing = true
	d.poke()
	d.mu.Unlock()
	grace := time.AfterFunc(dropGrace, d.cancel)
	defer grace.Stop()
	<-d.done
}

func (d *dropper) run() {
	defer close(d.done)
	defer d.cancel()
	for {
		some, ending := d.take()
		if len(some) > 0 {
			d.drop(some)
			continue
		}
		if ending {
			return
		}
		<-d.wake
	}
}

// take is what is to be dropped next, in order, and whether nothing comes after what is pending.
func (d *dropper) take() (some []record.ID, ending bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := min(len(d.pending), dropsAtOnce)
	some = slices.Clone(d.pending[:n])
	d.pending = slices.Delete(d.pending, 0, n)
	slices.SortFunc(some, compareIDs)
	return slices.Compact(some), d.closing
}

// drop drops the blobs of ids, which are in order. Most executions have none, so it is asked who has, from the first on: a
// listing settles at least one execution, and mostly all.
func (d *dropper) drop(ids []record.ID) {
	for len(ids) > 0 {
		owners, err := d.owners(ids[0])
		if err != nil {
			d.missed(len(ids), err)
			return
		}
		n := len(ids)
		if len(owners) == dropsAtOnce {
			n, _ = slices.BinarySearchFunc(ids, owners[dropsAtOnce-1], compareIDs) // 1 at least: the last owner is no first one
		}
		for _, id := range ids[:n] {
			if _, has := slices.BinarySearchFunc(owners, id, compareIDs); has {
				d.one(id)
			}
		}
		ids = ids[n:]
	}
}

// owners lists who has blobs from id on.
func (d *dropper) owners(id record.ID) ([]record.ID, error) {
	for i := len(id) - 1; i >= 0; i-- { // the one before it
		id[i]--
		if id[i] != 0xff {
			break
		}
	}
	ctx, cancel := context.WithTimeout(d.ctx, dropLongest)
	defer cancel()
	return d.blobs.BlobOwners(ctx, id, dropsAtOnce)
}

func (d *dropper) one(id record.ID) {
	ctx, cancel := context.WithTimeout(d.ctx, dropLongest)
	defer cancel()
	if err := d.blobs.DropBlobs(ctx, id); err != nil {
		d.missed(1, err)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drops.Dropped++
}

func (d *dropper) missed(n int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drops.Missed += uint64(n)
	d.drops.Last = err
}
