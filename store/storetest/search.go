package storetest

import (
	"fmt"
	"maps"
	"math"
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
	{"S28_BadFilters", searchBadFilters},
	{"TagsAreTyped", searchTypedTags},
	{"OldestFirstUnderInserts", searchOldestUnderInserts},
	{"Fingerprints", searchFingerprints},
	{"SeldomAmongMany", searchSeldom},
	{"S27_AnyTextIsLiteral", searchAnyText},
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
	slices.SortFunc(want, func(a, b record.Head) int {
		if filter.Order == store.Oldest {
			a, b = b, a
		}
		return slices.Compare(b.Execution[:], a.Execution[:])
	})
	f.equal(f.found("default", filter), want)
}

// tests asks for tags as they are.
func tests(tags ...record.Tag) (out []store.TagTest) {
	for _, t := range tags {
		out = append(out, store.HasTag(t))
	}
	return out
}

func number(n float64) store.Value { return store.Value{Num: n, IsNum: true} }

func text(s string) store.Value { return store.Value{Text: s} }

// tag is one test of a tag.
func tag(name string, is store.Comparison, values ...store.Value) store.Filter {
	return store.Filter{Tags: []store.TagTest{{Name: name, Is: is, Values: values}}}
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
		for _, filter := range []store.Filter{
			everyone, {Key: "k"}, {Tags: tests(tag...)}, {Parent: parent}, {Workflows: []string{"order"}}, {IDPrefix: "0"},
			{Order: store.Oldest}, {Statuses: []string{"running"}}, {Tags: []store.TagTest{{Name: "t", Is: store.Exists}}},
		} {
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
			if i%7 == 0 {
				h.Tags = append(h.Tags, record.Tag{Name: "rush", Text: "3"})
			}
			h.Error = []string{"", "declined: Card 17 was DECLINED", "busy: 100% busy, try_again", "ÄRGER: no"}[i%4]
			h.Fingerprint = []string{"", "00ff00ff00ff00ff", "1111111111111111", ""}[i%4]
			h.Waiting = []string{"signal approve, timer", "", "child order, signal b", "timer"}[i%4]
		})
		out = append(out, h)
	}
	return out
}

// menagerie is one filter or more for every field.
func menagerie(zoo []record.Head) map[string]store.Filter {
	return map[string]store.Filter{
		"none":              {},
		"workflow":          {Workflows: []string{"order"}},
		"workflows":         {Workflows: []string{"order", "order-2", "none"}},
		"version":           {Versions: []string{"2.0.0"}},
		"versions":          {Versions: []string{"2.0.0", "1.0.0"}},
		"status":            {Statuses: []string{"failed"}},
		"statuses":          {Statuses: []string{"paused", "running", "paused"}},
		"no such status":    {Statuses: []string{"dancing"}},
		"outcome":           {Outcomes: []string{"rejected"}},
		"outcomes":          {Outcomes: []string{"rejected", ""}},
		"fingerprint":       {Fingerprints: []string{"1111111111111111"}},
		"key":               {Key: "k1"},
		"parent":            {Parent: zoo[1].Parent},
		"error":             {ErrorText: "declined"},
		"error in capitals": {ErrorText: "CARD 17"},
		"error with %":      {ErrorText: "0% b"},
		"error with _":      {ErrorText: "TRY_A"},
		"foreign letters":   {ErrorText: "Ärg"},
		"no small Ä":        {ErrorText: "ärger"},
		"waiting":           {Waiting: []string{"signal"}},
		"waiting second":    {Waiting: []string{"timer"}},
		"waiting for some":  {Waiting: []string{"child order", "signal a"}},
		"no waiting":        {Waiting: []string{"ignal"}},
		"text tag":          tag("city", store.Equal, text("Köln")),
		"text tags":         tag("city", store.Equal, text("Köln"), text("Ulm"), number(2)),
		"number tag":        tag("amount", store.Equal, number(3)),
		"no number as text": tag("amount", store.Equal, text("3")),
		"no text as number": tag("rush", store.Equal, number(3)),
		"other tag":         tag("amount", store.NotEqual, number(3), number(2), text("1")),
		"tag below":         tag("amount", store.Less, number(2)),
		"tag up to":         tag("amount", store.LessEqual, number(2)),
		"tag above":         tag("amount", store.Greater, number(2)),
		"tag from":          tag("amount", store.GreaterEqual, number(2)),
		"text below":        tag("city", store.Less, text("Köln")),
		"text from":         tag("city", store.GreaterEqual, text("K")),
		"no text above":     tag("amount", store.Greater, text("")),
		"no number below":   tag("city", store.Less, number(1e300)),
		"tag there":         tag("rush", store.Exists),
		"two tags":          {Tags: tests(record.Tag{Name: "city", Text: "Bonn"}, record.Tag{Name: "amount", Num: 4, IsNum: true})},
		"but a status":      {Except: []store.Filter{{Statuses: []string{"failed", "paused"}}}},
		"but runs":          {Except: []store.Filter{{Workflows: []string{"order"}, Statuses: []string{"failed"}}, {Workflows: []string{"refund"}}}},
		"but a parent":      {Except: []store.Filter{{Parent: zoo[1].Parent}}},
		"but a key":         {Except: []store.Filter{{Key: "k1"}}},
		"but a tag":         {Except: []store.Filter{tag("rush", store.Equal, text("3")), tag("amount", store.Less, number(2))}},
		"but an error":      {Except: []store.Filter{{ErrorText: "declined"}, {Waiting: []string{"timer"}}}},
		"but the ended":     {Except: []store.Filter{{EndedFrom: 1}}},
		"no but all":        {Except: []store.Filter{{}}},
		"oldest":            {Order: store.Oldest},
		"oldest of some":    {Order: store.Oldest, Workflows: []string{"order", "refund"}, Statuses: []string{"failed", "running"}},
		"started from":      {StartedFrom: zoo[20].Execution.Millis()},
		"started to":        {StartedTo: zoo[20].Execution.Millis()},
		"started":           {StartedFrom: zoo[17].Execution.Millis(), StartedTo: zoo[17].Execution.Millis() + 1},
		"ended from":        {EndedFrom: 1600},
		"ended to":          {EndedTo: 1600},
		"ended":             {EndedFrom: 1510, EndedTo: 1511},
		"whole id":          {IDPrefix: zoo[7].Execution.String()},
		"prefix":            {IDPrefix: zoo[7].Execution.String()[:10]},
		"upper case":        {IDPrefix: strings.ToUpper(zoo[7].Execution.String()[:11])},
		"no id":             {IDPrefix: "zzz"},
	}
}

// selects is what a filter means, written apart from the code under test.
func selects(filter store.Filter, h record.Head) bool {
	lacks := func(list []string, s string) bool { return list != nil && !slices.Contains(list, s) }
	for _, wrong := range []bool{
		lacks(filter.Workflows, h.Workflow),
		lacks(filter.Versions, h.Version),
		lacks(filter.Statuses, h.Status),
		lacks(filter.Outcomes, h.Outcome),
		lacks(filter.Fingerprints, h.Fingerprint),
		filter.Key != "" && filter.Key != h.Key,
		!filter.Parent.IsZero() && filter.Parent != h.Parent,
		!strings.Contains(asciiLower(h.Error), asciiLower(filter.ErrorText)),
		filter.Waiting != nil && !slices.ContainsFunc(filter.Waiting, func(w string) bool {
			return slices.ContainsFunc(strings.Split(h.Waiting, ", "), func(s string) bool { return strings.HasPrefix(s, w) })
		}),
		slices.ContainsFunc(filter.Tags, func(t store.TagTest) bool { return !holds(t, h.Tags) }),
		slices.ContainsFunc(filter.Except, func(x store.Filter) bool { return selects(x, h) }),
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

func asciiLower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 32
		}
		return r
	}, s)
}

// holds is what a test of a tag means.
func holds(t store.TagTest, tags []record.Tag) bool {
	for _, have := range tags {
		if have.Name != t.Name {
			continue
		}
		is := func(v store.Value) bool { return v.IsNum == have.IsNum && v.Num == have.Num && v.Text == have.Text }
		switch t.Is {
		case store.Exists:
			return true
		case store.Equal:
			return slices.ContainsFunc(t.Values, is)
		case store.NotEqual:
			return !slices.ContainsFunc(t.Values, is)
		}
		v := t.Values[0]
		less := have.Num < v.Num || have.Text < v.Text
		return v.IsNum == have.IsNum && map[store.Comparison]bool{
			store.Less: less, store.LessEqual: less || is(v), store.Greater: !less && !is(v), store.GreaterEqual: !less,
		}[t.Is]
	}
	return false
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
		if (len(want) == 0) != strings.HasPrefix(name, "no ") {
			f.Fatalf("%s selects %d executions: the case shows nothing", name, len(want))
		}
		f.Run(name, func(t *testing.T) { f.in(t).finds(filter, want...) })
	}
}

func searchCombined(f *fixture) {
	zoo := f.zoo()
	filters := menagerie(zoo)
	names := slices.Sorted(maps.Keys(filters))
	for i, a := range names {
		for j, b := range names[:i] {
			if (i+j)%4 == 0 { // each with a quarter of the others: there are many
				both := join(filters[a], filters[b])
				f.Run(a+" and "+b, func(t *testing.T) { f.in(t).finds(both, selected(both, zoo)...) })
			}
		}
	}
}

// join asks for what both ask for; where both use a field, y's holds.
func join(x, y store.Filter) store.Filter {
	x.Workflows, x.Versions = eitherList(x.Workflows, y.Workflows), eitherList(x.Versions, y.Versions)
	x.Statuses, x.Outcomes = eitherList(x.Statuses, y.Statuses), eitherList(x.Outcomes, y.Outcomes)
	x.Fingerprints, x.Waiting = eitherList(x.Fingerprints, y.Fingerprints), eitherList(x.Waiting, y.Waiting)
	x.ErrorText, x.Order = either(x.ErrorText, y.ErrorText), either(x.Order, y.Order)
	x.Except = slices.Concat(x.Except, y.Except)
	x.Key = either(x.Key, y.Key)
	x.IDPrefix = either(x.IDPrefix, y.IDPrefix)
	x.Parent = either(x.Parent, y.Parent)
	x.StartedFrom, x.StartedTo = either(x.StartedFrom, y.StartedFrom), either(x.StartedTo, y.StartedTo)
	x.EndedFrom, x.EndedTo = either(x.EndedFrom, y.EndedFrom), either(x.EndedTo, y.EndedTo)
	x.Tags = slices.Concat(x.Tags, y.Tags)
	return x
}

func eitherList(x, y []string) []string {
	if y != nil {
		return y
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
	filter := store.Filter{Limit: 4, Workflows: []string{"order"}, Statuses: []string{"running"}}
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
	f.start(0, 1, func(h *record.Head) {
		h.Key, h.Tags, h.Error, h.Waiting = "plain", []record.Tag{{Name: "a", Text: "b"}}, "plain: text", "plain text"
	})
	odd := f.start(0, 1, func(h *record.Head) {
		h.Workflow, h.Key, h.Error, h.Waiting = "o'r\"der%", "%' OR 1=1 --", `%_\'"?$1 [a-z]* pawl.tags`, `signal %_\'"?$1`
		h.Tags = []record.Tag{{Name: "a'); DROP TABLE", Text: "_%*?["}}
		h.Version, h.Outcome, h.Fingerprint = "1?", "$2", "'"
	})
	trailing := f.start(0, 1, func(h *record.Head) {
		h.Workflow, h.Key, h.Status, h.Error = "order ", "plain ", "Running", "Plain: text "
		h.Tags = []record.Tag{{Name: "A", Text: "b"}, {Name: "a", Text: "b "}}
	})
	for _, filter := range []store.Filter{
		{Workflows: []string{odd.Workflow}}, {Key: odd.Key}, {Tags: tests(odd.Tags...)}, {ErrorText: odd.Error}, {Waiting: []string{odd.Waiting}},
		{Versions: []string{odd.Version}}, {Outcomes: []string{odd.Outcome}}, {Fingerprints: []string{odd.Fingerprint}},
		{ErrorText: `\'"?$1`}, {ErrorText: "PAWL.TAGS"}, {Waiting: []string{"signal %_"}},
	} {
		f.finds(filter, odd)
	}
	for _, filter := range []store.Filter{
		{Workflows: []string{"order "}}, {Key: "plain "}, {Statuses: []string{"Running"}}, tag("a", store.Equal, text("b ")), tag("A", store.Exists),
	} {
		f.finds(filter, trailing) // neither spaces nor capitals are overlooked
	}
	long := strings.Repeat("%a_'", 16<<10)
	for _, wild := range []string{"%", "_____", "*", "pl%", "' OR '1'='1", "?", "$1", `\`, long} {
		for _, filter := range []store.Filter{
			{Workflows: []string{wild}}, {Key: wild}, {Statuses: []string{wild}}, {Outcomes: []string{wild}}, {Versions: []string{wild}},
			{Fingerprints: []string{wild}}, {Waiting: []string{wild}}, {ErrorText: wild + "x"}, {ErrorText: wild + long}, {IDPrefix: wild},
			tag("a", store.Equal, text(wild)), tag(wild, store.Exists),
		} {
			f.finds(filter)
		}
	}
}

func searchBadCursor(f *fixture) {
	f.start(0, 1, nil)
	for _, cursor := range []string{"x", "'; --", strings.Repeat("z", 26)} {
		for _, order := range []store.Order{store.Newest, store.Oldest} {
			_, err := f.Search(f.ctx, "default", store.Filter{Cursor: cursor, Order: order})
			f.is(err, store.ErrFilter)
		}
	}
}

func searchBadFilters(f *fixture) {
	many := make([]string, 200)
	for name, filter := range map[string]store.Filter{
		"NaN":               tag("a", store.Less, number(math.NaN())),
		"infinite":          tag("a", store.Equal, number(math.Inf(1))),
		"no value":          tag("a", store.Equal),
		"two bounds":        tag("a", store.Less, number(1), number(2)),
		"exists a value":    tag("a", store.Exists, number(1)),
		"comparison":        tag("a", 99, number(1)),
		"order":             {Order: 7},
		"many":              {Statuses: many},
		"NUL":               {ErrorText: "a\x00b"},
		"not UTF-8":         {Workflows: []string{"\xff"}},
		"page of exception": {Except: []store.Filter{{Limit: 1}}},
		"nested":            {Except: []store.Filter{{Except: []store.Filter{{}}}}},
		"NaN of exception":  {Except: []store.Filter{tag("a", store.Less, number(math.NaN()))}},
	} {
		f.Run(name, func(t *testing.T) {
			g := f.in(t)
			_, err := g.Search(g.ctx, "default", filter)
			g.is(err, store.ErrFilter)
			_, err = g.Count(g.ctx, "default", filter, store.Facet{})
			g.is(err, store.ErrFilter)
		})
	}
}

// searchTypedTags: text and numbers that look alike differ, and neither is before or after the other.
func searchTypedTags(f *fixture) {
	heads := map[string]record.Head{}
	for name, v := range map[string]record.Tag{
		"one": {Num: 1, IsNum: true}, "text one": {Text: "1"}, "two": {Num: 2, IsNum: true}, "text two": {Text: "2"}, "ten": {Num: 10, IsNum: true},
		"text ten": {Text: "10"}, "zero": {Num: 0, IsNum: true}, "empty": {Text: ""}, "half": {Num: -0.5, IsNum: true},
		"big": {Num: 1 << 53, IsNum: true}, "capital": {Text: "Z"}, "small": {Text: "a"}, "umlaut": {Text: "ä"},
	} {
		v.Name = "n"
		heads[name] = f.start(0, 1, func(h *record.Head) { h.Tags = []record.Tag{v} })
	}
	f.start(0, 1, nil)
	for _, c := range []struct {
		is     store.Comparison
		values []store.Value
		want   string
	}{
		{store.Equal, []store.Value{number(1)}, "one"},
		{store.Equal, []store.Value{text("1")}, "text one"},
		{store.Equal, []store.Value{text("1"), number(2)}, "text one,two"},
		{store.Equal, []store.Value{text("1.0")}, ""},
		{store.Equal, []store.Value{number(math.Copysign(0, -1))}, "zero"},
		{store.Equal, []store.Value{text("")}, "empty"},
		{store.NotEqual, []store.Value{number(1), text("1"), text("")}, "two,text two,ten,text ten,zero,half,big,capital,small,umlaut"},
		{store.Less, []store.Value{number(2)}, "one,zero,half"},
		{store.LessEqual, []store.Value{number(2)}, "one,two,zero,half"},
		{store.Greater, []store.Value{number(2)}, "ten,big"},
		{store.GreaterEqual, []store.Value{number(2)}, "two,ten,big"},
		{store.Less, []store.Value{text("2")}, "text one,text ten,empty"},
		{store.LessEqual, []store.Value{text("2")}, "text one,text two,text ten,empty"},
		{store.Greater, []store.Value{text("2")}, "capital,small,umlaut"},
		{store.GreaterEqual, []store.Value{text("a")}, "small,umlaut"},
		{store.Greater, []store.Value{text("z")}, "umlaut"},
		{store.Exists, nil, "one,text one,two,text two,ten,text ten,zero,empty,half,big,capital,small,umlaut"},
	} {
		var want []record.Head
		for name := range strings.SplitSeq(c.want, ",") {
			if name != "" {
				want = append(want, heads[name])
			}
		}
		f.Run(fmt.Sprint(c.is, c.values), func(t *testing.T) {
			g := f.in(t)
			g.finds(tag("n", c.is, c.values...), want...)
			both := tag("n", c.is, c.values...)
			both.Tags = append(both.Tags, store.TagTest{Name: "n", Is: store.Exists}) // another way through the indexes
			slices.Reverse(both.Tags)
			g.finds(both, want...)
		})
	}
}

// searchOldestUnderInserts: what existed at the first page comes once, in order; what is new may come at the end.
func searchOldestUnderInserts(f *fixture) {
	var want []record.ID
	for i := range 30 {
		want = append(want, f.start(record.Shard(i%4), 1, func(h *record.Head) {
			h.Workflow = []string{"a", "b", "c"}[i%3]
			h.Status = []string{"running", "paused"}[i%2]
		}).Execution)
	}
	filter := store.Filter{Limit: 4, Order: store.Oldest}
	var seen []record.ID
	for len(seen) < len(want) {
		page := f.search("default", filter)
		for _, h := range page.Heads {
			seen = append(seen, h.Execution)
		}
		if filter.Cursor = page.Next; page.Next == "" {
			break
		}
		f.start(0, 1, nil)
	}
	f.equal(seen[:min(len(seen), len(want))], want)
}

// searchFingerprints: a head carries them, and a later head replaces them.
func searchFingerprints(f *fixture) {
	h := f.start(0, 1, func(h *record.Head) { h.Waiting = "signal go" })
	h.Waiting, h.Error, h.Fingerprint, h.Status = "operator", "x: y", "00000000000000ab", "parked"
	p := f.part(0)
	p.Heads = []record.Head{h}
	f.commit(p)
	f.restart()
	f.equal(f.load(h.Execution).Head, h)
	f.finds(store.Filter{Fingerprints: []string{h.Fingerprint}, Waiting: []string{"op"}}, h)
	f.finds(store.Filter{Waiting: []string{"signal"}})
}
