package storetest

import (
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var forgetTests = []test{
	{"RemovesEverything", forgetEverything},
	{"I28_OpenExecutionIsRejected", forgetOpen},
	{"F43_KeyOfTheSuccessorStays", forgetSuccessor},
	{"WhatIsGoneIsNoFault", forgetTwice},
	{"ClosedInTheSamePart", forgetClosing},
}

// end closes an execution and forgets nothing.
func (f *fixture) end(h record.Head) {
	f.Helper()
	p := f.part(f.shard(h.Execution))
	p.Heads = []record.Head{closed(h)}
	f.commit(p)
}

func (f *fixture) forget(id record.ID) {
	f.Helper()
	p := f.part(f.shard(id))
	p.Forgets = []record.ID{id}
	f.commit(p)
}

func forgetEverything(f *fixture) {
	keep := f.start(0, 4, func(h *record.Head) { h.Tags = []record.Tag{{Name: "t", Text: "x"}} })
	h := f.start(0, 4, func(h *record.Head) {
		h.Key, h.Tags = "k", []record.Tag{{Name: "t", Text: "x"}}
	})
	f.commit(f.changeKey(keyRow("k", h.Execution), record.ID{}, false))
	f.snap(h.Execution, 2)
	f.snap(keep.Execution, 2)
	sum := [32]byte{1}
	f.must(f.PutBlob(f.ctx, "default", h.Execution, sum, []byte("gone")))
	f.must(f.PutBlob(f.ctx, "default", keep.Execution, sum, []byte("kept")))
	last := closed(h)
	last.NextAt = 7 // a retention timer
	p := f.part(0)
	p.Heads = []record.Head{last}
	f.commit(p)
	f.forget(h.Execution)
	f.restart()

	f.absent(h.Execution)
	f.wantKey(keyRow("k", h.Execution).Key)
	_, err := f.GetBlob(f.ctx, "default", h.Execution, sum)
	f.is(err, store.ErrNotFound)
	f.equal(f.search("default", everyone).Heads, []record.Head{keep})
	f.equal(f.search("default", store.Filter{Tags: tests(keep.Tags...)}).Heads, []record.Head{keep})
	f.equal(f.due(0, record.Due{}, record.Never, 10), []record.Due{{At: 0, Execution: keep.Execution}})
	f.length(keep.Execution, 4)
	f.equal(f.load(keep.Execution).Snapshot.Seq, uint64(2))
	body, err := f.GetBlob(f.ctx, "default", keep.Execution, sum)
	f.must(err)
	f.equal(body, []byte("kept"))
}

func forgetOpen(f *fixture) {
	h := f.start(0, 2, nil)
	p := f.part(0)
	p.Forgets = []record.ID{h.Execution}
	f.rejected([]record.ID{h.Execution}, p)
	f.length(h.Execution, 2)
}

func forgetSuccessor(f *fixture) {
	h := f.start(0, 1, func(h *record.Head) { h.Key = "k" })
	f.end(h)
	successor := keyRow("k", f.id(0))
	f.commit(f.changeKey(successor, record.ID{}, false))
	f.forget(h.Execution)
	f.wantKey(successor.Key, successor)
}

func forgetTwice(f *fixture) {
	h := f.start(0, 1, nil)
	f.end(h)
	f.forget(h.Execution)
	f.forget(h.Execution)
	f.forget(f.id(0))
}

func forgetClosing(f *fixture) {
	h := f.start(0, 1, nil)
	p := f.part(0)
	p.Entries = entries(h.Execution, 2, 2)
	p.Heads = []record.Head{closed(h)}
	p.Forgets = []record.ID{h.Execution}
	f.commit(p)
	f.absent(h.Execution)
}
