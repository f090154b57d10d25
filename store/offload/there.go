package offload

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// there remembers which blobs are durable, so that a payload that entries and snapshots repeat is written once. Under one
// fence only this process forgets an execution of its shard, and with it the blobs; so what was put under a fence is there
// as long as the fence is the same. It forgets itself what it has not been asked for lately.
type there struct {
	mu       sync.Mutex
	new, old map[record.ID]*kept
}

// kept are the blobs of one execution.
type kept struct {
	epoch uint64
	sums  map[[sha256.Size]byte]time.Time // zero: under the fence; else: put ahead, at that time
}

const (
	mostKept = 4096 // executions in each of the two maps
	// aheadFor is how long a blob that was put ahead of its commit is taken to be there. Nobody removes it sooner.
	aheadFor = time.Minute
)

func (t *there) of(id record.ID) *kept {
	if k := t.new[id]; k != nil {
		return k
	}
	k := t.old[id]
	if k == nil {
		return nil
	}
	t.add(id, k)
	return k
}

func (t *there) add(id record.ID, k *kept) {
	if t.new == nil || len(t.new) >= mostKept {
		t.old, t.new = t.new, map[record.ID]*kept{}
	}
	t.new[id] = k
}

// has reports whether b is durable.
func (t *there) has(b *blob) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.of(b.execution)
	if k == nil {
		return false
	}
	at, ok := k.sums[b.sum]
	if at.IsZero() {
		return ok && b.epoch != 0 && k.epoch == b.epoch
	}
	return time.Since(at) < aheadFor
}

// put says that b is durable.
func (t *there) put(b *blob) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k := t.of(b.execution)
	if k == nil || b.epoch != 0 && k.epoch != b.epoch && k.epoch != 0 {
		k = &kept{sums: map[[sha256.Size]byte]time.Time{}}
		t.add(b.execution, k)
	}
	if b.epoch != 0 {
		k.epoch = b.epoch
		k.sums[b.sum] = time.Time{}
		return
	}
	if at, ok := k.sums[b.sum]; !ok || !at.IsZero() {
		k.sums[b.sum] = time.Now()
	}
}

// forget drops what went with the executions that b has removed.
func (t *there) forget(b *store.Batch) {
	for i := range b.Parts {
		for _, id := range b.Parts[i].Forgets {
			t.drop(id)
		}
	}
}

func (t *there) drop(id record.ID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.new, id)
	delete(t.old, id)
}
