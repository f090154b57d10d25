package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var searchTests = []test{
	{"NewestFirst", searchOrder},
	{"I25_NamespacesAreApart", searchTenants},
	{"EveryField", searchFields},
	{"FieldsCombined", searchCombined},
	{"PagesOfEveryFilter", searchPages},
	{"PagesUnderInserts", searchUnderInserts},
	{"Limits", searchLimits},
	{"S27_FiltersAreLiteral", searchLiteral},
	{"BadCursor", searchBadCursor},
}

var everyone store.Filter

func (f *fixture) search(namespace string, filter store.Filter) store.Page {
	f.Helper()
	p, err := f.Search(f.ctx, namespace, filter)
	f.must(err)
	return p
}

// found searches all pages.
func (f *fixture) found(namespace string, filter store.Filter) []record.Head {
	f.Helper()
	var out []record.Head
	for {
		p := f.search(namespace, filter)
		out = append(out, p.Heads...)
		if p.Next == "" {
			return out
		}
		if len(p.Heads) == 0 {
			f.Fatal("an empty page that is not the last")
		}
		filter.Cursor = p.Next
	}
}

func (f *fixture) finds(filter store.Filter, want ...record.Head) {
	f.Helper()
	slices.SortFunc(want, func(a, b record.Head) int { return slices.Compare(b.Execution[:], a.Execution[:]) })
	f.equal(f.found("default", filter), want)
}

func searchOrder(f *fixture) {
	var want []record.Head
	for i := range 20 {
		want = append(want, f.start(record.Shard(i%5), 1, func(h *record.Head) {
			h.Workflow = []string{"a", "b", "c"}[i%3]
			h.Status = []string{"running", "completed"}[i%2]
		}))
	}
	slices.Reverse(want)
	f.equal(f.search("default", everyone).Heads, want)
}

func searchTenants(f *fixture) {
	tag := []record.Tag{{Name: "t", Text: "x"}}
	parent := f.id(0)
	mine := map[string]record.Head{}
	for _, namespace := range []string{"a", "b", "ab", "A"} {
		mine[namespace] = f.start(0, 1, func(h *record.Head) {
			h.Namespace, h.Key, h.Tags, h.Parent = namespace, "k", tag, parent
		})
	}
	for namespace, h := range mine {
		for _, filter := range []store.Filter{everyone, {Key: "k"}, {Tags: tag}, {Parent: parent}, {Workflow: "order"}, {IDPrefix: "0"}} {
			f.equal(f.found(namespace, filter), []record.Head{h})
		}
	}
	f.equal(f.found("", everyone), nil)
	f.equal(f.found("c", everyone), nil)
}

// zoo is executions of which every filter of menagerie selects some.
func (f *fixture) zoo() []record.Head {
	f.Helper()
	var out []record.Head
	parents := []record.ID{{}, f.id(0), f.id(0)}
	for i := range 40 {
		h := f.start(record.Shard(i%3), 1, func(h *record.Head) {
			h.Workflow = []string{"order", "refund", "order-2"}[i%3]
			h.Version = []string{"1.0.0", "2.0.0"}[i%2]
			h.Key = []string{"", "k1", "k2", "K1"}[i%4]
			h.Parent = parents[i%3]
			h.Status = []string{"running", "completed", "failed", "paused"}[i%4]
			h.Outcome = []string{"", "success", "rejected"}[i%3]
			h.Started = int64(1000 + i/2*10) // not what StartedFrom and StartedTo mean
			h.NextAt = record.Never
			if h.Status == "completed" || h.Status == "failed" {
				h.Ended = h.Started + 500
			}
			h.Tags = []record.Tag{{Name: "amount", Num: float64(i % 5), IsNum: true}, {Name: "city", Text: []string{"Bonn", "Köln"}[i%2]}}
		})
		out = append(out, h)
	}
	return out
}

// menagerie is one filter or more for every field.
func menagerie(zoo []record.Head) map[string]store.Filter {
	return map[string]store.Filter{
		"none":           {},
		"workflow":       {Workflow: "order"},
		"version":        {Version: "2.0.0"},
		"status":         {Statuses: []string{"failed"}},
		"statuses":       {Statuses: []string{"paused", "running", "paused"}},
		"no such status": {Statuses: []string{"dancing"}},
		"outcome":        {Outcome: "rejected"},
		"key":            {Key: "k1"},
		"parent":         {Parent: zoo[1].Parent},
		"text tag":       {Tags: []record.Tag{{Name: "city", Text: "Köln"}}},
		"number tag":     {Tags: []record.Tag{{Name: "amount", Num: 3, IsNum: true}}},
		"number as text": {Tags: []record.Tag{{Name: "amount", Text: "3"}}},
		"two tags":       {Tags: []record.Tag{{Name: "city", Text: "Bonn"}, {Name: "amount", Num: 4, IsNum: true}}},
		"started from":   {StartedFrom: zoo[20].Execution.Millis()},
		"started to":     {StartedTo: zoo[20].Execution.Millis()},
		"started":        {StartedFrom: zoo[17].Execution.Millis(), StartedTo: zoo[17].Execution.Millis() + 1},
		"ended from":     {EndedFrom: 1600},
		"ended to":       {EndedTo: 1600},
		"ended":          {EndedFrom: 1510, EndedTo: 1511},
		"whole id":       {IDPrefix: zoo[7].Execution.String()},
		"prefix":         {IDPrefix: zoo[7].Execution.String()[:10]},
		"upper case":     {IDPrefix: strings.ToUpper(zoo[7].Execution.String()[:11])},
		"no id":          {IDPrefix: "zzz"},
	}
}

// selects is what a filter means, written apart from the code under test.
func selects(filter store.Filter, h record.Head) bool {
	has := func(t record.Tag) bool { return slices.Contains(h.Tags, t) }
	for _, wrong := range []bool{
		filter.Workflow != "" && filter.Workflow != h.Workflow,
		filter.Version != "" && filter.Version != h.Version,
		filter.Statuses != nil && !slices.Contains(filter.Statuses, h.Status),
		filter.Outcome != "" && filter.Outcome != h.Outcome,
		filter.Key != "" && filter.Key != h.Key,
		!filter.Parent.IsZero() && filter.Parent != h.Parent,
		slices.ContainsFunc(filter.Tags, func(t record.Tag) bool { return !has(t) }),
		h.Execution.Millis() < filter.StartedFrom,
		filter.StartedTo != 0 && h.Execution.Millis() >= filter.StartedTo,
		h.Ended < filter.EndedFrom,
		filter.EndedTo != 0 && (h.Ended == 0 || h.Ended >= filter.EndedTo),
		!strings.HasPrefix(h.Execution.String(), strings.ToLower(filter.IDPrefix)),
	} {
		if wrong {
			return false
		}
	}
	return true
}

func selected(filter store.Filter, zoo []record.Head) []record.Head {
	return slices.DeleteFunc(slices.Clone(zoo), func(h record.Head) bool { return !selects(filter, h) })
}

func searchFields(f *fixture) {
	zoo := f.zoo()
	f.restart()
	filters := menagerie(zoo)
	for name, filter := range filters {
		want := selected(filter, zoo)
		if (len(want) == 0) != (strings.HasPrefix(name, "no ") || name == "number as text") {
			f.Fatalf("%s selects %d executions: the case shows nothing", name, len(want))
		}
		f.Run(name, func(t *testing.T) { f.in(t).finds(filter, want...) })
	}
}

func searchCombined(f *fixture) {
	zoo := f.zoo()
	filters := menagerie(zoo)
	for a, x := range filters {
		for b, y := range filters {
			if a < b {
				both := join(x, y)
				f.Run(a+" and "+b, func(t *testing.T) { f.in(t).finds(both, selected(both, zoo)...) })
			}
		}
	}
}

// join asks for what both ask for; where both use a field, y's holds.
func join(x, y store.Filter) store.Filter {
	x.Workflow = either(x.Workflow, y.Workflow)
	x.Version = either(x.Version, y.Version)
	x.Outcome = either(x.Outcome, y.Outcome)
	x.Key = either(x.Key, y.Key)
	x.IDPrefix = either(x.IDPrefix, y.IDPrefix)
	x.Parent = either(x.Parent, y.Parent)
	x.StartedFrom, x.StartedTo = either(x.StartedFrom, y.StartedFrom), either(x.StartedTo, y.StartedTo)
	x.EndedFrom, x.EndedTo = either(x.EndedFrom, y.EndedFrom), either(x.EndedTo, y.EndedTo)
	x.Tags = slices.Concat(x.Tags, y.Tags)
	if y.Statuses != nil {
		x.Statuses = y.Statuses
	}
	return x
}

func either[T comparable](x, y T) T {
	var zero T
	if y != zero {
		return y
	}
	return x
}

func searchPages(f *fixture) {
	zoo := f.zoo()
	for name, filter := range menagerie(zoo) {
		want := selected(filter, zoo)
		limits := []int{5, 40}
		if name == "none" {
			limits = append(limits, 1)
		}
		for _, limit := range limits {
			filter.Limit = limit
			f.Run(fmt.Sprint(name, " by ", limit), func(t *testing.T) { f.in(t).finds(filter, want...) })
		}
	}
}

// searchUnderInserts reads pages while executions begin, end and change: those that existed at the first page and
// match all the time come exactly once.
func searchUnderInserts(f *fixture) {
	var want []record.Head
	for i := range 30 {
		want = append(want, f.start(record.Shard(i%4), 1, nil))
	}
	filter := store.Filter{Limit: 4, Workflow: "order", Statuses: []string{"running"}}
	seen := map[record.ID]int{}
	for {
		page := f.search("default", filter)
		for _, h := range page.Heads {
			seen[h.Execution]++
		}
		if page.Next == "" {
			break
		}
		filter.Cursor = page.Next
		f.start(0, 1, nil)
		f.end(f.start(1, 1, nil))
		again := f.part(f.shard(want[0].Execution))
		again.Heads = []record.Head{want[0]}
		f.commit(again)
	}
	for _, h := range want {
		if seen[h.Execution] != 1 {
			f.Errorf("%s came %d times", h.Execution, seen[h.Execution])
		}
	}
	if len(seen) != len(want) {
		f.Errorf("%d executions, want %d", len(seen), len(want))
	}
}

func searchLimits(f *fixture) {
	const n = 1003
	p := f.part(0)
	for range n {
		id := f.id(0)
		p.Heads = append(p.Heads, head(id))
		p.Entries = append(p.Entries, entry(id, 1))
	}
	f.commit(p)
	for limit, want := range map[int]int{0: 100, -1: 100, 7: 7, 1000: 1000, 5000: 1000} {
		page := f.search("default", store.Filter{Limit: limit})
		if len(page.Heads) != want || page.Next == "" {
			f.Errorf("limit %d: %d heads, next %q", limit, len(page.Heads), page.Next)
		}
	}
	if all := f.found("default", store.Filter{Limit: 1000}); len(all) != n {
		f.Errorf("%d of %d found", len(all), n)
	}
}

func searchLiteral(f *fixture) {
	f.start(0, 1, func(h *record.Head) { h.Key, h.Tags = "plain", []record.Tag{{Name: "a", Text: "b"}} })
	odd := f.start(0, 1, func(h *record.Head) {
		h.Workflow, h.Key = "o'r\"der%", "%' OR 1=1 --"
		h.Tags = []record.Tag{{Name: "a'); DROP TABLE", Text: "_%*?["}}
	})
	f.finds(store.Filter{Workflow: odd.Workflow}, odd)
	f.finds(store.Filter{Key: odd.Key}, odd)
	f.finds(store.Filter{Tags: odd.Tags}, odd)
	for _, wild := range []string{"%", "_____", "*", "pl%", "' OR '1'='1"} {
		f.finds(store.Filter{Workflow: wild})
		f.finds(store.Filter{Key: wild})
		f.finds(store.Filter{IDPrefix: wild})
		f.finds(store.Filter{Statuses: []string{wild}})
		f.finds(store.Filter{Tags: []record.Tag{{Name: "a", Text: wild}}})
	}
}

func searchBadCursor(f *fixture) {
	f.start(0, 1, nil)
	for _, cursor := range []string{"x", "'; --", strings.Repeat("z", 26)} {
		if _, err := f.Search(f.ctx, "default", store.Filter{Cursor: cursor}); err == nil {
			f.Errorf("cursor %q was accepted", cursor)
		}
	}
}
