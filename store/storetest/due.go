package storetest

import (
	"slices"

	"github.com/pawl-dev/pawl/record"
)

var dueTests = []test{
	{"F10_I9_OrderAndHorizon", dueOrder},
	{"F10_I9_PagesNeitherSkipNorRepeat", duePages},
	{"NeverIsNeverDue", dueNever},
	{"FollowsTheHead", dueFollows},
}

func (f *fixture) due(s record.Shard, after record.Due, before int64, limit int) []record.Due {
	f.Helper()
	got, err := f.Due(f.ctx, s, after, before, limit)
	f.must(err)
	return got
}

// at starts executions of shard s with these next_at and returns them as due, in order.
func (f *fixture) at(s record.Shard, times ...int64) []record.Due {
	f.Helper()
	var out []record.Due
	for _, at := range times {
		h := f.start(s, 1, func(h *record.Head) { h.NextAt = at })
		out = append(out, record.Due{At: at, Execution: h.Execution})
	}
	slices.SortFunc(out, compareDue)
	return out
}

func compareDue(a, b record.Due) int {
	if a.At != b.At {
		return int(a.At - b.At)
	}
	return slices.Compare(a.Execution[:], b.Execution[:])
}

func dueOrder(f *fixture) {
	all := f.at(0, 50, 0, 30, 10, 0, 30)
	f.at(1, 5)
	f.equal(f.due(0, record.Due{}, 31, 10), all[:5])
	f.equal(f.due(0, record.Due{}, 30, 10), all[:3]) // before is exclusive
	f.equal(f.due(0, record.Due{}, 1, 10), all[:2])
	f.equal(f.due(0, record.Due{}, 0, 10), nil)
	f.equal(f.due(0, record.Due{}, 100, 2), all[:2])
	f.equal(f.due(0, record.Due{}, 100, 0), nil)
	f.equal(f.due(7, record.Due{}, 100, 10), nil)
}

func duePages(f *fixture) {
	all := f.at(0, 3, 1, 2, 2, 2, 2, 1, 3, 0)
	for size := 1; size <= len(all); size++ {
		var got []record.Due
		var after record.Due
		for {
			page := f.due(0, after, 100, size)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = page[len(page)-1]
		}
		f.equal(got, all)
	}
}

func dueNever(f *fixture) {
	f.at(0, record.Never)
	f.equal(f.due(0, record.Due{}, record.Never, 10), nil)
	late := f.at(0, record.Never-1)
	f.equal(f.due(0, record.Due{}, record.Never, 10), late)
}

func dueFollows(f *fixture) {
	h := f.start(0, 1, func(h *record.Head) { h.NextAt = 10 })
	for _, at := range []int64{99, record.Never, 5} {
		h.NextAt = at
		p := f.part(0)
		p.Heads = []record.Head{h}
		f.commit(p)
		var want []record.Due
		if at != record.Never {
			want = []record.Due{{At: at, Execution: h.Execution}}
		}
		f.restart()
		f.equal(f.due(0, record.Due{}, record.Never, 10), want)
	}
}
