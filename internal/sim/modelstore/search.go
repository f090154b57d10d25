package modelstore

import (
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Search returns one page of the heads of a namespace.
func (m *Model) Search(namespace string, f store.Filter) (store.Page, error) {
	found, err := m.selected(namespace, &f)
	if err != nil {
		return store.Page{}, err
	}
	if f.Order == store.Newest {
		slices.Reverse(found)
	}
	var p store.Page
	for i, h := range found {
		if i == f.Size() {
			p.Next = p.Heads[i-1].Execution.String()
			break
		}
		p.Heads = append(p.Heads, *h)
	}
	return p, nil
}

// selected are the heads that f selects, in order of the ids.
func (m *Model) selected(namespace string, f *store.Filter) (out []*record.Head, err error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	lo, hi, err := f.Range()
	for _, id := range m.IDs() {
		h := &m.execs[id].Head
		if compareIDs(id, lo) >= 0 && compareIDs(id, hi) <= 0 && h.Namespace == namespace && f.Match(h) {
			out = append(out, h)
		}
	}
	return out, err
}

// Count counts what f selects.
func (m *Model) Count(namespace string, f store.Filter, by store.Facet) (store.Counts, error) {
	if err := by.Check(); err != nil {
		return store.Counts{}, err
	}
	f.Cursor = ""
	found, err := m.selected(namespace, &f)
	t := store.NewTally(&by)
	for _, h := range found {
		t.Head(h)
	}
	return t.Counts(false), err
}

// Namespaces are those with executions or versions.
func (m *Model) Namespaces() []string {
	var out []string
	for _, x := range m.execs { // sorted: below
		out = append(out, x.Head.Namespace)
	}
	for _, d := range m.defs {
		out = append(out, d.Namespace)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Executions are those of a shard behind an id.
func (m *Model) Executions(s record.Shard, after record.ID, limit int) []record.ID {
	out := slices.DeleteFunc(m.IDs(), func(id record.ID) bool {
		return compareIDs(id, after) <= 0 || s != store.EveryShard && id.Shard(m.info.Shards) != s
	})
	return out[:min(len(out), max(limit, 0))]
}
