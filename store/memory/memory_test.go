package memory_test

import (
	"errors"
	"testing"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/storetest"
)

func TestConformance(t *testing.T) {
	openers := map[store.Backend]store.Opener{}
	open := func(t *testing.T, o store.Opener) store.Backend {
		b, err := o.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		openers[b] = o
		return b
	}
	storetest.Run(t,
		func(t *testing.T) store.Backend { return open(t, memory.Open()) },
		storetest.Reopen(func(t *testing.T, b store.Backend) store.Backend {
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, openers[b])
		}))
}

func TestSecondOpenIsRefusedUntilClose(t *testing.T) {
	o := memory.Open(memory.WithNow(func() int64 { return 5 }), memory.WithIncarnation([16]byte{7}))
	b, err := o.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Open(t.Context()); !errors.Is(err, store.ErrInUse) {
		t.Fatalf("got %v", err)
	}
	if _, now, _ := b.Beat(t.Context(), store.Beat{}); now != 5 || b.Info().Incarnation != [16]byte{7} {
		t.Fatalf("options ignored: %d %v", now, b.Info())
	}
	b.Close()
	b.Close()
	again, err := o.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.Close() // a handle of the past closes nothing
	if _, err := o.Open(t.Context()); !errors.Is(err, store.ErrInUse) {
		t.Fatalf("got %v", err)
	}
	again.Close()
}
