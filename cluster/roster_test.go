package cluster

import (
	"math"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

func named(n byte) record.Owner { return record.Owner{n, 0xaa, 8: n} }

// TestRendezvousMovesOnlyWhatItMust: a join takes its share from each of the others, and nothing moves between those.
func TestRendezvousMovesOnlyWhatItMust(t *testing.T) {
	const shards = 64
	homes := func(members ...byte) (out [shards]record.Owner) {
		r := Roster{TTL: time.Second}
		for count := range uint64(2) {
			for _, n := range members[1:] {
				r.Heard(0, []store.Beat{{Owner: named(n), Count: count + 1}})
			}
		}
		for s := range record.Shard(shards) {
			out[s] = r.Home(0, s, named(members[0]))
		}
		return out
	}
	three, four := homes(1, 2, 3), homes(1, 2, 3, 4)
	if three != homes(3, 1, 2) {
		t.Error("members do not agree on whose a shard is")
	}
	moved := 0
	for s := range three {
		if three[s] != four[s] {
			moved++
			if four[s] != named(4) {
				t.Errorf("shard %d moved between members that were there before", s)
			}
		}
	}
	if moved == 0 || moved > shards/2 {
		t.Errorf("%d of %d shards moved to the fourth member", moved, shards)
	}
}

func TestGoneByTheOwnClock(t *testing.T) {
	r := Roster{TTL: 10 * time.Second}
	o := named(1)
	if r.Gone(5*time.Second, o) {
		t.Error("one of whom nothing is known was given up at once")
	}
	if r.Gone(14*time.Second, o) || !r.Gone(15*time.Second, o) {
		t.Error("one that never beats is to be given up after a TTL")
	}
	r.Heard(20*time.Second, []store.Beat{{Owner: o, Count: 7}})
	r.Heard(28*time.Second, []store.Beat{{Owner: o, Count: 7}})
	if len(r.Living(28*time.Second)) != 1 || r.Gone(29*time.Second, o) || !r.Gone(30*time.Second, o) {
		t.Error("a count that does not change is silence")
	}
	if r.Home(31*time.Second, 3, named(2)) != named(2) {
		t.Error("a shard falls to one that is gone")
	}
	r.Heard(200*time.Second, nil)
	if len(r.all) != 0 {
		t.Error("who is long gone and not in the store is remembered for ever")
	}
}

func TestSteadyUntilTheFirstOfTheLivingIsGone(t *testing.T) {
	r := Roster{TTL: 10 * time.Second}
	if r.Gone(0, named(3)); r.Steady(0) != math.MaxInt64 {
		t.Error("nobody lives who could be gone")
	}
	for at, n := range []byte{1, 1, 2, 2} {
		r.Heard(time.Duration(at)*time.Second, []store.Beat{{Owner: named(n), Count: uint64(at)}})
	}
	until := r.Steady(4 * time.Second)
	if until != 11*time.Second || len(r.Living(until-1)) != 2 || len(r.Living(until)) != 1 || r.Steady(until) != 13*time.Second {
		t.Errorf("the same members live until %v", until)
	}
}
