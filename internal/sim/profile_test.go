package sim

import (
	"strings"
	"testing"
)

// TestProfiles plays some worlds of every store.
func TestProfiles(t *testing.T) {
	seeds := uint64(10)
	if testing.Short() {
		seeds = 3
	}
	for _, name := range Profiles() {
		for seed := uint64(1); seed <= seeds; seed++ {
			r, err := Run(seed, Options{Profile: name})
			if err != nil {
				t.Fatal(err)
			}
			if r.Profile != name {
				t.Fatalf("%s was asked for, and %s is played", name, r.Profile)
			}
			for _, v := range r.Violations {
				t.Errorf("%s, seed %d: %s", name, seed, v)
			}
		}
	}
}

// TestSeedsDrawAllProfiles: what the free store finds must still be found, so it keeps the largest share.
func TestSeedsDrawAllProfiles(t *testing.T) {
	seen := map[string]int{}
	for seed := uint64(1); seed <= 1000; seed++ {
		s, err := setupOf(seed, Options{})
		if err != nil {
			t.Fatal(err)
		}
		seen[s.profile.name]++
		if s.profile.single && (s.members != 1 || !s.config.Alone || s.config.Forward || s.lanes != 1) {
			t.Fatalf("seed %d: %s", seed, &s)
		}
	}
	sum := 0
	for _, p := range profiles {
		sum += p.share
		if n := seen[p.name]; n < 10*p.share-60 || n > 10*p.share+60 {
			t.Errorf("%s is drawn %d times in 1000", p.name, n)
		}
	}
	if sum != 100 || seen["free"] < 340 {
		t.Errorf("the shares add up to %d, free is drawn %d times", sum, seen["free"])
	}
}

// TestAProfileLacksWhatItsStoreCannotDo: a store of one process has no way that could be cut, and one that is atomic no
// transactions that stall.
func TestAProfileLacksWhatItsStoreCannotDo(t *testing.T) {
	never := map[string][]fault{
		"sqlite": {cutToStore, cutFromStore, commitLate, commitConflicts, storeRestarts, storeFailsOver},
		"redis":  {commitStalls, commitConflicts, commitTimesOut, snapshotRots},
	}
	for seed := uint64(1); seed <= 100; seed++ {
		for name, kinds := range never { // sorted: each for itself
			s, err := setupOf(seed, Options{Profile: name})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range kinds {
				if s.enabled[f] {
					t.Fatalf("seed %d: %s has %s", seed, name, f)
				}
			}
		}
	}
}

// TestF33_AStoreThatWentBackStopsWhoWasTold: worlds of such stores end in processes that have stopped, and in no other
// profile does one stop.
func TestF33_AStoreThatWentBackStopsWhoWasTold(t *testing.T) {
	back, stopped := 0, 0
	for seed := uint64(1); seed <= 60; seed++ {
		if s, err := setupOf(seed, Options{Profile: "redis"}); err != nil || s.loss == nil {
			continue
		}
		r, err := Run(seed, Options{Profile: "redis"})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s", seed, v)
		}
		back++
		if r.Stopped > 0 {
			stopped++
		}
	}
	if back < 10 || stopped < back/3 {
		t.Fatalf("%d stores went back; in %d worlds somebody noticed", back, stopped)
	}
}

func TestUnknownProfileIsNamed(t *testing.T) {
	if _, err := Run(1, Options{Profile: "oracle"}); err == nil || !strings.Contains(err.Error(), "oracle") {
		t.Fatalf("%v", err)
	}
	if _, err := Run(1, Options{Profile: "sqlite", Members: 2}); err == nil || !strings.Contains(err.Error(), "one member") {
		t.Fatalf("%v", err)
	}
}
