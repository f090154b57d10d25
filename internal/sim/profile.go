package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// profile is how one kind of store behaves, as data. The world asks what a profile says and never which one it is.
type profile struct {
	name string
	// share is how many of a hundred seeds have it.
	share int
	// has are the faults of the store that can happen; nil for all of them. Those of members, clients and executors can
	// happen beside every store.
	has []fault
	// lanes are drawn among; nil: as the seed says.
	lanes []int
	// single: the store lives in the process of its only member, and what is under way ends with it.
	single bool
	// oneWriter: whatever writes waits for whatever else writes.
	oneWriter bool
	// atomic: a commit is one instant, so it holds no lock for which others could wait.
	atomic bool
	// inLine: who asks for the locks of a commit waits behind a claim that waits for them.
	inLine bool
	// lockWait bounds a wait for locks; 0 for none.
	lockWait time.Duration
	// way is how long a message takes at most, flush how long a commit does, and tail how long one in a hundred does.
	way, flush, tail time.Duration
	// back are the ways in which it can lose what it has acknowledged, and backs in how many of a hundred seeds it does.
	back  []loss
	backs int
}

// loss is how a store goes back in time.
type loss struct {
	name string
	// most is how much time is lost at most.
	most time.Duration
	// exchanged: what comes back has another incarnation, and says so to everybody.
	exchanged bool
}

var (
	lastSecond = loss{name: "what was not flushed", most: 2 * time.Second}
	oldReplica = loss{name: "what the promoted replica had not got", most: 10 * time.Second}
	restored   = loss{name: "a backup was restored", most: time.Minute, exchanged: true}
)

// serverFaults are those of every store that is a server.
var serverFaults = []fault{
	commitFails, commitLost, commitUnheard, commitLate, commitSlow, rowRejected, storeFull, storeReadOnly, cutToStore, cutFromStore,
	readFails, readStale, readHangs, claimFails, beatFails, storeRestarts, storeFailsOver,
}

// profiles are the stores that there are; the first is the one that can do everything but lose what it acknowledged.
var profiles = []*profile{
	{name: "free", share: 40, way: 2 * time.Millisecond, flush: 2 * time.Millisecond},
	{
		name: "sqlite", share: 15, single: true, oneWriter: true, lanes: []int{1},
		way: 50 * time.Microsecond, flush: 10 * time.Millisecond, tail: 2 * time.Second,
		has: []fault{
			commitFails, commitLost, commitUnheard, commitSlow, commitStalls, rowRejected, storeFull, storeReadOnly,
			readFails, readStale, readHangs, claimFails, snapshotRots,
		},
	},
	{
		name: "postgres", share: 15, lanes: []int{1, 2, 2, 3}, lockWait: 5 * time.Second,
		way: 2 * time.Millisecond, flush: 5 * time.Millisecond, tail: 5 * time.Second,
		has: with(serverFaults, commitConflicts, commitStalls, commitTimesOut, snapshotRots),
	},
	{
		name: "mysql", share: 15, lanes: []int{1, 2, 2, 3}, lockWait: 5 * time.Second, inLine: true,
		way: 2 * time.Millisecond, flush: 5 * time.Millisecond, tail: 5 * time.Second,
		has:  with(serverFaults, commitConflicts, commitStalls, commitTimesOut, snapshotRots),
		back: []loss{oldReplica}, backs: 10,
	},
	{
		name: "redis", share: 15, atomic: true, lanes: []int{1},
		way: 500 * time.Microsecond, flush: time.Millisecond, tail: 2 * time.Second,
		has:  serverFaults,
		back: []loss{lastSecond, oldReplica, restored}, backs: 33,
	},
}

func with(list []fault, more ...fault) []fault { return slices.Concat(list, more) }

// Profiles are the names of the stores that a world may have.
func Profiles() []string {
	out := make([]string, len(profiles))
	for i, p := range profiles {
		out[i] = p.name
	}
	return out
}

// profileOf draws the store of a seed, or takes the one that the options name.
func profileOf(r *rand.Rand, o *Options) (*profile, error) {
	n := r.IntN(100)
	if o.Lies {
		return profiles[0], nil
	}
	if o.Profile != "" {
		i := slices.IndexFunc(profiles, func(p *profile) bool { return p.name == o.Profile })
		if i < 0 {
			return nil, fmt.Errorf("no store is called %q; there are %s", o.Profile, strings.Join(Profiles(), ", "))
		}
		if profiles[i].single && o.Members > 1 {
			return nil, fmt.Errorf("%s has one member", o.Profile)
		}
		return profiles[i], nil
	}
	for _, p := range profiles {
		if n -= p.share; n < 0 && !(p.single && o.Members > 1) {
			return p, nil
		}
	}
	return profiles[0], nil
}

// fit makes of a setup one that the store allows.
func (p *profile) fit(s *setup, r *rand.Rand) {
	s.profile = p
	if p.has != nil {
		for f := range faultKinds {
			s.enabled[f] = s.enabled[f] && (!f.ofStore() || slices.Contains(p.has, f))
		}
	}
	if p.lanes != nil {
		s.lanes = pick(r, p.lanes...)
		s.config.Lanes = s.lanes
	}
	if p.single {
		s.members = 1
		s.config.Alone, s.config.Forward = true, false
	}
	if r.IntN(100) < p.backs {
		s.loss = &p.back[r.IntN(len(p.back))]
	}
}
