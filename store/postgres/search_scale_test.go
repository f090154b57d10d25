package postgres_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// TestFirstPagesOf measures first pages and counts in the database that PAWL_SCALE names, which somebody has filled.
func TestFirstPagesOf(t *testing.T) {
	at := os.Getenv("PAWL_SCALE")
	if at == "" {
		t.Skip("PAWL_SCALE names no database")
	}
	s := open(t, at)
	exact := func(name string, is store.Comparison, v store.Value) []store.TagTest {
		return []store.TagTest{{Name: name, Is: is, Values: []store.Value{v}}}
	}
	last := record.NewID(1700000000000+10_000_000*10, 0, 0).Millis()
	for _, c := range []struct {
		name string
		f    store.Filter
	}{
		{"all", store.Filter{}},
		{"oldest", store.Filter{Order: store.Oldest}},
		{"status:failed", store.Filter{Statuses: []string{"failed"}}},
		{"status:failed workflow", store.Filter{Statuses: []string{"failed"}, Workflows: []string{"workflow-9"}}},
		{"workflow", store.Filter{Workflows: []string{"workflow-3"}}},
		{"status:open", store.Filter{Statuses: []string{"pending", "running", "paused", "compensating", "parked"}}},
		{"-status:completed", store.Filter{Except: []store.Filter{{Statuses: []string{"completed"}}}}},
		{"key", store.Filter{Key: "key-5000000"}},
		{"tag.customer:c40", store.Filter{Tags: exact("customer", store.Equal, store.Value{Text: "c40"})}},
		{"tag.amount>99998", store.Filter{Tags: exact("amount", store.Greater, store.Value{Num: 99_990, IsNum: true})}},
		{"amount>100", store.Filter{Tags: exact("amount", store.Greater, store.Value{Num: 100, IsNum: true})}},
		{"status:failed workflow amount>100 started", store.Filter{Statuses: []string{"failed"}, Workflows: []string{"workflow-0"}, StartedFrom: last - 86_400_000, Tags: exact("amount", store.Greater, store.Value{Num: 100, IsNum: true})}},
		{"error:declined", store.Filter{ErrorText: "DECLINED by bank 69"}},
		{"error:rare", store.Filter{ErrorText: "card 4000009 was"}},
		{"error:none", store.Filter{ErrorText: "nowhere"}},
		{"fingerprint", store.Filter{Fingerprints: []string{"0000000000000009"}}},
		{"waiting:signal", store.Filter{Waiting: []string{"signal"}, Statuses: []string{"pending", "running", "paused", "compensating", "parked"}}},
		{"version", store.Filter{Versions: []string{"1.2.0"}}},
		{"outcome:odd", store.Filter{Outcomes: []string{"odd"}}},
		{"outcome:odd in a day", store.Filter{Outcomes: []string{"odd"}, StartedFrom: last - 86_400_000/4}},
	} {
		var took []time.Duration
		for begin := time.Now(); len(took) < 200 && time.Since(begin) < 4*time.Second; {
			at := time.Now()
			p, err := s.Search(t.Context(), "default", c.f)
			if err != nil {
				t.Error(c.name, err)
				break
			}
			if took = append(took, time.Since(at)); len(took) == 1 {
				t.Logf("%-45s %4d heads, first %s", c.name, len(p.Heads), took[0])
			}
		}
		slices.Sort(took)
		if len(took) > 0 {
			t.Logf("%-45s p50 %s p99 %s of %d", c.name, took[len(took)/2], took[len(took)*99/100], len(took))
		}
	}
	for _, c := range []struct {
		name string
		f    store.Filter
		by   store.Facet
	}{
		{"count", store.Filter{}, store.Facet{}},
		{"status:failed", store.Filter{Statuses: []string{"failed"}}, store.Facet{}},
		{"by status", store.Filter{}, store.Facet{By: store.ByStatus}},
		{"failed by fingerprint", store.Filter{Statuses: []string{"failed"}}, store.Facet{By: store.ByFingerprint}},
		{"by version", store.Filter{}, store.Facet{By: store.ByVersion}},
		{"by customer", store.Filter{}, store.Facet{By: store.ByTag, Tag: "customer"}},
		{"last day over an hour", store.Filter{StartedFrom: last - 86_400_000}, store.Facet{By: store.ByStart, Step: 3_600_000}},
		{"over a day", store.Filter{}, store.Facet{By: store.ByStart, Step: 86_400_000}},
	} {
		at := time.Now()
		n, err := s.Count(t.Context(), "default", c.f, c.by)
		t.Logf("%-45s %8d in %d buckets, partial %v, %s, %v", c.name, n.Total, len(n.Buckets), n.Partial, time.Since(at), err)
	}
}
