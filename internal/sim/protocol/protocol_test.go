package protocol

import (
	"flag"
	"fmt"
	"strings"
	"testing"
)

var full = flag.Bool("full", false, "explore the largest world: 13 million states, a minute and 2 GB")

// TestR1_R5_EveryOrderOfASmallWorld finds nothing wrong in all states of worlds that can be explored as a whole.
func TestR1_R5_EveryOrderOfASmallWorld(t *testing.T) {
	worlds := []bounds{{entries: 3, unknown: 2, claims: 2, rejects: 1, crashes: 1}, {entries: 2, unknown: 2, claims: 3, rejects: 1, crashes: 1}}
	switch {
	case *full:
		worlds = []bounds{{entries: 3, unknown: 2, claims: 3, rejects: 1, crashes: 1}}
	case testing.Short():
		worlds = []bounds{{entries: 2, unknown: 2, claims: 2, rejects: 1, crashes: 1}}
	}
	for _, most := range worlds {
		r := explore(sound(), most)
		t.Logf("%+v: states=%d depth=%d", most, r.States, r.Depth)
		if r.Wrong != "" {
			t.Fatalf("%s:\n%s", r.Wrong, strings.Join(r.Way, "\n"))
		}
		if r.States < 100_000 {
			t.Errorf("only %d states", r.States)
		}
	}
}

// TestEveryRuleIsNeeded switches off one rule after the other: the shortest way to what goes wrong then is told.
func TestEveryRuleIsNeeded(t *testing.T) {
	for name, off := range map[string]func(*rules){
		"the lane before the fences": func(r *rules) { r.laneFirst = false },
		"fences":                     func(r *rules) { r.fences = false },
		"share locks":                func(r *rules) { r.share = false },
		"the digest of a lane":       func(r *rules) { r.digest = false },
		"the same bytes again":       func(r *rules) { r.sameBytes = false },
		"the same number again":      func(r *rules) { r.sameNumber = false },
		"former versions":            func(r *rules) { r.keepFormer = false },
		"a fresh owner":              func(r *rules) { r.freshOwner = false },
		"answers of what is durable": func(r *rules) { r.ackDurable = false },
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			r := sound()
			off(&r)
			got := explore(r, bounds{entries: 3, unknown: 2, claims: 3, rejects: 1, crashes: 1})
			if got.Wrong == "" {
				t.Fatalf("nothing goes wrong without %s, in %d states", name, got.States)
			}
			t.Log(fmt.Sprintf("without %s: %s, after %d states:\n", name, got.Wrong, got.States) + strings.Join(got.Way, "\n"))
		})
	}
}
