package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// searchSeldom looks for few among many by what has no index: what fits is far apart, and in one workflow nothing does.
func searchSeldom(f *fixture) {
	const n = 900
	var want []record.Head
	p := f.part(0)
	for i := range n {
		h := head(f.id(0))
		h.Workflow, h.Status, h.Version = []string{"a", "b", "c"}[i%3], []string{"running", "paused"}[i/3%2], "1.0.0"
		if i == 4 || i == 7 || i > 400 && i%90 == 1 || i == n-2 {
			h.Version = "seldom"
		}
		p.Heads, p.Entries = append(p.Heads, h), append(p.Entries, entry(h.Execution, 1))
		if h.Insert = false; h.Version == "seldom" {
			want = append(want, h)
		}
	}
	f.commit(p)
	for _, order := range []store.Order{store.Newest, store.Oldest} {
		for _, limit := range []int{1, 2, 5, 100} {
			f.finds(store.Filter{Versions: []string{"seldom"}, Order: order, Limit: limit}, want...)
			f.finds(store.Filter{Versions: []string{"never"}, Order: order, Limit: limit})
			f.finds(store.Filter{Versions: []string{"seldom"}, Workflows: []string{"a", "c"}, Order: order, Limit: limit})
		}
	}
	all := f.found("default", store.Filter{Except: []store.Filter{{Versions: []string{"seldom"}}}, Limit: 7})
	if len(all) != n-len(want) {
		f.Errorf("%d of %d others were found", len(all), n-len(want))
	}
}

// scraps are what has a meaning in some language of some store. Texts of searches are put together from them.
var scraps = []string{"%", "_", "*", "?", "[a-z]", "\\", "'", "\"", "`", ";", "--", "$1", ":x", "{}", "\n", " ", "", "a", "A", "ä", "Ä", "ß", "İ", "ı", "K",
	"€", "\U0001F600", "é", "e\u0301", "null", "0", "(", ")", "|", "@", "~", "-", ",", ", ", "]]--", "%s", "/*", "pawl.", "\ufffd", "Z", "z"}

func scrap(r *rand.Rand, most int) string {
	var b strings.Builder
	for range 1 + r.IntN(most) {
		b.WriteString(scraps[r.IntN(len(scraps))])
	}
	return b.String()
}

// searchAnyText draws heads and filters from the same few texts; what is found must be what the filter means.
func searchAnyText(f *fixture) {
	r := rand.New(rand.NewPCG(7, 11))
	draw := func() string { return scrap(r, 2) }
	var heads []record.Head
	parts := []record.Part{f.part(0), f.part(1)}
	for i := range 120 {
		p := &parts[i%2]
		h := head(f.id(record.Shard(i % 2)))
		h.Workflow, h.Version, h.Status, h.Outcome, h.Key = draw(), draw(), draw(), draw(), draw()
		h.Error, h.Waiting = scrap(r, 6), scrap(r, 4)
		if i%3 > 0 {
			h.Fingerprint = draw()
		}
		h.Tags = []record.Tag{{Name: "t", Text: draw()}}
		if i%4 == 0 {
			h.Tags[0] = record.Tag{Name: "t", Num: float64(i % 7), IsNum: true}
		}
		p.Heads, p.Entries = append(p.Heads, h), append(p.Entries, entry(h.Execution, 1))
		h.Insert = false
		heads = append(heads, h)
	}
	f.commit(parts...)
	searches := 400
	if testing.Short() {
		searches = 90
	}
	for i := range searches {
		filter := store.Filter{Order: store.Order(i % 2), Limit: 50}
		one := heads[r.IntN(len(heads))]
		part := func(s string) string {
			runes := []rune(s)
			from := r.IntN(len(runes) + 1)
			return string(runes[from : from+r.IntN(len(runes)-from+1)])
		}
		switch i % 9 {
		case 0:
			filter.Workflows = []string{one.Workflow, draw()}
		case 1:
			filter.Versions, filter.Statuses = []string{one.Version}, []string{one.Status, draw()}
		case 2:
			filter.Outcomes = []string{draw(), draw()}
		case 3:
			filter.Key = one.Key
		case 4:
			filter.ErrorText = part(one.Error)
		case 5:
			filter.Waiting = []string{one.Waiting[:strings.Index(one.Waiting+",", ",")], strings.ReplaceAll(draw(), ",", "")}
		case 6:
			filter.Fingerprints = []string{one.Fingerprint}
		case 7:
			is := []store.Comparison{store.Equal, store.NotEqual, store.Less, store.LessEqual, store.Greater, store.GreaterEqual}[r.IntN(6)]
			filter = tag("t", is, text(draw()))
		case 8:
			filter.Except = []store.Filter{{Workflows: []string{one.Workflow}}, {ErrorText: "x" + part(one.Error)}, tag("t", store.Less, text(draw()))}
		}
		want := selected(filter, heads)
		slices.SortFunc(want, func(a, b record.Head) int {
			if filter.Order == store.Oldest {
				a, b = b, a
			}
			return slices.Compare(b.Execution[:], a.Execution[:])
		})
		if got := f.found("default", filter); fmt.Sprint(got) != fmt.Sprint(want) {
			f.Fatalf("%+v\ngot  %+v\nwant %+v", filter, got, want)
		}
	}
}
