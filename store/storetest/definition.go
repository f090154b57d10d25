package storetest

import (
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var definitionTests = []test{
	{"PutAndGet", definitionPut},
	{"F25_AVersionNeverChanges", definitionChanged},
	{"Activate", definitionActivate},
	{"List", definitionList},
	{"Retire", definitionRetire},
	{"I25_NamespacesAreApart", definitionTenants},
}

func definition(workflow, version, hash string) store.Definition {
	return store.Definition{
		Namespace: "default", Workflow: workflow, Version: version, Hash: hash,
		Body: []byte(`{"workflow":"` + workflow + `"}`), Source: []byte("workflow: " + workflow + " # \x00\xff"), At: 42,
	}
}

func (f *fixture) get(workflow, version string) store.Definition {
	f.Helper()
	d, err := f.Get(f.ctx, "default", workflow, version)
	f.must(err)
	return d
}

func definitionPut(f *fixture) {
	d := definition("order", "1.0.0", "h1")
	f.must(f.Put(f.ctx, d, false))
	f.restart()
	f.equal(f.get("order", "1.0.0"), d)
	for _, missing := range [][2]string{{"order", ""}, {"order", "1.0.1"}, {"orders", "1.0.0"}, {"", ""}} {
		_, err := f.Get(f.ctx, "default", missing[0], missing[1])
		f.is(err, store.ErrNotFound)
	}
}

func definitionChanged(f *fixture) {
	d := definition("order", "1.0.0", "h1")
	f.must(f.Put(f.ctx, d, false))
	other := definition("order", "1.0.0", "h2")
	other.Body = []byte(`{}`)
	f.is(f.Put(f.ctx, other, true), store.ErrVersionExists)
	f.equal(f.get("order", "1.0.0"), d)
	_, err := f.Get(f.ctx, "default", "order", "")
	f.is(err, store.ErrNotFound)
	again := d
	again.At = 99
	f.must(f.Put(f.ctx, again, false))
	f.equal(f.get("order", "1.0.0"), d)
}

func definitionActivate(f *fixture) {
	one, two := definition("order", "1.0.0", "h1"), definition("order", "2.0.0", "h2")
	f.must(f.Put(f.ctx, one, true))
	f.equal(f.get("order", ""), one)
	f.must(f.Put(f.ctx, two, false))
	f.equal(f.get("order", ""), one)
	f.must(f.Put(f.ctx, two, true)) // a no-op but for activate
	f.equal(f.get("order", ""), two)
	f.must(f.Put(f.ctx, one, true))
	f.restart()
	f.equal(f.get("order", ""), one)
}

func definitionList(f *fixture) {
	var want []store.Definition
	for _, c := range []struct {
		workflow, version string
		at                int64
	}{{"a", "2", 5}, {"a", "1", 7}, {"b", "1", 1}, {"b", "2", 1}} {
		d := definition(c.workflow, c.version, c.workflow+c.version)
		d.At = c.at
		want = append(want, d)
	}
	for _, i := range []int{3, 1, 0, 2} {
		f.must(f.Put(f.ctx, want[i], true))
	}
	for i := range want {
		want[i].Body, want[i].Source = nil, nil
	}
	for workflow, some := range map[string][]store.Definition{"": want, "a": want[:2], "b": want[2:], "c": nil} {
		got, err := f.List(f.ctx, "default", workflow)
		f.must(err)
		f.equal(got, some)
	}
}

func definitionRetire(f *fixture) {
	d := definition("order", "1.0.0", "h1")
	f.must(f.Put(f.ctx, d, true))
	for _, retired := range []bool{true, true, false} {
		f.must(f.Retire(f.ctx, "default", "order", "1.0.0", retired))
		f.equal(f.get("order", "").Retired, retired)
		got, err := f.List(f.ctx, "default", "")
		f.must(err)
		f.equal(got[0].Retired, retired)
	}
	f.is(f.Retire(f.ctx, "default", "order", "9", true), store.ErrNotFound)
}

func definitionTenants(f *fixture) {
	a, b := definition("order", "1.0.0", "h1"), definition("order", "1.0.0", "h2")
	b.Namespace = "other"
	f.must(f.Put(f.ctx, a, true))
	f.must(f.Put(f.ctx, b, true))
	f.equal(f.get("order", ""), a)
	f.must(f.Retire(f.ctx, "other", "order", "1.0.0", true))
	f.equal(f.get("order", "1.0.0").Retired, false)
	got, err := f.List(f.ctx, "other", "")
	f.must(err)
	if len(got) != 1 || got[0].Hash != "h2" {
		f.Fatalf("got %+v", got)
	}
}

var blobTests = []test{
	{"PutAndGet", blobPut},
	{"I25_OfOneExecution", blobApart},
}

func blobPut(f *fixture) {
	id := f.id(0) // a blob comes before the commit that names it
	for i, body := range [][]byte{{}, []byte("\x00\xff"), make([]byte, 3<<20)} {
		sum := [32]byte{31: byte(i)}
		f.must(f.PutBlob(f.ctx, id, sum, body))
		f.must(f.PutBlob(f.ctx, id, sum, body))
		got, err := f.GetBlob(f.ctx, id, sum)
		f.must(err)
		f.equal(got, body)
	}
}

func blobApart(f *fixture) {
	a, b := f.id(0), f.id(0)
	sum := [32]byte{1, 2, 3}
	f.must(f.PutBlob(f.ctx, a, sum, []byte("a")))
	for id, s := range map[record.ID][32]byte{b: sum, a: {1, 2}} {
		_, err := f.GetBlob(f.ctx, id, s)
		f.is(err, store.ErrNotFound)
	}
	f.must(f.PutBlob(f.ctx, b, sum, []byte("b")))
	got, err := f.GetBlob(f.ctx, a, sum)
	f.must(err)
	f.equal(got, []byte("a"))
}
