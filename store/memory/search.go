package memory

import (
	"context"
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Search implements [store.Store].
func (s *Store) Search(ctx context.Context, namespace string, f store.Filter) (store.Page, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return store.Page{}, err
	}
	defer unlock()
	found, err := s.find(namespace, &f)
	if err != nil {
		return store.Page{}, err
	}
	if f.Order == store.Newest {
		slices.Reverse(found)
	}
	return page(found, f.Size()), nil
}

// find is all that f selects, in order of the ids.
func (d *data) find(namespace string, f *store.Filter) ([]*record.Head, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	lo, hi, err := f.Range()
	if err != nil {
		return nil, err
	}
	var found []*record.Head
	for id, e := range d.executions {
		if compareIDs(lo, id) <= 0 && compareIDs(id, hi) <= 0 && e.head.Namespace == namespace && f.Match(&e.head) {
			found = append(found, &e.head)
		}
	}
	slices.SortFunc(found, func(a, b *record.Head) int { return compareIDs(a.Execution, b.Execution) })
	return found, nil
}

// page keeps the first size heads and says where the next page begins.
func page(found []*record.Head, size int) store.Page {
	var p store.Page
	if len(found) > size {
		p.Next = found[size-1].Execution.String()
		found = found[:size]
	}
	for _, h := range found {
		p.Heads = append(p.Heads, keepHead(h))
	}
	return p
}

// Count implements [store.Counting]. All executions are in memory, so the answer is never partial.
func (s *Store) Count(ctx context.Context, namespace string, f store.Filter, by store.Facet) (store.Counts, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return store.Counts{}, err
	}
	defer unlock()
	if err := by.Check(); err != nil {
		return store.Counts{}, err
	}
	f.Cursor = ""
	found, err := s.find(namespace, &f)
	if err != nil {
		return store.Counts{}, err
	}
	t := store.NewTally(&by)
	for _, h := range found {
		t.Head(h)
	}
	return t.Counts(false), nil
}

// Namespaces implements [store.Scanning].
func (s *Store) Namespaces(ctx context.Context) ([]string, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []string
	for _, e := range s.executions {
		out = append(out, e.head.Namespace)
	}
	for k := range s.versions {
		out = append(out, k.namespace)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Executions implements [store.Scanning].
func (s *Store) Executions(ctx context.Context, sh record.Shard, after record.ID, limit int) ([]record.ID, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []record.ID
	for id := range s.executions {
		if compareIDs(id, after) > 0 && (sh == store.EveryShard || id.Shard(shards) == sh) {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, compareIDs)
	return out[:min(len(out), max(limit, 0))], nil
}
