package modelstore

import (
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Search returns one page of the heads of a namespace, newest first.
func (m *Model) Search(namespace string, f store.Filter) (store.Page, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	limit = min(limit, 1000)
	var after record.ID
	if f.Cursor != "" {
		id, err := record.ParseID(f.Cursor)
		if err != nil {
			return store.Page{}, err
		}
		after = id
	}
	var p store.Page
	ids := m.IDs()
	for _, id := range slices.Backward(ids) {
		h := m.execs[id].Head
		if f.Cursor != "" && compareIDs(id, after) >= 0 || h.Namespace != namespace || !matches(&h, &f) {
			continue
		}
		if len(p.Heads) == limit {
			p.Next = p.Heads[limit-1].Execution.String()
			return p, nil
		}
		p.Heads = append(p.Heads, h)
	}
	return p, nil
}

func matches(h *record.Head, f *store.Filter) bool {
	if !is(f.Workflow, h.Workflow) || !is(f.Version, h.Version) || !is(f.Outcome, h.Outcome) || !is(f.Key, h.Key) {
		return false
	}
	if len(f.Statuses) > 0 && !slices.Contains(f.Statuses, h.Status) {
		return false
	}
	if !f.Parent.IsZero() && f.Parent != h.Parent {
		return false
	}
	if !within(h.Started, f.StartedFrom, f.StartedTo) || !within(h.Ended, f.EndedFrom, f.EndedTo) {
		return false
	}
	for _, t := range f.Tags {
		if !slices.Contains(h.Tags, t) {
			return false
		}
	}
	return strings.HasPrefix(h.Execution.String(), strings.ToLower(f.IDPrefix))
}

func is(want, got string) bool { return want == "" || want == got }

// within treats zero bounds as open; with any bound set, a time that has not come yet does not match.
func within(at, from, to int64) bool {
	if from == 0 && to == 0 {
		return true
	}
	return at != 0 && at >= from && (to == 0 || at < to)
}
