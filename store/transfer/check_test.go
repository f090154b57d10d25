package transfer_test

import (
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/record"
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

	got, err := transfer.Check(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Executions != 3 || got.Entries != 7 || got.Problems != 2 {
		t.Fatalf("got %+v", got)
	}
	for i, want := range []string{"checksum of entry 2", `the key "k"`} {
		if !strings.Contains(got.Faults[i].Text, want) {
			t.Errorf("fault %d is %q", i, got.Faults[i].Text)
		}
	}
	if got.Faults[0].Execution != bad.head.Execution || got.Faults[0].Execution == (record.ID{}) {
		t.Errorf("of %s", got.Faults[0].Execution)
	}
}
