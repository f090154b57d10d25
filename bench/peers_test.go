package main

import "testing"

// TestTakes keeps a program that takes minutes to build out of a race that does not need it.
func TestTakes(t *testing.T) {
	for only, want := range map[string]bool{"": true, "temporal": true, "river,temporal": true, "river,dbos": false, "temporal-else": false} {
		if got := takes(only, []string{"temporal"}); got != want {
			t.Errorf("-only %q: %v, want %v", only, got, want)
		}
		if !takes(only, nil) {
			t.Errorf("-only %q leaves out a program for all", only)
		}
	}
}
