package sim

import "testing"

// TestOracle: the same definitions and inputs end the same with and without faults, and whatever the sizes of batches,
// lanes, members, evictions and snapshots are.
func TestOracle(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 3
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		bad, err := Compare(seed)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range bad {
			t.Errorf("seed %d: %s", seed, v)
		}
	}
}
