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

// TestEachProfileFindsWhatIsTypicalOfIt: mistakes that a driver for such a store, or an engine on one, could make.
func TestEachProfileFindsWhatIsTypicalOfIt(t *testing.T) {
	defer bug.Set(bug.None)
	for _, c := range []struct {
		profile string
		bugs    []bug.Bug
		law     string
	}{
		{"free", []bug.Bug{bug.LostIsRefused}, "F26"},
		{"sqlite", []bug.Bug{bug.LostIsRefused}, "F26"},
		{"sqlite", []bug.Bug{bug.FullIsRejected}, "F30"},
		{"postgres", []bug.Bug{bug.LostIsRefused}, "F26"},
		{"postgres", []bug.Bug{bug.ShareLockMissing, bug.RetriedPartly}, ""},
		{"mysql", []bug.Bug{bug.ShareLockMissing, bug.RetriedPartly}, ""},
		{"mysql", []bug.Bug{bug.BackIgnored, bug.LaneBehind}, "F33"},
		{"redis", []bug.Bug{bug.LostIsRefused}, "F26"},
		{"redis", []bug.Bug{bug.BackIgnored, bug.LaneBehind}, "F33"},
	} {
		for _, b := range c.bugs {
			bug.Set(b)
			law := ""
			for seed := uint64(1); seed <= 400 && law == ""; seed++ {
				r, err := Run(seed, Options{Profile: c.profile})
				if err != nil {
					t.Fatal(err)
				}
				if len(r.Violations) > 0 {
					law = r.Violations[0].Law
				}
			}
			if law == "" || c.law != "" && law != c.law {
				t.Errorf("%s: %s is found by %q", c.profile, b, law)
			}
		}
	}
}
