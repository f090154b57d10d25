package transfer_test

import (
	"context"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/offload"
	"github.com/pawl-dev/pawl/store/transfer"
)

// TestF31_CheckFindsWhatDoesNotFit: a checksum that does not fit, and a key whose execution is not there.
func TestF31_CheckFindsWhatDoesNotFit(t *testing.T) {
	s := newStore(t)
	good, bad := s.execution(1, 3), s.execution(2, 3)
	s.put(good)
	bad.entries[1].Sum++
	s.put(bad)
	lost := s.execution(3, 1)
	lost.head.Key = "k"
	s.put(lost)
	s.point(lost.head, s.execution(4, 1).head.Execution)

	apart := s.execution(5, 2)
	apart.entries[1] = parted(t, s, apart.entries[1])
	s.put(apart)
	s.must(s.DropBlobs(t.Context(), apart.head.Execution))
	whole := s.execution(6, 2)
	whole.entries[1] = parted(t, s, whole.entries[1])
	s.put(whole)

	got, err := transfer.Check(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Executions != 5 || got.Entries != 11 || got.Problems != 3 {
		t.Fatalf("got %+v", got)
	}
	for i, want := range []string{"checksum of entry 2", "entry 2 refers to 1 large payloads", `the key "k"`} {
		if !strings.Contains(got.Faults[i].Text, want) {
			t.Errorf("fault %d is %q", i, got.Faults[i].Text)
		}
	}
	if got.Faults[0].Execution != bad.head.Execution || got.Faults[0].Execution == (record.ID{}) {
		t.Errorf("of %s", got.Faults[0].Execution)
	}
}

// parted is e as it is kept by a store that keeps apart what is in it.
func parted(t *testing.T, s *stand, e record.Entry) (out record.Entry) {
	t.Helper()
	spy := &lastBatch{Backend: s}
	offload.Wrap(spy, offload.Options{Above: 10}).Commit(t.Context(), &store.Batch{Parts: []record.Part{{Entries: []record.Entry{e}}}})
	return spy.seen
}

// lastBatch commits nothing and keeps the entry.
type lastBatch struct {
	store.Backend
	seen record.Entry
}

func (l *lastBatch) Commit(_ context.Context, b *store.Batch) store.Outcome {
	l.seen = b.Parts[0].Entries[0]
	return store.Outcome{Result: store.NotCommitted}
}
