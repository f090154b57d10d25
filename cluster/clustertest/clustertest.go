// Package clustertest is the one conformance suite of package cluster. It waits for what members tell of changes, with
// bounds and no sleeps.
package clustertest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/cluster"
	"github.com/pawl-dev/pawl/record"
)

// Cluster is an empty cluster to be tested.
type Cluster struct {
	// Process makes the membership of another process.
	Process func(t *testing.T) cluster.Membership
	// Die ends a process without a word: nothing of its membership runs on.
	Die func(m cluster.Membership)
	// Within bounds how long a change may take to be known.
	Within time.Duration
}

// Run checks an implementation. open makes an empty cluster each time.
func Run(t *testing.T, open func(t *testing.T) Cluster) {
	for name, f := range map[string]func(s *suite){
		"JoinedIsSeenByAll":      joined,
		"LeaveIsMissed":          left,
		"F4_DeadIsMissed":        died,
		"F7_SameAddrTwice":       twins,
		"JoinNeedsAnOwner":       nobody,
		"LeaveOfNobodyAndAgain":  idle,
		"WatcherSeesEveryChange": watched,
	} {
		t.Run(name, func(t *testing.T) { f(&suite{T: t, Cluster: open(t)}) })
	}
}

type suite struct {
	*testing.T
	Cluster
}

func owner(n byte) record.Owner { return record.Owner{n, 15: 1} }

func (s *suite) join(n byte, addr string) cluster.Membership {
	s.Helper()
	m := s.Process(s.T)
	if err := m.Join(s.Context(), cluster.Member{Owner: owner(n), Addr: addr}); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = m.Leave(context.Background()) })
	return m
}

// sees waits until m knows exactly these members.
func (s *suite) sees(m cluster.Membership, want ...cluster.Member) {
	s.Helper()
	late := time.NewTimer(s.Within)
	defer late.Stop()
	for {
		got, changed := m.Members()
		if slices.Equal(got, want) {
			return
		}
		select {
		case <-changed:
		case <-late.C:
			s.Fatalf("within %s: members %v, want %v", s.Within, got, want)
		}
	}
}

func joined(s *suite) {
	a := s.join(1, "one:1")
	s.sees(a, cluster.Member{Owner: owner(1), Addr: "one:1"})
	b := s.join(2, "")
	for _, m := range []cluster.Membership{a, b} {
		s.sees(m, cluster.Member{Owner: owner(1), Addr: "one:1"}, cluster.Member{Owner: owner(2)})
	}
}

func left(s *suite) {
	a, b := s.join(1, ""), s.join(2, "")
	s.sees(a, cluster.Member{Owner: owner(1)}, cluster.Member{Owner: owner(2)})
	if err := b.Leave(s.Context()); err != nil {
		s.Fatal(err)
	}
	s.sees(a, cluster.Member{Owner: owner(1)})
}

func died(s *suite) {
	a, b := s.join(1, ""), s.join(2, "")
	s.sees(a, cluster.Member{Owner: owner(1)}, cluster.Member{Owner: owner(2)})
	s.Die(b)
	s.sees(a, cluster.Member{Owner: owner(1)})
}

// twins: a process starts while its predecessor of the same name drains.
func twins(s *suite) {
	a, b := s.join(1, "node:7"), s.join(2, "node:7")
	s.sees(b, cluster.Member{Owner: owner(1), Addr: "node:7"}, cluster.Member{Owner: owner(2), Addr: "node:7"})
	if err := a.Leave(s.Context()); err != nil {
		s.Fatal(err)
	}
	s.sees(b, cluster.Member{Owner: owner(2), Addr: "node:7"})
}

func nobody(s *suite) {
	m := s.Process(s.T)
	if err := m.Join(s.Context(), cluster.Member{Addr: "x"}); err == nil {
		s.Error("a member without an owner was let in")
	}
	if list, _ := m.Members(); len(list) != 0 {
		s.Errorf("members %v", list)
	}
}

func idle(s *suite) {
	m := s.Process(s.T)
	for range 2 {
		if err := m.Leave(s.Context()); err != nil {
			s.Error(err)
		}
	}
	n := s.join(1, "")
	for range 2 {
		if err := n.Leave(s.Context()); err != nil {
			s.Error(err)
		}
	}
	if err := n.Join(s.Context(), cluster.Member{Owner: owner(2)}); err == nil {
		s.Error("a membership was joined twice")
	}
}

func watched(s *suite) {
	a := s.join(1, "")
	s.sees(a, cluster.Member{Owner: owner(1)})
	_, changed := a.Members()
	s.join(2, "")
	late := time.NewTimer(s.Within)
	defer late.Stop()
	select {
	case <-changed:
	case <-late.C:
		s.Fatal("nobody was told that a member has joined")
	}
	s.sees(a, cluster.Member{Owner: owner(1)}, cluster.Member{Owner: owner(2)})
}
