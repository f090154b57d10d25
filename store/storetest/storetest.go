// Package storetest is the one conformance suite of package store: what it checks is what the engine relies on.
// Every driver runs it against the real thing, and so does the simulator's model of a store.
//
// It asks nothing of a driver but its interface: no waits, no clock, and goroutines only where the subject is
// concurrent use. Names carry the ids of the reliability reference: F scenarios, I invariants.
package storetest

import (
	"testing"

	"github.com/pawl-dev/pawl/store"
)

// Option widens the suite.
type Option func(*suite)

// Reopen lets the suite restart a store: f closes b and opens the same content again. Without it nothing is said
// about what survives a close.
func Reopen(f func(t *testing.T, b store.Backend) store.Backend) Option {
	return func(s *suite) { s.reopen = f }
}

type suite struct {
	open   func(t *testing.T) store.Backend
	reopen func(t *testing.T, b store.Backend) store.Backend
}

// Run checks a driver. open returns a new, empty store each time; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) store.Backend, opts ...Option) {
	s := &suite{open: open}
	for _, o := range opts {
		o(s)
	}
	for _, area := range []struct {
		name  string
		tests []test
	}{
		{"Lane", laneTests},
		{"Fence", fenceTests},
		{"Atomic", atomicTests},
		{"Entry", entryTests},
		{"Head", headTests},
		{"Snapshot", snapshotTests},
		{"Key", keyTests},
		{"Message", messageTests},
		{"Answer", answerTests},
		{"Trim", trimTests},
		{"Forget", forgetTests},
		{"Due", dueTests},
		{"Search", searchTests},
		{"Count", countTests},
		{"Claim", claimTests},
		{"Definition", definitionTests},
		{"Blob", blobTests},
		{"DataKey", dataKeyTests},
		{"Concurrent", concurrentTests},
		{"Close", closeTests},
	} {
		t.Run(area.name, func(t *testing.T) { s.runArea(t, area.tests) })
	}
}

// test is one case; it gets a fixture over a store of its own.
type test struct {
	name string
	run  func(f *fixture)
}

func (s *suite) runArea(t *testing.T, tests []test) {
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) { c.run(newFixture(t, s)) })
	}
}
