package store

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl/record"
)

func TestRangeHoldsExactlyTheIDsWithThePrefix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) record.ID {
			ms := rapid.Int64Range(0, 1<<48-1).Draw(t, name)
			return record.NewID(ms, rapid.Uint64().Draw(t, name), rapid.Uint16().Draw(t, name))
		}
		a, b := draw("a"), draw("b")
		n := rapid.IntRange(0, 26).Draw(t, "n")
		f := Filter{IDPrefix: a.String()[:n]}
		lo, hi, err := f.Range()
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []record.ID{a, b} {
			in := bytes.Compare(lo[:], id[:]) <= 0 && bytes.Compare(id[:], hi[:]) <= 0
			if want := strings.HasPrefix(id.String(), f.IDPrefix); in != want {
				t.Fatalf("%s with prefix %q: in range %v", id, f.IDPrefix, in)
			}
		}
	})
}

func TestRangeEndsBeforeTheCursor(t *testing.T) {
	last := record.NewID(1, 0, 0)
	f := Filter{Cursor: last.String()}
	lo, hi, err := f.Range()
	if err != nil || !lo.IsZero() || hi != record.NewID(0, 1<<64-1, 0xffff) {
		t.Fatalf("got %v %v %v", lo, hi, err)
	}
	f.Cursor = record.ID{}.String()
	if lo, hi, err = f.Range(); err != nil || bytes.Compare(lo[:], hi[:]) <= 0 {
		t.Fatalf("nothing lies before the first id: %v %v %v", lo, hi, err)
	}
	f.Cursor = "nonsense"
	if _, _, err = f.Range(); err == nil {
		t.Fatal("accepted a cursor that is none")
	}
	for _, prefix := range []string{"8", "u", "0 ", strings.Repeat("0", 27)} {
		f = Filter{IDPrefix: prefix}
		if lo, hi, err = f.Range(); err != nil || bytes.Compare(lo[:], hi[:]) <= 0 {
			t.Fatalf("prefix %q begins no id: %v %v %v", prefix, lo, hi, err)
		}
	}
}

func TestMatchLeavesOpenExecutionsOutOfEndedRanges(t *testing.T) {
	open := record.Head{Started: 5}
	if f := (Filter{EndedTo: 100}); f.Match(&open) {
		t.Fatal("an execution that has not ended matched")
	}
	if f := (Filter{StartedFrom: 5, StartedTo: 6}); !f.Match(&open) {
		t.Fatal("from is inclusive")
	}
	if f := (Filter{StartedFrom: 1, StartedTo: 5}); f.Match(&open) {
		t.Fatal("to is exclusive")
	}
}
