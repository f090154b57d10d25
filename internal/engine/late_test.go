package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// lateReads are the questions that a client waits for, each with what it asks.
var lateReads = map[string]struct {
	fails func(Request) bool
	ask   func(*stand) uint64
	// damaged is the answer where the store says that it is.
	damaged string
}{
	"load": {
		func(r Request) bool { _, is := r.(Load); return is },
		func(s *stand) uint64 { return s.send(Command{Verb: shard.View, Execution: record.NewID(1, 1, 3)}) },
		shard.CodeQuarantined,
	},
	"keys": {
		func(r Request) bool { _, is := r.(Keys); return is },
		func(s *stand) uint64 { return s.beginKeyed(false) }, shard.CodeStore,
	},
	"load of a start": {
		func(r Request) bool { _, is := r.(Load); return is },
		func(s *stand) uint64 { return s.beginKeyed(true) }, shard.CodeQuarantined,
	},
	"define": {
		func(r Request) bool { _, is := r.(Define); return is },
		func(s *stand) uint64 { _, ref := s.begin(3); return ref }, shard.CodeQuarantined,
	},
}

// beginKeyed starts an execution with a key.
func (s *stand) beginKeyed(repeat bool) uint64 {
	key := record.Key{Namespace: "default", Workflow: "w", Key: fmt.Sprint("k", s.ids)}
	_, ref := s.begin(0, func(c *Command) {
		id := record.NewID(s.now.Wall, s.ids, record.KeySlot(key))
		c.Execution, c.Start.ID, c.Start.Key, c.Repeat = id, id, key.Key, repeat
	})
	return ref
}

// failing has the workflow w on a store that answers certain requests with err.
func failing(t *testing.T, fails func(Request) bool, err error) *stand {
	s := newStand(t, openMemory(t), Config{Alone: true})
	s.deploy(function("a"))
	s.fail = func(r Request) error {
		if fails(r) {
			return err
		}
		return nil
	}
	return s
}

// R11: who waits for what the store does not read hears so after a bound, and people do, until it does.
func TestF5_ReadsThatFailForLongAreTold(t *testing.T) {
	for name, q := range lateReads {
		t.Run(name, func(t *testing.T) {
			s := failing(t, q.fails, errors.New("busy"))
			ref := q.ask(s)
			s.pass(4*time.Second, true)
			s.unanswered(ref)
			if len(s.m.Troubles()) != 0 || s.alarmed("store_unread") {
				t.Fatalf("told too soon: %q", s.m.Troubles())
			}
			s.pass(4*time.Second, true)
			s.refused(ref, shard.CodeUnavailable)
			if l := s.m.Troubles(); len(l) != 1 || !strings.Contains(l[0], "busy") || !s.alarmed("store_unread") {
				t.Fatalf("nobody is told: %q, %+v", l, s.alarms)
			}
			late := q.ask(s)
			s.pass(8*time.Second, true)
			s.refused(late, shard.CodeUnavailable)
			s.fail = nil
			s.pass(4*time.Second, true)
			if l := s.m.Troubles(); len(l) != 0 {
				t.Fatalf("it goes on complaining: %q", l)
			}
			_, ref = s.begin(3)
			s.pass(4*time.Second, true)
			s.accepted(ref)
		})
	}
}

// F31: what is damaged is said at once, to who waits for it and to people.
func TestF31_DamagedReadsAreToldAtOnce(t *testing.T) {
	for name, q := range lateReads {
		t.Run(name, func(t *testing.T) {
			s := failing(t, q.fails, store.ErrCorrupt)
			ref := q.ask(s)
			s.pass(time.Second, true)
			s.refused(ref, q.damaged)
			if q.damaged == shard.CodeStore && (len(s.m.Troubles()) != 1 || !s.alarmed("store_damaged")) ||
				q.damaged == shard.CodeQuarantined && !s.alarmed("held") {
				t.Fatalf("nobody is told: %q, %+v", s.m.Troubles(), s.alarms)
			}
		})
	}
}

// F31: also where no client waits: for timers, for messages, for who owns which shard.
func TestF31_DamageThatNobodyWaitsForIsTold(t *testing.T) {
	for name, fails := range map[string]func(Request) bool{
		"due":    func(r Request) bool { _, is := r.(Due); return is },
		"inbox":  func(r Request) bool { _, is := r.(Inbox); return is },
		"claims": func(r Request) bool { _, is := r.(ReadClaims); return is },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, openMemory(t), Config{Alone: true}, func(s *stand) {
				s.fail = func(r Request) error {
					if fails(r) {
						return store.ErrCorrupt
					}
					return nil
				}
			})
			s.pass(5*time.Second, true)
			if len(s.m.Troubles()) == 0 || !s.alarmed("store_damaged") {
				t.Fatal("nobody is told")
			}
			if s.halted != nil {
				t.Fatal(s.halted)
			}
			s.fail = nil
			s.pass(5*time.Second, true)
			if l := s.m.Troubles(); len(l) != 0 {
				t.Fatalf("it goes on complaining: %q", l)
			}
		})
	}
}
