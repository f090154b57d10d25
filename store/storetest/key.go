package storetest

import (
	"math"

	"github.com/pawl-dev/pawl/record"
)

var keyTests = []test{
	{"F43_I21_SetIsCompareAndSet", keySet},
	{"F43_I21_SecondStartIsRejected", keyTaken},
	{"F43_I21_TwoStartsInOneBatch", keyTwice},
	{"DeleteIsCompareAndSet", keyDelete},
	{"I25_KeysOfTenantsAreApart", keyTenants},
	{"KeysReturnsWhatExists", keyReads},
}

func keyRow(key string, id record.ID) record.KeyRow {
	return record.KeyRow{Key: record.Key{Namespace: "default", Workflow: "order", Key: key}, Execution: id, Digest: math.MaxUint64 - 5}
}

// changeKey is a part of shard 0 with one change of a key.
func (f *fixture) changeKey(row record.KeyRow, old record.ID, remove bool) record.Part {
	f.Helper()
	p := f.part(0)
	p.Keys = []record.KeyChange{{KeyRow: row, Old: old, Delete: remove}}
	return p
}

func (f *fixture) wantKey(k record.Key, want ...record.KeyRow) {
	f.Helper()
	got, err := f.Keys(f.ctx, []record.Key{k})
	f.must(err)
	f.equal(got, want)
}

func keySet(f *fixture) {
	a, b := f.id(0), f.id(0)
	row := keyRow("k", a)
	f.commit(f.changeKey(row, record.ID{}, false))
	f.wantKey(row.Key, row)
	row.ClosedAt = 77
	f.commit(f.changeKey(row, a, false)) // closed
	f.wantKey(row.Key, row)
	next := keyRow("k", b)
	f.rejected([]record.ID{b}, f.changeKey(next, b, false))
	f.commit(f.changeKey(next, a, false)) // reused
	f.wantKey(row.Key, next)
	f.rejected([]record.ID{a}, f.changeKey(row, a, false))
	f.wantKey(row.Key, next)
}

func keyTaken(f *fixture) {
	a, b := f.id(0), f.id(0)
	f.commit(f.changeKey(keyRow("k", a), record.ID{}, false))
	f.rejected([]record.ID{b}, f.changeKey(keyRow("k", b), record.ID{}, false))
	f.wantKey(keyRow("k", a).Key, keyRow("k", a))
}

func keyTwice(f *fixture) {
	a, b := f.id(0), f.id(0)
	p := f.part(0)
	p.Keys = []record.KeyChange{{KeyRow: keyRow("k", a)}, {KeyRow: keyRow("k", b)}}
	f.rejected([]record.ID{b}, p)
	f.wantKey(keyRow("k", a).Key)
	p.Keys[1].Old = a
	f.commit(p)
	f.wantKey(keyRow("k", a).Key, keyRow("k", b))
}

func keyDelete(f *fixture) {
	a, b := f.id(0), f.id(0)
	f.commit(f.changeKey(keyRow("k", a), record.ID{}, false))
	f.rejected([]record.ID{b}, f.changeKey(keyRow("k", b), b, true))
	f.rejected([]record.ID{b}, f.changeKey(keyRow("k", b), record.ID{}, true))
	f.wantKey(keyRow("k", a).Key, keyRow("k", a))
	f.commit(f.changeKey(keyRow("k", a), a, true))
	f.wantKey(keyRow("k", a).Key)
	f.commit(f.changeKey(keyRow("k", a), record.ID{}, true)) // absent, as said
	f.rejected([]record.ID{a}, f.changeKey(keyRow("k", a), a, true))
}

func keyTenants(f *fixture) {
	var rows []record.KeyRow
	for _, k := range []record.Key{
		{Namespace: "a", Workflow: "w", Key: "k"}, {Namespace: "b", Workflow: "w", Key: "k"}, {Namespace: "a", Workflow: "v", Key: "k"},
		{Namespace: "aw", Workflow: "", Key: "k"}, {Namespace: "a", Workflow: "w", Key: "K"},
	} {
		row := record.KeyRow{Key: k, Execution: f.id(0), Digest: f.number()}
		rows = append(rows, row)
		f.commit(f.changeKey(row, record.ID{}, false))
	}
	for _, row := range rows {
		f.wantKey(row.Key, row)
	}
}

func keyReads(f *fixture) {
	a := keyRow("a", f.id(0))
	f.commit(f.changeKey(a, record.ID{}, false))
	got, err := f.Keys(f.ctx, []record.Key{keyRow("x", f.id(0)).Key, a.Key, {}})
	f.must(err)
	f.equal(got, []record.KeyRow{a})
	got, err = f.Keys(f.ctx, nil)
	f.must(err)
	f.equal(len(got), 0)
}
