//go:build simbugs

package sim

import (
	"testing"

	"github.com/pawl-dev/pawl/internal/sim/bug"
)

// TestEasyMistakesAreFound: the quick half of what sim --bugs does.
func TestEasyMistakesAreFound(t *testing.T) {
	defer bug.Set(bug.None)
	for _, b := range []bug.Bug{bug.ReadBack, bug.EvictNoHeap, bug.AdvanceOutOfOrder, bug.ReplyEarly, bug.DispatchEarly, bug.LostSilent, bug.SlotTwice, bug.SlotKept} {
		bug.Set(b)
		found := false
		for seed := uint64(1); seed <= 40 && !found; seed++ {
			r, err := Run(seed, Options{})
			if err != nil {
				t.Fatal(err)
			}
			found = len(r.Violations) > 0
		}
		if !found {
			t.Errorf("%s is not found in 40 seeds", b)
		}
	}
}
