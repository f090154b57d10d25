package modelstore

import (
	"errors"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

func fixture(t *testing.T) (*Model, record.Fence) {
	t.Helper()
	m := New(4, 1, func() int64 { return 1 })
	f, err := m.Claim(1, record.Fence{Shard: 1}, record.Owner{7})
	if err != nil {
		t.Fatal(err)
	}
	return m, f
}

func batch(f record.Fence, number, digest, seq uint64) *store.Batch {
	id := record.NewID(1, 1, uint16(f.Shard))
	p := record.Part{Fence: f, Number: number, Entries: []record.Entry{{Execution: id, Seq: seq}}}
	if seq == 1 {
		p.Heads = []record.Head{{Execution: id, Insert: true}}
	}
	return &store.Batch{Lane: store.Lane{Owner: f.Owner}, Number: number, Digest: digest, Parts: []record.Part{p}}
}

func commit(t *testing.T, m *Model, b *store.Batch) store.Outcome {
	t.Helper()
	x := m.Arrive(b)
	if !x.Lock() {
		t.Fatal("the lane is held")
	}
	out, _ := x.Apply()
	return out
}

func TestF26AResentBatchIsCommittedOnce(t *testing.T) {
	m, f := fixture(t)
	for range 3 {
		if out := commit(t, m, batch(f, 1, 11, 1)); out.Result != store.Committed {
			t.Fatalf("got %v %v", out.Result, out.Cause)
		}
	}
	if out := commit(t, m, batch(f, 1, 12, 1)); out.Result != store.Superseded || out.Winner != 11 {
		t.Fatalf("another version: got %v winner %d", out.Result, out.Winner)
	}
	if out := commit(t, m, batch(f, 3, 13, 2)); !errors.Is(out.Cause, store.ErrStoreWentBack) {
		t.Fatalf("a number left out: got %v %v", out.Result, out.Cause)
	}
	if n := len(m.Execution(m.IDs()[0]).Entries); n != 1 {
		t.Fatalf("%d entries", n)
	}
}

func TestF1AClaimWaitsForTheCommitThatHoldsTheFence(t *testing.T) {
	m, f := fixture(t)
	x := m.Arrive(batch(f, 1, 11, 1))
	if !x.Lock() {
		t.Fatal("the lane is held")
	}
	if m.CanClaim(1) {
		t.Fatal("the claim passes a commit that has checked its fence")
	}
	if !m.CanClaim(2) {
		t.Fatal("the claim of another shard waits")
	}
	if second := m.Arrive(batch(f, 1, 11, 1)); second.Lock() {
		t.Fatal("two commits hold one lane")
	}
	x.Apply()
	if !m.CanClaim(1) {
		t.Fatal("the claim waits for ever")
	}
}

func TestF1AZombieIsDeposed(t *testing.T) {
	m, f := fixture(t)
	late := m.Arrive(batch(f, 1, 11, 1))
	if _, err := m.Claim(1, f, record.Owner{8}); err != nil {
		t.Fatal(err)
	}
	late.Lock()
	out, changed := late.Apply()
	if changed || out.Result != store.NotCommitted || !slices.Equal(out.Deposed, []record.Shard{1}) {
		t.Fatalf("got %v %v changed=%t", out.Result, out.Deposed, changed)
	}
	if n, _ := m.Lane(store.Lane{Owner: f.Owner}); n != 0 {
		t.Fatalf("the lane moved to %d", n)
	}
}

func TestADurableBatchStaysCommittedAfterAClaim(t *testing.T) {
	m, f := fixture(t)
	commit(t, m, batch(f, 1, 11, 1))
	if _, err := m.Claim(1, f, record.Owner{8}); err != nil {
		t.Fatal(err)
	}
	if out := commit(t, m, batch(f, 1, 11, 1)); out.Result != store.Committed {
		t.Fatalf("got %v", out.Result)
	}
}

func TestF31ADamagedSnapshotIsLeftOut(t *testing.T) {
	m, f := fixture(t)
	b := batch(f, 1, 11, 1)
	id := b.Parts[0].Entries[0].Execution
	body := []byte("state")
	b.Parts[0].Snapshots = []record.Snapshot{{Execution: id, Seq: 1, Body: body, Sum: record.Checksum(body)}}
	commit(t, m, b)
	if l := m.Load(1, []record.ID{id}); l[0].Snapshot == nil || len(l[0].Entries) != 0 {
		t.Fatal("the snapshot is not used")
	}
	if !m.Damage(id, 0) {
		t.Fatal("nothing to damage")
	}
	if l := m.Load(1, []record.ID{id}); l[0].Snapshot != nil || len(l[0].Entries) != 1 {
		t.Fatal("the damaged snapshot is used")
	}
}
