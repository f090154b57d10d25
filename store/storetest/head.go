package storetest

import (
	"github.com/pawl-dev/pawl/record"
)

var headTests = []test{
	{"InsertAndUpdate", headUpdate},
	{"InsertTwiceIsRejected", headTwice},
	{"UpdateOfNothingIsRejected", headMissing},
	{"InsertWithoutEntryIsRejected", headWithoutEntry},
	{"InsertAndUpdateInOnePart", headBoth},
	{"EveryColumnComesBack", headColumns},
	{"TagsAreReplaced", headTags},
	{"LoadSkipsWhatIsNotThere", loadSkips},
}

func headUpdate(f *fixture) {
	h := f.start(0, 1, nil)
	f.equal(f.load(h.Execution).Head, h)
	end := closed(h)
	p := f.part(0)
	p.Heads = []record.Head{end}
	f.commit(p)
	f.restart()
	f.equal(f.load(h.Execution).Head, end)
}

func headTwice(f *fixture) {
	h := f.start(0, 1, nil)
	p := f.part(0)
	again := head(h.Execution)
	again.Workflow = "other"
	p.Heads = []record.Head{again}
	f.rejected([]record.ID{h.Execution}, p)
	f.equal(f.load(h.Execution).Head, h)
}

func headMissing(f *fixture) {
	h := head(f.id(0))
	h.Insert = false
	p := f.part(0)
	p.Heads = []record.Head{h}
	f.rejected([]record.ID{h.Execution}, p)
	f.absent(h.Execution)
}

func headWithoutEntry(f *fixture) {
	h := head(f.id(0))
	p := f.part(0)
	p.Heads = []record.Head{h}
	f.rejected([]record.ID{h.Execution}, p)
	f.absent(h.Execution)
}

func headBoth(f *fixture) {
	h := head(f.id(0))
	p := f.part(0)
	p.Heads = []record.Head{h, closed(h)}
	p.Entries = entries(h.Execution, 1, 2)
	f.commit(p)
	f.equal(f.load(h.Execution).Head, closed(h))
}

func headColumns(f *fixture) {
	want := f.start(3, 1, func(h *record.Head) {
		h.Namespace, h.Workflow, h.Version, h.Key = "tenant-ü", "wörk 'flow'", "1.2.3-rc", `k"e;y -- %_`
		h.Parent = f.id(9)
		h.Status, h.Outcome, h.Error = "failed", "rejected", "http_500: it's 100% broken\n\u202e"
		h.Started, h.Ended, h.NextAt = 1, 1<<53+1, 1<<62
		h.Tags = []record.Tag{
			{Name: "amount", Num: 1e300, IsNum: true}, {Name: "count", Num: -0.5, IsNum: true}, {Name: "empty"},
			{Name: "number", Text: "5"}, {Name: "zero", IsNum: true},
		}
	})
	f.restart()
	f.equal(f.load(want.Execution).Head, want)
	page := f.search("tenant-ü", everyone)
	f.equal(page.Heads, []record.Head{want})
}

func headTags(f *fixture) {
	h := f.start(0, 1, func(h *record.Head) {
		h.Tags = []record.Tag{{Name: "a", Text: "1"}, {Name: "b", Text: "2"}}
	})
	for _, tags := range [][]record.Tag{
		{{Name: "b", Num: 3, IsNum: true}, {Name: "c", Text: "4"}},
		nil,
		{{Name: "a", Text: "5"}},
	} {
		h.Tags = tags
		p := f.part(0)
		p.Heads = []record.Head{h}
		f.commit(p)
		f.equal(f.load(h.Execution).Head, h)
	}
}

func loadSkips(f *fixture) {
	a, b, elsewhere := f.start(0, 2, nil), f.start(0, 3, nil), f.start(1, 1, nil)
	got, err := f.Load(f.ctx, 0, []record.ID{b.Execution, f.id(0), elsewhere.Execution, a.Execution})
	f.must(err)
	loaded := map[record.ID]int{}
	for _, l := range got {
		loaded[l.Head.Execution] = len(l.Entries)
	}
	f.equal(loaded, map[record.ID]int{a.Execution: 2, b.Execution: 3})
	got, err = f.Load(f.ctx, 0, nil)
	f.must(err)
	f.equal(len(got), 0)
}
