package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// TestFirstPageDoesNotGrow compares a first page among few and among fifty times as many executions, at the best of
// several runs: what walks through them all takes fifty times as long, what jumps does not.
func TestFirstPageDoesNotGrow(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "pawl.db"))
	defer s.Close()
	filters := map[string]store.Filter{
		"all": {Limit: 10}, "workflow": {Workflows: []string{"w1"}, Limit: 10}, "statuses": {Statuses: []string{"failed", "completed"}, Limit: 10},
		"rare status": {Statuses: []string{"failed"}, Limit: 4}, "id": {IDPrefix: record.NewID(5, 0, 5).String()},
		"key": {Key: "k5"}, "tag": {Tags: []store.TagTest{store.HasTag(record.Tag{Name: "t", Text: "v5"})}}, "parent": {Parent: record.NewID(5, 1, 0)},
	}
	const few = 400
	before := map[string]time.Duration{}
	populate(t, s, 0, few)
	for name, f := range filters {
		before[name] = best(t, s, f)
	}
	populate(t, s, few, 50*few)
	for name, f := range filters {
		if now := best(t, s, f); now > 10*before[name] {
			t.Errorf("%s: %s among %d executions, %s among %d", name, before[name], few, now, 50*few)
		}
	}
}

// best is the shortest of several searches.
func best(t *testing.T, s *Store, f store.Filter) time.Duration {
	t.Helper()
	least := time.Hour
	for range 7 {
		begin := time.Now()
		p, err := s.Search(t.Context(), "default", f)
		if err != nil || len(p.Heads) == 0 {
			t.Fatal(len(p.Heads), err)
		}
		least = min(least, time.Since(begin))
	}
	return least
}

// populate writes finished executions from..to directly: four workflows; every hundredth failed; the first fifty have
// a key, a tag and a parent.
func populate(t *testing.T, s *Store, from, to int) {
	t.Helper()
	b := &store.Batch{Lane: store.Lane{Owner: record.Owner{1}, Number: from}, Number: 1}
	for shard := range record.Shard(shards) {
		f, err := s.Claim(t.Context(), shard, record.Fence{}, record.Owner{1})
		if err != nil {
			t.Fatal(err)
		}
		b.Parts = append(b.Parts, record.Part{Fence: f})
	}
	for n := from; n < to; n++ {
		id := record.NewID(int64(n), 0, uint16(n))
		h := record.Head{
			Execution: id, Insert: true, Namespace: "default", Workflow: fmt.Sprint("w", n%4), Status: "completed",
			Started: 1, Ended: 2, NextAt: record.Never,
		}
		if n%100 == 0 {
			h.Status = "failed"
		}
		if n < 50 {
			h.Key, h.Tags, h.Parent = fmt.Sprint("k", n), []record.Tag{{Name: "t", Text: fmt.Sprint("v", n)}}, record.NewID(int64(n), 1, 0)
		}
		p := &b.Parts[n%shards]
		p.Heads = append(p.Heads, h)
		p.Entries = append(p.Entries, record.Entry{Execution: id, Seq: 1})
	}
	if o := s.Commit(t.Context(), b); o.Result != store.Committed {
		t.Fatal(o.Result, o.Cause, o.Rejected)
	}
}
