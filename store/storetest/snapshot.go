package storetest

import "github.com/pawl-dev/pawl/record"

var snapshotTests = []test{
	{"I23_LoadReturnsOnlyTheEntriesAfter", snapshotTail},
	{"OneIsKept", snapshotReplaced},
	{"F31_BadChecksumIsLeftOut", snapshotBad},
	{"AheadOfTheJournalIsRejected", snapshotAhead},
	{"OfNothingIsRejected", snapshotOfNothing},
	{"AtTheLastEntry", snapshotLast},
}

func (f *fixture) snap(id record.ID, seqs ...uint64) {
	f.Helper()
	p := f.part(f.shard(id))
	for _, seq := range seqs {
		p.Snapshots = append(p.Snapshots, snapshot(id, seq))
	}
	f.commit(p)
}

func snapshotTail(f *fixture) {
	h := f.start(0, 5, nil)
	f.snap(h.Execution, 3)
	f.restart()
	l := f.load(h.Execution)
	f.equal(*l.Snapshot, snapshot(h.Execution, 3))
	f.equal(l.Entries, entries(h.Execution, 4, 5))
	f.length(h.Execution, 5)
}

func snapshotReplaced(f *fixture) {
	h := f.start(0, 5, nil)
	f.snap(h.Execution, 2)
	f.snap(h.Execution, 4)
	l := f.load(h.Execution)
	f.equal(*l.Snapshot, snapshot(h.Execution, 4))
	f.equal(l.Entries, entries(h.Execution, 5, 5))
}

func snapshotBad(f *fixture) {
	h := f.start(0, 5, nil)
	bad := snapshot(h.Execution, 3)
	bad.Body[5] ^= 1
	p := f.part(0)
	p.Snapshots = []record.Snapshot{bad}
	f.commit(p)
	l := f.load(h.Execution)
	if l.Snapshot != nil {
		f.Fatalf("a damaged snapshot was returned: %+v", l.Snapshot)
	}
	f.equal(l.Entries, entries(h.Execution, 1, 5))
}

func snapshotAhead(f *fixture) {
	h := f.start(0, 2, nil)
	for _, seq := range []uint64{0, 3} {
		p := f.part(0)
		p.Snapshots = []record.Snapshot{snapshot(h.Execution, seq)}
		f.rejected([]record.ID{h.Execution}, p)
	}
	p := f.part(0)
	p.Entries = entries(h.Execution, 3, 3)
	p.Snapshots = []record.Snapshot{snapshot(h.Execution, 3)}
	f.commit(p)
}

func snapshotOfNothing(f *fixture) {
	id := f.id(0)
	p := f.part(0)
	p.Snapshots = []record.Snapshot{snapshot(id, 1)}
	f.rejected([]record.ID{id}, p)
}

func snapshotLast(f *fixture) {
	h := f.start(0, 5, nil)
	f.snap(h.Execution, 5)
	l := f.load(h.Execution)
	f.equal(*l.Snapshot, snapshot(h.Execution, 5))
	f.equal(l.Entries, nil)
}
