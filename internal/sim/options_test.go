package sim

import (
	"bytes"
	"strings"
	"testing"
)

// TestAStoreThatLiesIsFound: the judge must notice what a store forgets that it has acknowledged (I6, F29).
func TestAStoreThatLiesIsFound(t *testing.T) {
	found, seeds := 0, 12
	for seed := range uint64(seeds) {
		r, err := Run(seed+1, Options{Lies: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Violations) > 0 {
			found++
		}
	}
	if found < seeds/4 {
		t.Fatalf("a store that forgets is found in %d of %d worlds", found, seeds)
	}
}

func TestShrinkKeepsTheLaw(t *testing.T) {
	for seed := uint64(1); seed < 20; seed++ {
		r, err := Run(seed, Options{Lies: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Violations) == 0 {
			continue
		}
		law := r.Violations[0].Law
		small, err := Shrink(seed, law, Options{Lies: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Run(seed, small)
		if err != nil || len(s.Violations) == 0 || s.Violations[0].Law != law {
			t.Fatalf("seed %d with%s: %v %v", seed, small.String(), s.Violations, err)
		}
		if len(small.Without) == 0 {
			t.Errorf("seed %d: a world whose store lies needs no other fault, and none was left out", seed)
		}
		return
	}
	t.Fatal("no seed fails")
}

func TestTimelineTellsWhatHappens(t *testing.T) {
	var told bytes.Buffer
	if _, err := Run(3, Options{Timeline: &told}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"begins its life", "a client asks member", "it is born as", "all faults heal"} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("the timeline does not say %q", want)
		}
	}
}

func TestUnknownFaultIsNamed(t *testing.T) {
	if _, err := Run(1, Options{Without: []string{"crashh"}}); err == nil || !strings.Contains(err.Error(), "crashh") {
		t.Fatalf("%v", err)
	}
}

func TestMembers(t *testing.T) {
	for _, n := range []int{1, 5} {
		if r, err := Run(11, Options{Members: n}); err != nil || len(r.Violations) > 0 {
			t.Fatalf("%d members: %v %v", n, r.Violations, err)
		}
	}
}
