package storetest

import (
	"cmp"
	"slices"

	"github.com/pawl-dev/pawl/store"
)

var dataKeyTests = []test{
	{"AddedOnce", dataKeyAdd},
	{"OfANamespaceInOrder", dataKeyOrder},
	{"ListedInPages", dataKeyPages},
	{"S49_RewrappedByCompareAndSet", dataKeyRewrap},
	{"SurviveARestart", dataKeyRestart},
}

func dataKey(id uint64, namespace string, at int64) store.DataKey {
	return store.DataKey{ID: id, Namespace: namespace, KEK: "old", Wrapped: []byte{0, 0xff, byte(id)}, At: at}
}

// dataKeys adds keys and returns them by ID.
func (f *fixture) addDataKeys() []store.DataKey {
	f.Helper()
	all := []store.DataKey{
		dataKey(1<<63-1, "default", 1), dataKey(7, "default", 3), dataKey(5, "other", 2), dataKey(9, "default", 3), dataKey(1, "", 9),
	}
	for _, k := range all {
		f.must(f.AddDataKey(f.ctx, k))
	}
	slices.SortFunc(all, func(a, b store.DataKey) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

func dataKeyAdd(f *fixture) {
	k := dataKey(42, "default", 1)
	_, err := f.DataKey(f.ctx, k.ID)
	f.is(err, store.ErrNotFound)
	f.must(f.AddDataKey(f.ctx, k))
	again := dataKey(42, "other", 2)
	f.is(f.AddDataKey(f.ctx, again), store.ErrExists)
	got, err := f.DataKey(f.ctx, k.ID)
	f.must(err)
	f.equal(got, k)
}

func dataKeyOrder(f *fixture) {
	all := f.addDataKeys()
	for namespace, want := range map[string][]store.DataKey{
		"default": {all[4], all[2], all[3]}, "other": {all[1]}, "": {all[0]}, "none": nil,
	} {
		got, err := f.DataKeys(f.ctx, namespace)
		f.must(err)
		f.equal(got, want)
	}
}

func dataKeyPages(f *fixture) {
	all := f.addDataKeys()
	var got []store.DataKey
	for after := uint64(0); ; {
		page, err := f.ListDataKeys(f.ctx, after, 2)
		f.must(err)
		if len(page) == 0 {
			break
		}
		got, after = append(got, page...), page[len(page)-1].ID
	}
	f.equal(got, all)
	none, err := f.ListDataKeys(f.ctx, 0, 0)
	f.must(err)
	f.equal(none, []store.DataKey{})
}

func dataKeyRewrap(f *fixture) {
	all := f.addDataKeys()
	id := all[1].ID
	f.is(f.RewrapDataKey(f.ctx, id, "another", "new", []byte("no")), store.ErrRewrapped)
	f.must(f.RewrapDataKey(f.ctx, id, "old", "new", []byte("yes")))
	f.is(f.RewrapDataKey(f.ctx, id, "old", "newer", []byte("no")), store.ErrRewrapped)
	f.is(f.RewrapDataKey(f.ctx, 1000, "old", "new", []byte("no")), store.ErrNotFound)
	all[1].KEK, all[1].Wrapped = "new", []byte("yes")
	got, err := f.ListDataKeys(f.ctx, 0, 100)
	f.must(err)
	f.equal(got, all)
}

func dataKeyRestart(f *fixture) {
	all := f.addDataKeys()
	f.must(f.RewrapDataKey(f.ctx, all[0].ID, "old", "new", []byte("yes")))
	all[0].KEK, all[0].Wrapped = "new", []byte("yes")
	f.restart()
	got, err := f.ListDataKeys(f.ctx, 0, 100)
	f.must(err)
	f.equal(got, all)
}
