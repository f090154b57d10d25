package memory

import (
	"context"
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Load implements [store.Store].
func (s *Store) Load(ctx context.Context, sh record.Shard, ids []record.ID) ([]store.Loaded, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []store.Loaded
	for _, id := range ids {
		e := s.executions[id]
		if e == nil || id.Shard(shards) != sh {
			continue
		}
		out = append(out, e.load())
	}
	return out, nil
}

func (e *execution) load() store.Loaded {
	l := store.Loaded{Head: keepHead(&e.head)}
	from := uint64(1)
	if n := e.snapshot; n != nil && record.Checksum(n.Body) == n.Sum {
		c := *n
		c.Body = slices.Clone(n.Body)
		l.Snapshot, from = &c, n.Seq+1
	}
	l.Entries = e.from(from, len(e.entries))
	return l
}

// last is the number of the last entry.
func (e *execution) last() uint64 { return e.gone + uint64(len(e.entries)) }

// from copies up to limit entries with seq >= from.
func (e *execution) from(seq uint64, limit int) []record.Entry {
	seq = max(seq, e.gone+1)
	if seq > e.last() || limit <= 0 {
		return nil
	}
	some := e.entries[seq-1-e.gone:]
	some = slices.Clone(some[:min(limit, len(some))])
	for i := range some {
		some[i].Body = slices.Clone(some[i].Body)
	}
	return some
}

// Journal implements [store.Store].
func (s *Store) Journal(ctx context.Context, id record.ID, from uint64, limit int) ([]record.Entry, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	e := s.executions[id]
	if e == nil {
		return nil, nil
	}
	return e.from(from, limit), nil
}

// Due implements [store.Store].
func (s *Store) Due(ctx context.Context, sh record.Shard, after record.Due, before int64, limit int) ([]record.Due, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if sh >= shards {
		return nil, nil
	}
	var out []record.Due
	for id, at := range s.shards[sh].due {
		if d := (record.Due{At: at, Execution: id}); at < before && compareDue(d, after) > 0 {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, compareDue)
	return out[:min(len(out), max(limit, 0))], nil
}

// Keys implements [store.Store].
func (s *Store) Keys(ctx context.Context, k []record.Key) ([]record.KeyRow, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []record.KeyRow
	for _, key := range k {
		if row, ok := s.keys[key]; ok {
			out = append(out, row)
		}
	}
	return out, nil
}
