package record

import (
	"testing"

	"pgregory.net/rapid"
)

func TestIDKeepsItsFieldsAndOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, 1<<48-1).Draw(t, "ms")
		later := rapid.Int64Range(ms, 1<<48-1).Draw(t, "later")
		slot := rapid.Uint16().Draw(t, "slot")
		id := NewID(ms, rapid.Uint64().Draw(t, "random"), slot)
		if id.Millis() != ms || id.Slot() != slot {
			t.Fatalf("fields lost: %d %d", id.Millis(), id.Slot())
		}
		back, err := ParseID(id.String())
		if err != nil || back != id {
			t.Fatalf("round trip of %s: %v %v", id, back, err)
		}
		if later > ms && NewID(later, 0, 0).String() <= id.String() {
			t.Fatal("text order is not time order")
		}
	})
}

func TestParseIDRefuses(t *testing.T) {
	for _, s := range []string{"", "short", "8zzzzzzzzzzzzzzzzzzzzzzzzz", "0000000000000000000000000u", "0000000000000000000000000\xff"} {
		if _, err := ParseID(s); err == nil {
			t.Errorf("accepted %q", s)
		}
	}
}

// F31: the sum of an entry covers everything a bit could flip in.
func TestF31EntrySumCoversWhereAndWhen(t *testing.T) {
	e := Entry{Execution: NewID(1, 2, 3), Seq: 4, At: 5, Body: []byte("body")}
	sum := e.Checksum()
	for name, change := range map[string]func(*Entry){
		"execution": func(e *Entry) { e.Execution[9] ^= 1 },
		"seq":       func(e *Entry) { e.Seq ^= 1 },
		"at":        func(e *Entry) { e.At ^= 1 << 40 },
		"body":      func(e *Entry) { e.Body = []byte("bodz") },
	} {
		c := e
		change(&c)
		if c.Checksum() == sum {
			t.Errorf("a flipped bit in %s is not noticed", name)
		}
	}
}
