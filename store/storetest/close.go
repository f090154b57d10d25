package storetest

import (
	"context"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var closeTests = []test{
	{"EveryCallSaysClosed", closedStore},
	{"CancelledContext", cancelled},
}

func closedStore(f *fixture) {
	b := f.newExecution(0)
	f.must(f.Close())
	f.must(f.Close()) // twice is fine
	o := f.Commit(f.ctx, b)
	if o.Result != store.NotCommitted {
		f.Fatalf("got %s", describe(o))
	}
	f.is(o.Cause, store.ErrClosed)
	for name, call := range f.calls(f.ctx) {
		if err := call(); err == nil {
			f.Errorf("%s works on a closed store", name)
		} else {
			f.is(err, store.ErrClosed)
		}
	}
}

// calls is every other method that can fail.
func (f *fixture) calls(ctx context.Context) map[string]func() error {
	id := f.id(0)
	d := definition("order", "1.0.0", "h1")
	return map[string]func() error{
		"Load":          func() error { _, err := f.Load(ctx, 0, []record.ID{id}); return err },
		"Journal":       func() error { _, err := f.Journal(ctx, id, 1, 1); return err },
		"Due":           func() error { _, err := f.Due(ctx, 0, record.Due{}, 1, 1); return err },
		"Inbox":         func() error { _, err := f.Inbox(ctx, 0, 1); return err },
		"Keys":          func() error { _, err := f.Keys(ctx, []record.Key{{Key: "k"}}); return err },
		"Send":          func() error { return f.Send(ctx, []record.Message{message(id, 0, id, 1)}) },
		"Search":        func() error { _, err := f.Search(ctx, "default", everyone); return err },
		"Claim":         func() error { _, err := f.Claim(ctx, 9, record.Fence{}, owner(1)); return err },
		"Release":       func() error { return f.Release(ctx, []record.Fence{{Shard: 1, Epoch: 1, Owner: owner(1)}}) },
		"Claims":        func() error { _, err := f.Claims(ctx); return err },
		"Beat":          func() error { _, _, err := f.Beat(ctx, store.Beat{Owner: owner(1)}); return err },
		"Put":           func() error { return f.Put(ctx, d, &store.Move{}) },
		"Activate":      func() error { return f.Activate(ctx, "default", "order", "1.0.0", store.Move{}) },
		"Get":           func() error { _, err := f.Get(ctx, "default", "order", ""); return err },
		"List":          func() error { _, err := f.List(ctx, "default", ""); return err },
		"Retire":        func() error { return f.Retire(ctx, "default", "order", "1.0.0", true) },
		"PutBlob":       func() error { return f.PutBlob(ctx, "default", id, [32]byte{}, nil) },
		"BlobSums":      func() error { _, err := f.BlobSums(ctx, record.ID{}); return err },
		"BlobOwners":    func() error { _, err := f.BlobOwners(ctx, record.ID{}, 1); return err },
		"DropBlobs":     func() error { return f.DropBlobs(ctx, id) },
		"AddDataKey":    func() error { return f.AddDataKey(ctx, dataKey(3, "default", 1)) },
		"DataKey":       func() error { _, err := f.DataKey(ctx, 3); return err },
		"DataKeys":      func() error { _, err := f.DataKeys(ctx, "default"); return err },
		"ListDataKeys":  func() error { _, err := f.ListDataKeys(ctx, 0, 1); return err },
		"RewrapDataKey": func() error { return f.RewrapDataKey(ctx, 3, "old", "new", nil) },
		"GetBlob":       func() error { _, err := f.GetBlob(ctx, "default", id, [32]byte{}); return err },
	}
}

// cancelled: a call that is given up before it begins changes nothing, and says which it was.
func cancelled(f *fixture) {
	b := f.newExecution(0)
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	o := f.Commit(ctx, b)
	switch o.Result {
	case store.NotCommitted:
		f.is(o.Cause, context.Canceled)
		f.absent(b.Parts[0].Heads[0].Execution)
	case store.Unknown:
		// Also honest; the repeat below settles it.
	default:
		f.Fatalf("got %s", describe(o))
	}
	for name, call := range f.calls(ctx) {
		if err := call(); err == nil {
			f.Errorf("%s answered a caller that had gone", name)
		}
	}
	if o := f.send(b); o.Result != store.Committed {
		f.Fatalf("the store suffers from a cancelled call: %s", describe(o))
	}
}
