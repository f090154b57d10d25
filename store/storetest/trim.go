package storetest

import (
	"math"

	"github.com/pawl-dev/pawl/record"
)

var trimTests = []test{
	{"F44_EntriesBeforeGo", trimEntries},
	{"TheJournalGoesOnBehindIt", trimGoesOn},
	{"ASnapshotAtWhatIsRemovedGoes", trimSnapshot},
	{"InThePartOfItsEntry", trimSamePart},
	{"TwiceAndLessIsNoFault", trimTwice},
	{"BeforeWhatIsNotThereIsRejected", trimAhead},
	{"OfNothingIsRejected", trimOfNothing},
	{"OthersStay", trimOthers},
}

func (f *fixture) trim(id record.ID, before uint64) {
	f.Helper()
	p := f.part(f.shard(id))
	p.Trims = []record.Trim{{Execution: id, Before: before}}
	f.commit(p)
}

func (f *fixture) journal(id record.ID, from uint64, limit int) []record.Entry {
	f.Helper()
	got, err := f.Journal(f.ctx, id, from, limit)
	f.must(err)
	return got
}

func trimEntries(f *fixture) {
	h := f.start(0, 6, nil)
	f.trim(h.Execution, 4)
	f.restart()
	f.equal(f.journal(h.Execution, 1, 100), entries(h.Execution, 4, 6))
	f.equal(f.journal(h.Execution, 1, 2), entries(h.Execution, 4, 5))
	f.equal(f.journal(h.Execution, 5, 100), entries(h.Execution, 5, 6))
	l := f.load(h.Execution)
	f.equal(l.Entries, entries(h.Execution, 4, 6))
	if l.Snapshot != nil {
		f.Fatalf("a snapshot came from nowhere: %+v", l.Snapshot)
	}
}

func trimGoesOn(f *fixture) {
	h := f.start(0, 3, nil)
	f.trim(h.Execution, 3)
	p := f.part(0)
	p.Entries = entries(h.Execution, 5, 5)
	f.rejected([]record.ID{h.Execution}, p)
	p = f.part(0)
	p.Entries = entries(h.Execution, 2, 2)
	f.rejected([]record.ID{h.Execution}, p)
	p = f.part(0)
	p.Entries = entries(h.Execution, 4, 5)
	f.commit(p)
	f.equal(f.journal(h.Execution, 0, 100), entries(h.Execution, 3, 5))
	f.snap(h.Execution, 4)
	f.equal(f.load(h.Execution).Entries, entries(h.Execution, 5, 5))
	p = f.part(0)
	p.Snapshots = []record.Snapshot{snapshot(h.Execution, 2)}
	f.rejected([]record.ID{h.Execution}, p)
}

func trimSnapshot(f *fixture) {
	h, o := f.start(0, 5, nil), f.start(0, 5, nil)
	f.snap(h.Execution, 3)
	f.snap(o.Execution, 4)
	f.trim(h.Execution, 4)
	f.trim(o.Execution, 4)
	l := f.load(h.Execution)
	if l.Snapshot != nil {
		f.Fatalf("the snapshot at 3 is left: %+v", l.Snapshot)
	}
	f.equal(l.Entries, entries(h.Execution, 4, 5))
	l = f.load(o.Execution)
	f.equal(*l.Snapshot, snapshot(o.Execution, 4))
	f.equal(l.Entries, entries(o.Execution, 5, 5))
}

func trimSamePart(f *fixture) {
	h := f.start(0, 2, nil)
	p := f.part(0)
	p.Entries = entries(h.Execution, 3, 3)
	p.Snapshots = []record.Snapshot{snapshot(h.Execution, 3)}
	p.Trims = []record.Trim{{Execution: h.Execution, Before: 3}}
	f.commit(p)
	f.equal(f.journal(h.Execution, 1, 100), entries(h.Execution, 3, 3))
	f.equal(*f.load(h.Execution).Snapshot, snapshot(h.Execution, 3))
	f.end(h)
	f.forget(h.Execution)
	f.absent(h.Execution)
}

func trimTwice(f *fixture) {
	h := f.start(0, 5, nil)
	f.trim(h.Execution, 1)
	f.length(h.Execution, 5)
	f.trim(h.Execution, 4)
	f.trim(h.Execution, 4)
	f.trim(h.Execution, 2)
	f.equal(f.journal(h.Execution, 1, 100), entries(h.Execution, 4, 5))
}

func trimAhead(f *fixture) {
	h := f.start(0, 3, nil)
	for _, before := range []uint64{0, 4, math.MaxInt64 + 1, math.MaxUint64} {
		p := f.part(0)
		p.Trims = []record.Trim{{Execution: h.Execution, Before: before}}
		f.rejected([]record.ID{h.Execution}, p)
	}
	f.length(h.Execution, 3)
}

func trimOfNothing(f *fixture) {
	id := f.id(0)
	p := f.part(0)
	p.Trims = []record.Trim{{Execution: id, Before: 1}}
	f.rejected([]record.ID{id}, p)
}

func trimOthers(f *fixture) {
	h, o := f.start(0, 4, nil), f.start(0, 4, nil)
	f.trim(h.Execution, 3)
	f.length(o.Execution, 4)
}
