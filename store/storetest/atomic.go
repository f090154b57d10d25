package storetest

import (
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var atomicTests = []test{
	{"I6_CommittedSurvivesRestart", atomicDurable},
	{"I2_AllOrNothing", atomicNothing},
	{"F35_AllBadExecutionsAreNamed", atomicNamed},
	{"F35_GoodMembersCommitWithoutTheBad", atomicSplit},
	{"F35_InnocentIsNotNamed", atomicInnocent},
	{"CallerMayReuseBuffers", atomicBuffers},
}

// everything is a part of shard 0 that writes a row of every kind, with what must be there beforehand.
func (f *fixture) everything() (p record.Part, old record.Head, waiting record.Message) {
	f.Helper()
	old = f.start(0, 2, func(h *record.Head) { h.Key = "old" })
	end := f.part(0)
	end.Heads = []record.Head{closed(old)}
	end.Keys = []record.KeyChange{{KeyRow: keyRow("old", old.Execution)}}
	f.commit(end)
	id := f.id(0)
	waiting = message(f.id(0), 0, id, 0)
	f.must(f.Send(f.ctx, []record.Message{waiting}))
	p = f.part(0)
	h := head(id)
	h.Key, h.Tags = "new", []record.Tag{{Name: "customer", Text: "acme"}}
	p.Heads = []record.Head{h}
	p.Entries = entries(id, 1, 3)
	p.Snapshots = []record.Snapshot{snapshot(id, 2)}
	p.Keys = []record.KeyChange{{KeyRow: keyRow("new", id)}}
	p.Sends = []record.Message{message(id, 1, f.id(1), 1)}
	p.Takes = []record.MessageID{waiting.ID}
	p.Forgets = []record.ID{old.Execution}
	return p, old, waiting
}

func atomicDurable(f *fixture) {
	p, old, _ := f.everything()
	f.commit(p)
	f.must(f.Put(f.ctx, definition("order", "1.0.0", "h1"), &store.Move{}))
	f.restart()

	h := p.Heads[0]
	h.Insert = false
	l := f.load(h.Execution)
	f.equal(l.Head, h)
	f.equal(*l.Snapshot, p.Snapshots[0])
	f.equal(l.Entries, entries(h.Execution, 3, 3))
	f.length(h.Execution, 3)
	f.absent(old.Execution)
	rows, err := f.Keys(f.ctx, []record.Key{p.Keys[0].Key})
	f.must(err)
	f.equal(rows, []record.KeyRow{p.Keys[0].KeyRow})
	mail, err := f.Inbox(f.ctx, 1, 10)
	f.must(err)
	f.equal(mail, p.Sends)
	mail, err = f.Inbox(f.ctx, 0, 10)
	f.must(err)
	f.equal(mail, nil)
	f.equal(f.row(0), f.fences[0])
	_, err = f.Get(f.ctx, "default", "order", "")
	f.must(err)
}

func atomicNothing(f *fixture) {
	p, old, waiting := f.everything()
	bad := f.part(1)
	bad.Entries = entries(f.id(1), 2, 2)
	f.rejected([]record.ID{bad.Entries[0].Execution}, p, bad)

	f.absent(p.Heads[0].Execution)
	f.length(old.Execution, 2)
	mail, err := f.Inbox(f.ctx, 0, 10)
	f.must(err)
	f.equal(mail, []record.Message{waiting})
	mail, err = f.Inbox(f.ctx, 1, 10)
	f.must(err)
	f.equal(mail, nil)
	rows, err := f.Keys(f.ctx, []record.Key{p.Keys[0].Key, keyRow("old", old.Execution).Key})
	f.must(err)
	f.equal(rows, []record.KeyRow{keyRow("old", old.Execution)})
	due, err := f.Due(f.ctx, 0, record.Due{}, record.Never, 10)
	f.must(err)
	f.equal(due, nil)
	f.commit(p) // nothing of the failed attempt is in the way
	f.length(p.Heads[0].Execution, 3)
}

func atomicNamed(f *fixture) {
	gap, twice, orphan := f.start(0, 1, nil), f.start(0, 1, nil), f.id(1)
	good := f.start(0, 1, nil)
	p := f.part(0)
	p.Entries = slices.Concat(entries(gap.Execution, 3, 3), entries(twice.Execution, 1, 1), entries(good.Execution, 2, 2))
	q := f.part(1)
	h := head(orphan)
	h.Insert = false
	q.Heads = []record.Head{h}
	f.rejected([]record.ID{gap.Execution, twice.Execution, orphan}, p, q)
	f.length(good.Execution, 1)
}

func atomicSplit(f *fixture) {
	good, bad := f.start(0, 1, nil), f.start(0, 1, nil)
	p := f.part(0)
	p.Entries = slices.Concat(entries(good.Execution, 2, 2), entries(bad.Execution, 3, 3))
	f.rejected([]record.ID{bad.Execution}, p)
	p.Entries = p.Entries[:1]
	f.commit(p)
	f.length(good.Execution, 2)
	f.length(bad.Execution, 1)
}

// atomicInnocent: what follows a row that could not be kept must not hit its neighbours.
func atomicInnocent(f *fixture) {
	good, bad := f.start(0, 1, nil), f.id(0)
	p, q := f.part(0), f.part(0)
	p.Entries = slices.Concat(entries(good.Execution, 2, 2), entries(bad, 2, 3))
	q.Entries = entries(good.Execution, 3, 3)
	f.rejected([]record.ID{bad}, p, q)
	f.length(good.Execution, 1)
}

func atomicBuffers(f *fixture) {
	h := f.start(0, 1, nil)
	p := f.part(0)
	p.Entries = entries(h.Execution, 2, 2)
	p.Snapshots = []record.Snapshot{snapshot(h.Execution, 2)}
	f.commit(p)
	clear(p.Entries[0].Body)
	clear(p.Snapshots[0].Body)
	f.length(h.Execution, 2)
	l := f.load(h.Execution)
	if l.Snapshot == nil {
		f.Fatal("the snapshot changed with the caller's buffer")
	}
	clear(l.Snapshot.Body)
	if l = f.load(h.Execution); l.Snapshot == nil {
		f.Fatal("the snapshot changed with what was returned")
	}
}
