package bug

import (
	"slices"
	"testing"
)

func TestEveryBugHasItsOwnName(t *testing.T) {
	seen := map[string]Bug{}
	for b := range count {
		name := b.String()
		if name == "" {
			t.Fatalf("bug %d has no name", b)
		}
		if other, ok := seen[name]; ok {
			t.Fatalf("%d and %d are both %q", b, other, name)
		}
		seen[name] = b
		if back, ok := Named(name); !ok || back != b {
			t.Fatalf("%q is found as %d", name, back)
		}
	}
}

func TestOnlyTheTaggedBuildCanBeBroken(t *testing.T) {
	Set(EvictNoHeap)
	defer Set(None)
	if On(EvictNoHeap) != Enabled || On(ReadBack) {
		t.Fatalf("enabled=%t on=%t other=%t", Enabled, On(EvictNoHeap), On(ReadBack))
	}
}

func TestTheTenAreAmongAll(t *testing.T) {
	if len(Ten()) != 10 {
		t.Fatalf("%d", len(Ten()))
	}
	for _, b := range Ten() {
		if !slices.Contains(All(), b) {
			t.Errorf("%s is not among all", b)
		}
	}
}
