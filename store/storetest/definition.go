package storetest

import (
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var definitionTests = []test{
	{"PutAndGet", definitionPut},
	{"F25_AVersionNeverChanges", definitionChanged},
	{"PutWithAMove", definitionMove},
	{"Activate", definitionActivate},
	{"AMoveFromElsewhereChangesNothing", definitionMoved},
	{"List", definitionList},
	{"Retire", definitionRetire},
	{"I25_NamespacesAreApart", definitionTenants},
}

func definition(workflow, version, hash string) store.Definition {
	return store.Definition{
		Namespace: "default", Workflow: workflow, Version: version, Hash: hash,
		Body: []byte(`{"workflow":"` + workflow + `"}`), Source: []byte("workflow: " + workflow + " # \x00\xff"), At: 42,
		By: "ada", Why: "it's \"better\"", Uses: []record.Use{{Workflow: "pay", Constraint: "^1 || >=3 <4"}, {Workflow: "send"}},
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
	f.must(f.Put(f.ctx, d, nil))
	bare := definition("order", "1.1.0", "h2")
	bare.By, bare.Why, bare.Uses = "", "", nil
	bare.Active = true // not for the caller to say
	f.must(f.Put(f.ctx, bare, nil))
	bare.Active = false
	f.restart()
	f.equal(f.get("order", "1.0.0"), d)
	f.equal(f.get("order", "1.1.0"), bare)
	for _, missing := range [][2]string{{"order", ""}, {"order", "1.0.1"}, {"orders", "1.0.0"}, {"", ""}} {
		_, err := f.Get(f.ctx, "default", missing[0], missing[1])
		f.is(err, store.ErrNotFound)
	}
}

func definitionChanged(f *fixture) {
	d := definition("order", "1.0.0", "h1")
	f.must(f.Put(f.ctx, d, nil))
	other := definition("order", "1.0.0", "h2")
	other.Body = []byte(`{}`)
	f.is(f.Put(f.ctx, other, &store.Move{}), store.ErrVersionExists)
	f.equal(f.get("order", "1.0.0"), d)
	_, err := f.Get(f.ctx, "default", "order", "")
	f.is(err, store.ErrNotFound)
	again := d
	again.At, again.By, again.Why = 99, "bob", ""
	f.must(f.Put(f.ctx, again, nil))
	f.equal(f.get("order", "1.0.0"), d)
}

func active(d store.Definition) store.Definition {
	d.Active = true
	return d
}

func definitionMove(f *fixture) {
	one, two := definition("order", "1.0.0", "h1"), definition("order", "2.0.0", "h2")
	f.must(f.Put(f.ctx, one, &store.Move{}))
	f.equal(f.get("order", ""), active(one))
	f.must(f.Put(f.ctx, two, nil))
	f.equal(f.get("order", ""), active(one))
	f.equal(f.get("order", "2.0.0"), two)
	f.must(f.Put(f.ctx, two, &store.Move{From: "1.0.0"})) // a no-op but for the move
	f.equal(f.get("order", ""), active(two))
	f.equal(f.get("order", "1.0.0"), one)
	f.must(f.Put(f.ctx, one, &store.Move{From: "2.0.0"}))
	f.restart()
	f.equal(f.get("order", ""), active(one))
}

func definitionActivate(f *fixture) {
	one, two := definition("order", "1.0.0", "h1"), definition("order", "2.0.0", "h2")
	f.must(f.Put(f.ctx, one, nil))
	f.must(f.Put(f.ctx, two, nil))
	f.must(f.Activate(f.ctx, "default", "order", "2.0.0", store.Move{}))
	f.equal(f.get("order", ""), active(two))
	f.must(f.Activate(f.ctx, "default", "order", "1.0.0", store.Move{From: "2.0.0"}))
	f.must(f.Activate(f.ctx, "default", "order", "1.0.0", store.Move{From: "1.0.0"}))
	f.restart()
	f.equal(f.get("order", ""), active(one))
	got, err := f.List(f.ctx, "default", "order")
	f.must(err)
	if len(got) != 2 || !got[0].Active || got[1].Active {
		f.Fatalf("got %+v", got)
	}
	f.is(f.Activate(f.ctx, "default", "order", "3.0.0", store.Move{From: "1.0.0"}), store.ErrNotFound)
	f.is(f.Activate(f.ctx, "default", "orders", "1.0.0", store.Move{}), store.ErrNotFound)
	f.is(f.Activate(f.ctx, "other", "order", "1.0.0", store.Move{}), store.ErrNotFound)
	f.equal(f.get("order", ""), active(one))
}

// Two deploys at once must not leave the lower version active: each moves from what it has seen.
func definitionMoved(f *fixture) {
	one, two, three := definition("order", "1.0.0", "h1"), definition("order", "2.0.0", "h2"), definition("order", "3.0.0", "h3")
	f.is(f.Put(f.ctx, one, &store.Move{From: "0.9.0"}), store.ErrMoved)
	_, err := f.Get(f.ctx, "default", "order", "1.0.0")
	f.is(err, store.ErrNotFound)
	f.must(f.Put(f.ctx, one, &store.Move{}))
	f.must(f.Put(f.ctx, three, &store.Move{From: "1.0.0"}))
	for _, from := range []string{"", "1.0.0", "2.0.0"} {
		f.is(f.Put(f.ctx, two, &store.Move{From: from}), store.ErrMoved)
		f.is(f.Activate(f.ctx, "default", "order", "1.0.0", store.Move{From: from}), store.ErrMoved)
	}
	_, err = f.Get(f.ctx, "default", "order", "2.0.0")
	f.is(err, store.ErrNotFound)
	f.equal(f.get("order", ""), active(three))
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
		f.must(f.Put(f.ctx, want[i], nil))
	}
	f.must(f.Activate(f.ctx, "default", "a", "1", store.Move{}))
	want[1].Active = true
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
	f.must(f.Put(f.ctx, d, &store.Move{}))
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
	f.must(f.Put(f.ctx, a, &store.Move{}))
	f.must(f.Put(f.ctx, b, &store.Move{}))
	f.equal(f.get("order", ""), active(a))
	f.must(f.Retire(f.ctx, "other", "order", "1.0.0", true))
	f.equal(f.get("order", "1.0.0").Retired, false)
	got, err := f.List(f.ctx, "other", "")
	f.must(err)
	if len(got) != 1 || got[0].Hash != "h2" {
		f.Fatalf("got %+v", got)
	}
}
