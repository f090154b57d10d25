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

func TestTimesOfTheStartAreARangeOfIDs(t *testing.T) {
	id := record.NewID(5, 7, 9)
	for _, c := range []struct {
		from, to int64
		want     bool
	}{{0, 0, true}, {5, 6, true}, {5, 0, true}, {6, 0, false}, {0, 5, false}, {0, 6, true}, {1, 5, false}, {-3, 0, true}, {0, -1, false}, {1 << 48, 0, false}, {0, 1 << 62, true}} {
		f := Filter{StartedFrom: c.from, StartedTo: c.to}
		lo, hi, err := f.Range()
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Compare(lo[:], id[:]) <= 0 && bytes.Compare(id[:], hi[:]) <= 0; got != c.want {
			t.Errorf("from %d to %d: %v", c.from, c.to, got)
		}
	}
}

func TestMatchLeavesOpenExecutionsOutOfEndedRanges(t *testing.T) {
	open := record.Head{}
	if f := (Filter{EndedTo: 100}); f.Match(&open) {
		t.Fatal("an execution that has not ended matched")
	}
}

func TestRangeOfTheOldestBeginsBehindTheCursor(t *testing.T) {
	f := Filter{Order: Oldest, Cursor: record.NewID(1, 1<<64-1, 0xffff).String()}
	if lo, hi, err := f.Range(); err != nil || lo != record.NewID(2, 0, 0) || hi != record.NewID(maxMillis, 1<<64-1, 0xffff) {
		t.Fatalf("got %v %v %v", lo, hi, err)
	}
	f.Cursor = record.NewID(maxMillis, 1<<64-1, 0xffff).String()
	if lo, hi, err := f.Range(); err != nil || bytes.Compare(lo[:], hi[:]) <= 0 {
		t.Fatalf("something lies behind the last id: %v %v %v", lo, hi, err)
	}
	f.StartedFrom, f.Cursor = 5, record.NewID(3, 0, 0).String()
	if lo, _, err := f.Range(); err != nil || lo != record.NewID(5, 0, 0) {
		t.Fatalf("the cursor before the range widens it: %v %v", lo, err)
	}
}

// A lower case of other letters than A to Z would find what it should not, and miss what it should find.
func TestLowerASCIITouchesNothingElse(t *testing.T) {
	for s, want := range map[string]string{"aBZ[@": "abz[@", "Äİ\u212a": "Äİ\u212a", "\xffA": "\xffa", "": ""} {
		if got := LowerASCII(s); got != want {
			t.Errorf("%q is %q", s, got)
		}
	}
}
