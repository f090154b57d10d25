package bug

import "testing"

func TestEveryBugHasItsOwnName(t *testing.T) {
	seen := map[string]Bug{}
	for _, b := range All() {
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
