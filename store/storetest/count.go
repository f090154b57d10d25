package storetest

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var countTests = []test{
	{"EveryFacetOfEveryFilter", countFacets},
	{"Histogram", countHistogram},
	{"LargestFirst", countLargest},
	{"Bounded", countBounded},
	{"I25_NamespacesAreApart", countTenants},
	{"BadFacets", countBadFacets},
	{"EveryNamespace", scanNamespaces},
	{"EveryExecution", scanExecutions},
}

func (f *fixture) count(filter store.Filter, by store.Facet) store.Counts {
	f.Helper()
	c, err := f.Count(f.ctx, "default", filter, by)
	f.must(err)
	return c
}

// facets is one of every kind.
var facets = map[string]store.Facet{
	"nothing": {}, "status": {By: store.ByStatus}, "workflow": {By: store.ByWorkflow}, "version": {By: store.ByVersion},
	"outcome": {By: store.ByOutcome}, "fingerprint": {By: store.ByFingerprint}, "waiting": {By: store.ByWaiting},
	"number": {By: store.ByTag, Tag: "amount"}, "text": {By: store.ByTag, Tag: "city"}, "seldom": {By: store.ByTag, Tag: "rush"},
	"start": {By: store.ByStart, Step: 7},
}

// counted is what a count means, written apart from the code under test.
func counted(heads []record.Head, by store.Facet) store.Counts {
	c := store.Counts{Total: int64(len(heads))}
	add := func(b store.Bucket) {
		i := slices.IndexFunc(c.Buckets, func(have store.Bucket) bool { return have.Value == b.Value && have.Start == b.Start })
		if i < 0 {
			c.Buckets, i = append(c.Buckets, b), len(c.Buckets)
		}
		c.Buckets[i].Count++
	}
	for _, h := range heads {
		word := map[store.By]string{
			store.ByStatus: h.Status, store.ByWorkflow: h.Workflow, store.ByVersion: h.Version, store.ByOutcome: h.Outcome,
			store.ByFingerprint: h.Fingerprint, store.ByWaiting: h.Waiting,
		}
		switch by.By {
		case store.ByNothing:
		case store.ByStart:
			add(store.Bucket{Start: h.Execution.Millis() / by.Step * by.Step})
		case store.ByTag:
			i := slices.IndexFunc(h.Tags, func(t record.Tag) bool { return t.Name == by.Tag })
			if i < 0 {
				c.Rest++
				continue
			}
			add(store.Bucket{Value: store.Value{Text: h.Tags[i].Text, Num: h.Tags[i].Num, IsNum: h.Tags[i].IsNum}})
		default:
			add(store.Bucket{Value: store.Value{Text: word[by.By]}})
		}
	}
	slices.SortStableFunc(c.Buckets, func(a, b store.Bucket) int {
		switch {
		case by.By == store.ByStart:
			return int(a.Start - b.Start)
		case a.Count != b.Count:
			return int(b.Count - a.Count)
		case a.Value.IsNum:
			return int(a.Value.Num - b.Value.Num)
		case a.Value.Text < b.Value.Text:
			return -1
		}
		return 1
	})
	return c
}

func countFacets(f *fixture) {
	zoo := f.zoo()
	f.restart()
	filters := menagerie(zoo)
	for i, name := range slices.Sorted(maps.Keys(filters)) {
		for j, facet := range slices.Sorted(maps.Keys(facets)) {
			if testing.Short() && (i+j)%4 > 0 {
				continue
			}
			filter, by := filters[name], facets[facet]
			filter.Limit, filter.Cursor = 1, "" // pages do not count
			f.Run(name+" by "+facet, func(t *testing.T) {
				g := f.in(t)
				got, want := g.count(filter, by), counted(selected(filter, zoo), by)
				if isEmpty(got.Buckets) && isEmpty(want.Buckets) {
					got.Buckets, want.Buckets = nil, nil
				}
				g.equal(got, want)
			})
		}
	}
}

func countHistogram(f *fixture) {
	for _, ms := range []int64{0, 5, 999, 1000, 1001, 5000, 1<<48 - 1} {
		id := record.NewID(ms, f.number(), 0)
		p := f.part(0)
		p.Heads, p.Entries = []record.Head{head(id)}, entries(id, 1, 1)
		f.commit(p)
	}
	last := int64(1<<48-1) / 1000 * 1000
	f.equal(f.count(everyone, store.Facet{By: store.ByStart, Step: 1000}), store.Counts{Total: 7, Buckets: []store.Bucket{
		{Start: 0, Count: 3}, {Start: 1000, Count: 2}, {Start: 5000, Count: 1}, {Start: last, Count: 1},
	}})
	f.equal(f.count(everyone, store.Facet{By: store.ByStart, Step: 1000, Limit: 2}), store.Counts{Total: 7, Rest: 5, Buckets: []store.Bucket{
		{Start: 5000, Count: 1}, {Start: last, Count: 1},
	}})
	f.equal(f.count(store.Filter{StartedFrom: 1000, StartedTo: 5001}, store.Facet{By: store.ByStart, Step: 1 << 40}),
		store.Counts{Total: 3, Buckets: []store.Bucket{{Start: 0, Count: 3}}})
}

func countLargest(f *fixture) {
	for i := range 60 {
		f.start(record.Shard(i%3), 1, func(h *record.Head) {
			h.Outcome = []string{"b", "a", "c", "c", "d", "c"}[i%6]
			h.Workflow = []string{"w", "v"}[i%2]
		})
	}
	one := func(s string, n int64) store.Bucket { return store.Bucket{Value: text(s), Count: n} }
	f.equal(f.count(everyone, store.Facet{By: store.ByOutcome, Limit: 2}),
		store.Counts{Total: 60, Rest: 20, Buckets: []store.Bucket{one("c", 30), one("a", 10)}})
	f.equal(f.count(everyone, store.Facet{By: store.ByWorkflow, Limit: 1}),
		store.Counts{Total: 60, Rest: 30, Buckets: []store.Bucket{one("v", 30)}})
}

// countBounded: looking at too few heads is said, and what an index answers is exact all the same.
func countBounded(f *fixture) {
	for i := range 90 {
		f.start(0, 1, func(h *record.Head) {
			h.Outcome, h.Status = fmt.Sprint(i%5), []string{"completed", "failed", "failed"}[i%3]
			h.Tags = []record.Tag{{Name: "t", Text: "x"}}
		})
	}
	for _, by := range []store.Facet{{By: store.ByStatus, Look: 10}, {By: store.ByWorkflow, Look: 10}, {Look: 10}} {
		if c := f.count(everyone, by); c.Partial || c.Total != 90 {
			f.Errorf("by %d: %+v", by.By, c)
		}
	}
	for _, filter := range []store.Filter{everyone, {Tags: tests(record.Tag{Name: "t", Text: "x"})}, {ErrorText: ""}} {
		for _, look := range []int{1, 10, 50, 89} {
			c := f.count(filter, store.Facet{By: store.ByOutcome, Look: look})
			if !c.Partial && c.Total != 90 || c.Partial && (c.Total > int64(look)+2 || c.Total == 0) {
				f.Errorf("looking at %d: %+v", look, c)
			}
		}
		if c := f.count(filter, store.Facet{By: store.ByOutcome, Look: 90}); c.Partial || c.Total != 90 {
			f.Errorf("looking at all: %+v", c)
		}
	}
}

func countTenants(f *fixture) {
	for i, namespace := range []string{"a", "b", "ab", "A", "b"} {
		f.start(0, 1, func(h *record.Head) {
			h.Namespace, h.Key, h.Tags = namespace, "k", []record.Tag{{Name: "t", Num: float64(i), IsNum: true}}
		})
	}
	for namespace, want := range map[string]int64{"a": 1, "b": 2, "ab": 1, "A": 1, "c": 0, "": 0} {
		for _, filter := range []store.Filter{everyone, {Key: "k"}, tag("t", store.GreaterEqual, number(0)), {Workflows: []string{"order"}}} {
			for name, by := range facets {
				c, err := f.Count(f.ctx, namespace, filter, by)
				f.must(err)
				if c.Total != want {
					f.Errorf("%q by %s: %+v, want %d", namespace, name, c, want)
				}
			}
		}
	}
}

func countBadFacets(f *fixture) {
	for _, by := range []store.Facet{{By: 99}, {By: -1}, {By: store.ByTag}, {By: store.ByStart}, {By: store.ByStart, Step: -5}, {By: store.ByTag, Tag: "\xff"}} {
		_, err := f.Count(f.ctx, "default", everyone, by)
		f.is(err, store.ErrFilter)
	}
}

func scanNamespaces(f *fixture) {
	all, err := f.Namespaces(f.ctx)
	f.must(err)
	f.equal(all, nil)
	for _, n := range []string{"b", "a", "Z", "b", "", "ä", "a "} {
		f.start(0, 1, func(h *record.Head) { h.Namespace = n })
	}
	f.must(f.Put(f.ctx, store.Definition{Namespace: "only versions", Workflow: "w", Version: "1", Hash: "h"}, nil))
	f.must(f.Put(f.ctx, store.Definition{Namespace: "a", Workflow: "w", Version: "1", Hash: "h"}, nil))
	all, err = f.Namespaces(f.ctx)
	f.must(err)
	f.equal(all, []string{"", "Z", "a", "a ", "b", "only versions", "ä"})
}

func scanExecutions(f *fixture) {
	var every []record.ID
	byShard := map[record.Shard][]record.ID{}
	for i := range 40 {
		s := record.Shard(i % 3)
		h := f.start(s, 1, func(h *record.Head) { h.Namespace = []string{"default", "b"}[i%2] })
		if i%4 == 0 {
			f.end(h)
		}
		every, byShard[s] = append(every, h.Execution), append(byShard[s], h.Execution)
	}
	byShard[store.EveryShard], byShard[5] = every, nil
	for s, want := range byShard {
		for _, limit := range []int{1, 7, 100} {
			var got []record.ID
			for after := (record.ID{}); ; {
				some, err := f.Executions(f.ctx, s, after, limit)
				f.must(err)
				got = append(got, some...)
				if len(some) < limit {
					break
				}
				after = some[len(some)-1]
			}
			f.equal(got, want)
		}
	}
	none, err := f.Executions(f.ctx, 0, record.ID{}, 0)
	f.must(err)
	f.equal(none, nil)
}
