package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/sealed"
	"github.com/pawl-dev/pawl/store/storetest"
)

// beside is blobs outside: those of a memory store, with what a test does to its calls.
type beside struct {
	store.Opener
	fail   error                 // of every call but reads, where set
	hold   func(context.Context) // before every drop
	mu     sync.Mutex
	calls  map[string]int
	opened store.Backend
	asked  [16]byte // of whom it was asked whether it is theirs
	theirs bool     // it is another store's
}

func newBeside() *beside { return &beside{Opener: memory.Open(), calls: map[string]int{}} }

func (b *beside) OpenBlobs(ctx context.Context) (store.OutsideBlobs, error) {
	if b.fail != nil {
		return nil, b.fail
	}
	inner, err := b.Open(ctx)
	b.opened = inner
	return &watched{inner, b}, err
}

func (b *beside) count(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls[name]
}

type watched struct {
	store.Backend
	b *beside
}

func (w *watched) called(name string) error {
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	w.b.calls[name]++
	return w.b.fail
}

func (w *watched) Belong(_ context.Context, incarnation [16]byte) error {
	w.b.asked = incarnation
	if w.b.theirs {
		return store.ErrForeignBlobs
	}
	return nil
}

func (w *watched) BlobOwners(ctx context.Context, after record.ID, limit int) ([]record.ID, error) {
	if err := w.called("owners"); err != nil {
		return nil, err
	}
	return w.Backend.BlobOwners(ctx, after, limit)
}

func (w *watched) DropBlobs(ctx context.Context, id record.ID) error {
	if w.b.hold != nil {
		w.b.hold(ctx)
	}
	if err := w.called("drop"); err != nil {
		return err
	}
	return w.Backend.DropBlobs(ctx, id)
}

func mustOpen(t *testing.T, o store.Opener) store.Backend {
	t.Helper()
	b, err := o.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestBlobsOutsideConform: a store with blobs outside is one like any other.
func TestBlobsOutsideConform(t *testing.T) {
	openers := map[store.Backend]store.Opener{}
	storetest.Run(t, func(t *testing.T) store.Backend {
		o := store.WithBlobs(memory.Open(), newBeside())
		b := mustOpen(t, o)
		openers[b] = o
		return b
	}, storetest.Reopen(func(t *testing.T, b store.Backend) store.Backend {
		must(t, b.Close())
		again := mustOpen(t, openers[b])
		openers[again] = openers[b]
		return again
	}))
}

// TestBlobsGoOutsideOnly: they are not in the tables, and what was there before is found, listed and dropped.
func TestBlobsGoOutsideOnly(t *testing.T) {
	inner, outer := memory.Open(), newBeside()
	before := mustOpen(t, inner)
	old, new := record.NewID(1, 1, 1), record.NewID(2, 1, 1)
	must(t, before.PutBlob(t.Context(), "default", old, [32]byte{1}, []byte("old")))
	must(t, before.PutBlob(t.Context(), "default", new, [32]byte{1}, []byte("old")))
	must(t, before.Close())

	b := mustOpen(t, store.WithBlobs(inner, outer))
	must(t, b.PutBlob(t.Context(), "default", new, [32]byte{2}, []byte("new")))
	for sum, want := range map[byte]string{1: "old", 2: "new"} {
		if got, err := b.GetBlob(t.Context(), "default", new, [32]byte{sum}); err != nil || string(got) != want {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	}
	for limit, want := range map[int][]record.ID{0: nil, 1: {old}, 2: {old, new}, 3: {old, new}} {
		if got, err := b.BlobOwners(t.Context(), record.ID{}, limit); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v %v, want %v", got, err, want)
		}
	}
	if got, err := outer.opened.BlobOwners(t.Context(), record.ID{}, 9); err != nil || !slices.Equal(got, []record.ID{new}) {
		t.Errorf("outside are %v %v", got, err)
	}
	must(t, b.DropBlobs(t.Context(), new))
	must(t, b.Close())
	inside := mustOpen(t, inner)
	if got, err := inside.BlobOwners(t.Context(), record.ID{}, 9); err != nil || !slices.Equal(got, []record.ID{old}) {
		t.Errorf("inside are %v %v", got, err)
	}
}

// lending and changing are backends with what goes beyond [store.Backend].
type (
	lending  struct{ store.Backend }
	changing struct{ store.Backend }
)

var errLent = errors.New("lent")

func (lending) Tx(context.Context, func(store.Tx) error) error { return errLent }
func (changing) Through(s store.Sender) store.Sender           { return s }

type opening func() store.Backend

func (o opening) Open(context.Context) (store.Backend, error) { return o(), nil }

// TestWhatABackendCanStaysAndNothingIsPretended: it lends its writer if and only if the inner one does.
func TestWhatABackendCanStaysAndNothingIsPretended(t *testing.T) {
	plain := mustOpen(t, memory.Open())
	for _, inner := range []store.Backend{plain, lending{plain}} {
		b := mustOpen(t, store.WithBlobs(opening(func() store.Backend { return inner }), newBeside()))
		_, want := inner.(store.Transactor)
		lends, is := b.(store.Transactor)
		if is != want {
			t.Errorf("lends %v, the inner one %v", is, want)
		}
		if is && !errors.Is(lends.Tx(t.Context(), nil), errLent) {
			t.Error("another one lends")
		}
		if _, drops := b.(store.Dropping); !drops {
			t.Error("the drops are hidden")
		}
		if _, changes := b.(store.Through); changes {
			t.Error("it says that it changes messages")
		}
	}
}

// TestASealedStoreInsideIsRefused: its blobs would leave as they are. Neither is left open.
func TestASealedStoreInsideIsRefused(t *testing.T) {
	inner, outer := memory.Open(), newBeside()
	for _, wrong := range []store.Opener{
		sealed.Open(inner, sealed.Options{}),
		opening(func() store.Backend { return changing{mustOpen(t, inner)} }),
	} {
		if _, err := store.WithBlobs(wrong, outer).Open(t.Context()); err == nil || !strings.Contains(err.Error(), "goes around") {
			t.Fatal(err)
		}
	}
	right := mustOpen(t, sealed.Open(store.WithBlobs(inner, outer), sealed.Options{Keys: sealed.FromText("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")}))
	must(t, right.PutBlob(t.Context(), "default", record.ID{1}, [32]byte{}, []byte("plain")))
	if got, err := right.GetBlob(t.Context(), "default", record.ID{1}, [32]byte{}); err != nil || string(got) != "plain" {
		t.Fatalf("%q %v", got, err)
	}
	if out, err := outer.opened.GetBlob(t.Context(), "default", record.ID{1}, [32]byte{}); err != nil || strings.Contains(string(out), "plain") {
		t.Fatalf("%q lies outside: %v", out, err)
	}
}

// TestBlobsOfAnotherStoreAreRefused before anything is read or swept there, and neither is left open.
func TestBlobsOfAnotherStoreAreRefused(t *testing.T) {
	inner, outer := memory.Open(), newBeside()
	b := mustOpen(t, store.WithBlobs(inner, outer))
	if want := b.Info().Incarnation; outer.asked != want {
		t.Fatalf("asked of %x, opened %x", outer.asked, want)
	}
	must(t, b.Close())
	outer.theirs = true
	if _, err := store.WithBlobs(inner, outer).Open(t.Context()); !errors.Is(err, store.ErrForeignBlobs) {
		t.Fatal(err)
	}
	mustOpen(t, inner)
	mustOpen(t, outer)
}

// TestOpenNeedsBoth: where one cannot be opened, the other is not left open.
func TestOpenNeedsBoth(t *testing.T) {
	inner, outer := memory.Open(), newBeside()
	outer.fail = errors.New("no bucket")
	if _, err := store.WithBlobs(inner, outer).Open(t.Context()); !errors.Is(err, outer.fail) {
		t.Fatal(err)
	}
	outer.fail = nil
	taken := mustOpen(t, inner)
	if _, err := store.WithBlobs(inner, outer).Open(t.Context()); !errors.Is(err, store.ErrInUse) {
		t.Fatal(err)
	}
	must(t, taken.Close())
	must(t, mustOpen(t, store.WithBlobs(inner, outer)).Close())
}

// committed makes executions of shard 0 that have ended, with blobs where asked for, and gives what forgets them.
func committed(t *testing.T, b store.Backend, n int, withBlob func(i int) bool) func() []record.ID {
	t.Helper()
	fence, err := b.Claim(t.Context(), 0, record.Fence{}, record.Owner{1})
	must(t, err)
	lane, number := store.Lane{Owner: record.Owner{1}}, uint64(0)
	commit := func(p record.Part) {
		t.Helper()
		number++
		p.Fence, p.Number = fence, number
		if o := b.Commit(t.Context(), &store.Batch{Lane: lane, Number: number, Digest: number, Parts: []record.Part{p}}); o.Result != store.Committed {
			t.Fatal(o)
		}
	}
	var births record.Part
	var ids []record.ID
	for i := range n {
		id := record.NewID(int64(i+1)*1000, 1, 0)
		ids = append(ids, id)
		births.Heads = append(births.Heads, record.Head{Execution: id, Insert: true, Namespace: "default", Workflow: "w", Version: "1", Status: "completed", Ended: 1, NextAt: record.Never})
		births.Entries = append(births.Entries, record.Entry{Execution: id, Seq: 1, Body: []byte{1}})
		if withBlob(i) {
			must(t, b.PutBlob(t.Context(), "default", id, [32]byte{1}, []byte("x")))
		}
	}
	commit(births)
	return func() []record.ID {
		slices.Reverse(ids)
		commit(record.Part{Forgets: ids})
		return ids
	}
}

func owners(t *testing.T, b store.Blobs) (out []record.ID) {
	t.Helper()
	out, err := b.BlobOwners(t.Context(), record.ID{}, 1_000_000)
	must(t, err)
	return out
}

// TestBlobsOfTheForgottenAreDroppedBehindTheCommit: the commit waits for none of it, and the many that have no blobs cost
// next to nothing.
func TestBlobsOfTheForgottenAreDroppedBehindTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer, hold := newBeside(), make(chan struct{})
		outer.hold = func(context.Context) { <-hold }
		b := mustOpen(t, store.WithBlobs(memory.Open(), outer))
		forget := committed(t, b, 2500, func(i int) bool { return i%500 == 0 })
		keep := record.NewID(700_500, 1, 1)
		must(t, b.PutBlob(t.Context(), "default", keep, [32]byte{1}, []byte("x")))
		forget()
		synctest.Wait()
		if got := len(owners(t, b)); got != 6 {
			t.Fatalf("%d owners while the first drop is under way", got)
		}
		close(hold)
		synctest.Wait()
		if got := owners(t, b); !slices.Equal(got, []record.ID{keep}) {
			t.Fatalf("%v have blobs", got)
		}
		if d := b.(store.Dropping).Drops(); d != (store.Drops{Dropped: 5}) {
			t.Fatalf("%+v", d)
		}
		if asked := outer.count("owners"); asked > 2+3 { // by this test, and once for a thousand
			t.Errorf("asked %d times who has blobs", asked)
		}
	})
}

// TestManyOwnersBetweenAreLookedThroughOnce: a page of others ends the listing, not what is known by it.
func TestManyOwnersBetweenAreLookedThroughOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer := newBeside()
		b := mustOpen(t, store.WithBlobs(memory.Open(), outer))
		forget := committed(t, b, 3, func(int) bool { return true })
		var others []record.ID
		for i := range 1500 { // behind the first, before the second
			id := record.NewID(1001, uint64(i+1), 1)
			must(t, b.PutBlob(t.Context(), "default", id, [32]byte{1}, nil))
			others = append(others, id)
		}
		forget()
		synctest.Wait()
		if got := owners(t, b); !slices.Equal(got, others) {
			t.Fatalf("%d have blobs", len(got))
		}
		if asked := outer.count("owners"); asked > 1+2 {
			t.Errorf("asked %d times who has blobs", asked)
		}
	})
}

// TestMissedDropsAreCounted: errors, what came at once beyond all bounds, and what a shutdown cut off.
func TestMissedDropsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer := newBeside()
		b := mustOpen(t, store.WithBlobs(memory.Open(), outer))
		forget := committed(t, b, 12_000, func(i int) bool { return i < 2 })
		outer.fail = fmt.Errorf("away")
		forget()
		synctest.Wait()
		if d := b.(store.Dropping).Drops(); d.Missed != 12_000 || d.Dropped != 0 || !errors.Is(d.Last, outer.fail) {
			t.Fatalf("%+v", d)
		}
		heard := sealed.Wrap(b, sealed.Options{}, nil).Info().Warnings
		if len(heard) != 2 || !strings.Contains(heard[1], "12000 forgotten executions") || !strings.HasSuffix(heard[1], "away") {
			t.Errorf("%q", heard)
		}
		outer.fail = nil
		if got := owners(t, b); len(got) != 2 {
			t.Fatalf("%d are left for a sweep", len(got))
		}
	})
}

// TestCloseWaitsForDropsButNotForEver: what is pending at the end is dropped, and one that hangs is given up.
func TestCloseWaitsForDropsButNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer := newBeside()
		outer.hold = func(ctx context.Context) { <-ctx.Done() }
		b := mustOpen(t, store.WithBlobs(memory.Open(), outer))
		committed(t, b, 3, func(i int) bool { return true })()
		began := time.Now()
		must(t, b.Close())
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("the close took %s", took)
		}
		if d := b.(store.Dropping).Drops(); d.Missed != 3 {
			t.Errorf("%+v", d)
		}
		if err := b.PutBlob(t.Context(), "default", record.ID{1}, [32]byte{}, nil); !errors.Is(err, store.ErrClosed) {
			t.Error(err)
		}
	})
}
