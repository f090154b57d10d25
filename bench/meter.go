package main

import (
	"context"
	"slices"
	"sync"

	"github.com/pawl-dev/pawl/store"
)

// meter counts what an engine asks of a store, and may keep it for a replay.
type meter struct {
	store.Backend
	mu   sync.Mutex
	n    work
	keep bool
	kept []store.Batch
}

// work is what went to the store.
type work struct {
	batches, entries, heads, ended, snapshots, bytes int
	// saved are the bytes of snapshots.
	saved int
}

func (w work) minus(o work) work {
	return work{w.batches - o.batches, w.entries - o.entries, w.heads - o.heads, w.ended - o.ended, w.snapshots - o.snapshots, w.bytes - o.bytes, w.saved - o.saved}
}

// perBatch is the mean number of entries in a batch.
func (w work) perBatch() float64 { return ratio(float64(w.entries), float64(w.batches)) }

// metered opens a store and puts a meter in front of it.
type metered struct {
	store.Opener
	m    *meter
	keep bool
}

func (o *metered) Open(ctx context.Context) (store.Backend, error) {
	b, err := o.Opener.Open(ctx)
	if err != nil {
		return nil, err
	}
	o.m = &meter{Backend: b, keep: o.keep}
	return o.m, nil
}

// Commit hands a batch on and counts it once it is durable.
func (m *meter) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	out := m.Backend.Commit(ctx, b)
	if out.Result == store.Committed {
		m.count(b)
	}
	return out
}

func (m *meter) count(b *store.Batch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n.batches++
	for i := range b.Parts {
		p := &b.Parts[i]
		m.n.entries += len(p.Entries)
		m.n.heads += len(p.Heads)
		m.n.snapshots += len(p.Snapshots)
		for j := range p.Heads {
			if p.Heads[j].Ended != 0 {
				m.n.ended++
			}
		}
		for j := range p.Entries {
			m.n.bytes += len(p.Entries[j].Body)
		}
		for j := range p.Snapshots {
			m.n.saved += len(p.Snapshots[j].Body)
		}
	}
	if m.keep {
		m.kept = append(m.kept, cloned(b))
	}
}

func (m *meter) work() work {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.n
}

// cloned copies b with everything in it: an engine uses its buffers again.
func cloned(b *store.Batch) store.Batch {
	c := *b
	c.Parts = slices.Clone(b.Parts)
	for i := range c.Parts {
		p := &c.Parts[i]
		p.Entries = slices.Clone(p.Entries)
		for j := range p.Entries {
			p.Entries[j].Body = slices.Clone(p.Entries[j].Body)
		}
		p.Heads = slices.Clone(p.Heads)
		p.Snapshots = slices.Clone(p.Snapshots)
		for j := range p.Snapshots {
			p.Snapshots[j].Body = slices.Clone(p.Snapshots[j].Body)
		}
		p.Trims = slices.Clone(p.Trims)
		p.Keys = slices.Clone(p.Keys)
		p.Sends = slices.Clone(p.Sends)
		p.Takes = slices.Clone(p.Takes)
		p.Forgets = slices.Clone(p.Forgets)
	}
	return c
}
