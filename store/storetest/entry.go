package storetest

import (
	"bytes"
	"math"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var entryTests = []test{
	{"I2_GapIsRejected", entryGap},
	{"I2_DuplicateIsRejected", entryDuplicate},
	{"I2_WrongOrderIsRejected", entryOrder},
	{"I2_EntryZeroIsRejected", entryZero},
	{"I2_EntryWithoutHeadIsRejected", entryNoHead},
	{"BytesComeBackAsWritten", entryBytes},
	{"F31_SumsAreNotChecked", entrySums},
	{"F35_BodyOverTheLimit", entryHuge},
	{"JournalPages", journalPages},
	{"LongJournal", journalLong},
}

func entryGap(f *fixture) {
	h := f.start(0, 1, nil)
	p := f.part(0)
	p.Entries = entries(h.Execution, 3, 3)
	f.rejected([]record.ID{h.Execution}, p)
	p.Entries = append(entries(h.Execution, 2, 2), entry(h.Execution, 4))
	f.rejected([]record.ID{h.Execution}, p)
	f.length(h.Execution, 1)
}

func entryDuplicate(f *fixture) {
	h := f.start(0, 2, nil)
	p := f.part(0)
	p.Entries = entries(h.Execution, 2, 2)
	f.rejected([]record.ID{h.Execution}, p)
	p.Entries = append(entries(h.Execution, 3, 3), entry(h.Execution, 3))
	f.rejected([]record.ID{h.Execution}, p)
	f.length(h.Execution, 2)
}

func entryOrder(f *fixture) {
	h := f.start(0, 1, nil)
	p := f.part(0)
	p.Entries = []record.Entry{entry(h.Execution, 3), entry(h.Execution, 2)}
	f.rejected([]record.ID{h.Execution}, p)
	f.length(h.Execution, 1)
}

func entryZero(f *fixture) {
	h := f.start(0, 1, nil)
	p := f.part(0)
	p.Entries = entries(h.Execution, 0, 0)
	f.rejected([]record.ID{h.Execution}, p)
}

func entryNoHead(f *fixture) {
	id := f.id(0)
	p := f.part(0)
	p.Entries = entries(id, 1, 1)
	f.rejected([]record.ID{id}, p)
}

func entryBytes(f *fixture) {
	bodies := [][]byte{
		{0}, []byte("\x00plain\x00text"), {0xff, 0xfe, 0x80}, []byte("naïve ' \" ; -- \u202e"), bytes.Repeat([]byte{7}, 1<<20),
	}
	id := f.id(0)
	p := f.part(0)
	p.Heads = []record.Head{head(id)}
	for i, b := range bodies {
		p.Entries = append(p.Entries, record.Entry{
			Execution: id, Seq: uint64(i + 1), At: math.MaxInt64 - int64(i), Sum: record.Checksum(b), Body: b,
		})
	}
	f.commit(p)
	f.restart()
	got, err := f.Journal(f.ctx, id, 0, 100)
	f.must(err)
	f.equal(got, p.Entries)
	f.equal(f.load(id).Entries, p.Entries)
}

func entrySums(f *fixture) {
	h := f.start(0, 1, nil)
	p := f.part(0)
	wrong := entry(h.Execution, 2)
	wrong.Sum ^= 0xdeadbeef
	p.Entries = []record.Entry{wrong}
	f.commit(p)
	got, err := f.Journal(f.ctx, h.Execution, 2, 1)
	f.must(err)
	f.equal(got, p.Entries)
	f.equal(f.load(h.Execution).Entries[1], wrong)
}

// entryHuge: a body beyond the hard limit is kept whole, or rejected by name while the others go on.
func entryHuge(f *fixture) {
	bad, good := f.start(0, 1, nil), f.start(0, 1, nil)
	body := make([]byte, 16<<20+1)
	p := f.part(0)
	p.Entries = []record.Entry{{Execution: bad.Execution, Seq: 2, Sum: record.Checksum(body), Body: body}, entry(good.Execution, 2)}
	o := f.send(f.batch(p))
	switch {
	case o.Result == store.Committed:
		got, err := f.Journal(f.ctx, bad.Execution, 2, 1)
		f.must(err)
		if len(got) != 1 || !bytes.Equal(got[0].Body, body) {
			f.Fatal("the body did not come back")
		}
	case len(o.Rejected) == 1 && o.Rejected[0].Execution == bad.Execution:
		p.Entries = p.Entries[1:]
		f.commit(p)
	default:
		f.Fatalf("want it kept or rejected by name, got %s", describe(o))
	}
	f.length(good.Execution, 2)
}

func journalPages(f *fixture) {
	h := f.start(0, 10, nil)
	next := f.start(0, 2, nil) // its entries must not follow
	id := h.Execution
	for _, c := range []struct {
		from  uint64
		limit int
		want  []record.Entry
	}{
		{0, 3, entries(id, 1, 3)},
		{1, 3, entries(id, 1, 3)},
		{4, 100, entries(id, 4, 10)},
		{10, 1, entries(id, 10, 10)},
		{11, 5, nil},
		{1, 0, nil},
		{math.MaxUint64, 5, nil},
	} {
		got, err := f.Journal(f.ctx, id, c.from, c.limit)
		f.must(err)
		f.equal(got, c.want)
	}
	f.length(next.Execution, 2)
	got, err := f.Journal(f.ctx, f.id(0), 1, 5)
	f.must(err)
	f.equal(got, nil)
}

func journalLong(f *fixture) {
	h := f.start(0, 1, nil)
	other := f.start(0, 1, nil)
	const n, per = 1000, 100
	for from := uint64(2); from <= n; from += per {
		p := f.part(0)
		p.Entries = append(entries(h.Execution, from, min(from+per-1, n)), entry(other.Execution, 2+from/per))
		f.commit(p)
	}
	f.length(h.Execution, n)
	f.length(other.Execution, n/per+1)
	if l := f.load(h.Execution); len(l.Entries) != n {
		f.Fatalf("%d entries loaded", len(l.Entries))
	}
}
