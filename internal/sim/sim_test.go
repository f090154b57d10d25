package sim

import (
	"testing"
)

// TestSeeds plays some worlds; go run ./internal/sim/cmd/sim plays thousands.
func TestSeeds(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 8
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		r, err := Run(seed, Options{})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, v := range r.Violations {
			t.Errorf("seed %d: %s\nreproduce: go run ./internal/sim/cmd/sim --seed %d --trace", seed, v, seed)
		}
	}
}

// TestASeedIsOneRun: equal seeds give equal runs, or nothing a seed shows could be repeated.
func TestASeedIsOneRun(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		a, err := Run(seed, Options{})
		if err != nil {
			t.Fatal(err)
		}
		b, err := Run(seed, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if a.Hash != b.Hash || a.Events != b.Events {
			t.Fatalf("seed %d: %016x after %d events, then %016x after %d", seed, a.Hash, a.Events, b.Hash, b.Events)
		}
	}
}
