package transfer

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// alone are the drivers that admit one program at a time, so that whoever else owns a shard is gone.
var alone = []string{"memory", "sqlite"}

// newOwner draws who we are.
func newOwner() (o record.Owner) {
	rand.Read(o[:])
	return o
}

// Member is a process that uses a store, as far as can be seen from outside.
type Member struct {
	Owner record.Owner
	Addr  string
	// Alive: its beat moved while it was watched.
	Alive bool
	// Shards are those that it owns.
	Shards []record.Shard
}

// Members says who has the shards of a store, and watches for a time who is alive. Members that own nothing and are
// silent are left out.
func Members(ctx context.Context, b store.Backend, watch time.Duration) ([]Member, error) {
	claims, err := b.Claims(ctx)
	if err != nil {
		return nil, err
	}
	seen := watcher{b: b, self: newOwner()}
	if !slices.Contains(alone, b.Info().Driver) {
		if err := seen.watch(ctx, watch, func() bool { return false }); err != nil {
			return nil, err
		}
	}
	var out []Member
	at := func(o record.Owner) *Member {
		i := slices.IndexFunc(out, func(m Member) bool { return m.Owner == o })
		if i < 0 {
			i, out = len(out), append(out, Member{Owner: o, Addr: seen.addrs[o], Alive: seen.moved[o]})
		}
		return &out[i]
	}
	for _, f := range claims {
		if f.Owner != (record.Owner{}) {
			m := at(f.Owner)
			m.Shards = append(m.Shards, f.Shard)
		}
	}
	for o := range seen.moved { // sorted: below
		at(o)
	}
	slices.SortFunc(out, func(a, b Member) int { return slices.Compare(a.Owner[:], b.Owner[:]) })
	return out, nil
}

// watcher looks at the beats of members. Its own never moves, so nobody takes it for one that could own something.
type watcher struct {
	b      store.Backend
	self   record.Owner
	counts map[record.Owner]uint64
	addrs  map[record.Owner]string
	moved  map[record.Owner]bool
}

// lookEvery is the time between two looks.
const lookEvery = 500 * time.Millisecond

func (w *watcher) look(ctx context.Context) error {
	beats, _, err := w.b.Beat(ctx, store.Beat{Owner: w.self, Count: 1})
	if err != nil {
		return err
	}
	if w.counts == nil {
		w.counts, w.addrs, w.moved = map[record.Owner]uint64{}, map[record.Owner]string{}, map[record.Owner]bool{}
	}
	for _, b := range beats {
		if before, known := w.counts[b.Owner]; known && before != b.Count {
			w.moved[b.Owner] = true
		}
		w.counts[b.Owner], w.addrs[b.Owner] = b.Count, b.Addr
	}
	return nil
}

// watch looks until the time is over, or enough says so.
func (w *watcher) watch(ctx context.Context, d time.Duration, enough func() bool) error {
	end := time.Now().Add(d)
	for {
		if err := w.look(ctx); err != nil {
			return err
		}
		left := time.Until(end)
		if enough() || left <= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(left, lookEvery)):
		}
	}
}

// atRest refuses a store of which a shard belongs to a member that is alive, and returns the claims. clean reports that
// nobody left a shard behind.
func atRest(ctx context.Context, b store.Backend, d time.Duration) (claims []record.Fence, clean bool, err error) {
	if claims, err = b.Claims(ctx); err != nil {
		return nil, false, err
	}
	owners := map[record.Owner]bool{}
	for _, f := range claims {
		if f.Owner != (record.Owner{}) {
			owners[f.Owner] = true
		}
	}
	if len(owners) == 0 {
		return claims, true, nil
	}
	w := watcher{b: b, self: newOwner()}
	if slices.Contains(alone, b.Info().Driver) {
		d = 0
	}
	lives := func() (o record.Owner, is bool) {
		for o := range owners { // sorted: any of them will do
			if w.moved[o] {
				return o, true
			}
		}
		return o, false
	}
	if err := w.watch(ctx, d, func() bool { _, is := lives(); return is }); err != nil {
		return nil, false, err
	}
	if o, is := lives(); is {
		return nil, false, fmt.Errorf("%w: %x owns shards; stop it first", ErrAlive, o[:4])
	}
	clean = true
	for o := range owners { // sorted: all of them
		clean = clean && w.addrs[o] == cleanAddr
	}
	return claims, clean, nil
}

// cleanAddr is the address that a copy beats with which found nothing unclean: what it left behind when it was killed
// was begun by no task.
const cleanAddr = "transfer:clean"
