package fault

import (
	"os/exec"
	"slices"
	"testing"
)

func TestPointsAreDistinct(t *testing.T) {
	all := Points()
	slices.Sort(all)
	if len(all) == 0 || len(slices.Compact(slices.Clone(all))) != len(all) || slices.Contains(all, "") {
		t.Fatalf("%q", all)
	}
	all[0] = "changed"
	if slices.Contains(Points(), "changed") {
		t.Fatal("callers can change the list")
	}
}

// TestTagged runs the tests of the build in which points do something.
func TestTagged(t *testing.T) {
	if Enabled {
		t.Skip("this is that build")
	}
	if testing.Short() {
		t.Skip("builds a second test binary")
	}
	out, err := exec.Command("go", "test", "-count=1", "-tags", "pawlfault", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
