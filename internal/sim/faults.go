package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
)

// fault is one kind of thing that goes wrong.
type fault uint8

// The kinds. Each seed enables a random half of them, so that common ones do not hide rare ones.
const (
	commitFails     fault = iota // an error before anything is applied
	commitLost                   // never applied, and nobody says so
	commitUnheard                // applied, and nobody hears of it
	commitLate                   // applied long after the caller gave up
	commitSlow                   // applied and answered after seconds
	commitConflicts              // chosen as the victim of a deadlock, or not serialisable: nothing is applied
	commitStalls                 // locks held for seconds before it is applied
	rowRejected                  // one execution's rows are refused for good
	storeFull                    // no space for a while
	storeReadOnly                // it takes no writes for a while, as after a failover
	cutToStore                   // for a while what a member asks does not arrive
	cutFromStore                 // for a while what the store answers does not arrive
	readFails                    // an error instead of an answer
	readStale                    // the answer comes long after the instant it describes
	claimFails                   // an error, or applied and not heard of
	beatFails                    // heartbeats do not arrive
	crash                        // the process is gone, the store stays
	drain                        // a graceful stop and a new start
	suspend                      // the process stands still for a while
	wallStep                     // a wall clock steps
	clockDrift                   // the clocks of a member run too fast or too slow
	replyLost                    // the client does not hear the answer
	commandTwice                 // the command arrives twice
	taskFails                    // the executor answers with an error
	taskHangs                    // the executor never answers by itself
	taskLate                     // the executor answers after minutes
	reportTwice                  // a report arrives twice
	snapshotRots                 // a bit of a stored snapshot flips
	readHangs                    // no answer for many seconds, then an error
	commitTimesOut               // the server ends a transaction that takes too long
	storeRestarts                // what is under way is lost or not, and for seconds nobody reaches the store
	storeFailsOver               // the same, and for a while it takes no writes
	faultKinds
)

var faultNames = [faultKinds]string{
	"commit-fails", "commit-lost", "commit-unheard", "commit-late", "commit-slow", "commit-conflicts", "commit-stalls", "row-rejected", "store-full",
	"store-read-only", "cut-to-store", "cut-from-store",
	"read-fails", "read-stale", "claim-fails", "beat-fails", "crash", "drain", "suspend", "wall-step", "clock-drift", "reply-lost",
	"command-twice", "task-fails", "task-hangs", "task-late", "report-twice", "snapshot-rots",
	"read-hangs", "commit-times-out", "store-restarts", "store-fails-over",
}

func (f fault) String() string { return faultNames[f] }

// ofStore reports whether the store goes wrong or the way to it, and not a member, an executor or a client.
func (f fault) ofStore() bool { return f <= beatFails || f >= snapshotRots }

// namespaces are the tenants.
var namespaces = []string{"default", "east", "west"}

// setup is everything that a seed decides before the world begins.
type setup struct {
	// profile is how the store behaves. loss is how it goes back in time; nil: it does not.
	profile *profile
	loss    *loss
	enabled [faultKinds]bool
	// odds is the chance of an enabled fault where it could happen, in thousandths.
	odds    int
	members int
	// namespaces is how many tenants share the store.
	namespaces int
	shards     int
	lanes      int
	// storm is how long faults happen; then everything is healed.
	storm     time.Duration
	starts    int // executions that clients want
	keys      int // different keys they use
	workflows int
	slots     int // tasks that run at once in a member
	// pure: some tasks have no effect and leave before their intent is durable.
	pure   bool
	config engine.Config
}

func drawSetup(r *rand.Rand) setup {
	s := setup{
		odds:       pick(r, 2, 10, 30, 80),
		members:    pick(r, 1, 1, 1, 2, 2, 3, 5),
		namespaces: pick(r, 1, 1, 2, 3),
		shards:     pick(r, 1, 2, 3, 8),
		lanes:      pick(r, 1, 1, 2),
		storm:      time.Duration(pick(r, 5, 30, 120, 900)) * time.Second,
		starts:     pick(r, 4, 12, 30),
		keys:       pick(r, 1, 3, 20),
		workflows:  1 + r.IntN(4),
		slots:      pick(r, 1, 4, 64),
	}
	for _, f := range r.Perm(int(faultKinds))[:faultKinds/2] {
		s.enabled[f] = true
	}
	s.config = engine.Config{
		Shards:     s.shards,
		Lanes:      s.lanes,
		Alone:      s.members == 1 && r.IntN(4) > 0,
		Seed:       r.Uint64(),
		Patience:   pick(r, 0, 100*time.Millisecond, time.Second),
		BatchParts: pick(r, 0, 1, 7, 64),
		BatchBytes: pick(r, 0, 0, 2_000),
		Claims:     pick(r, 0, 1),
		Core: shard.Config{
			PartEntries:   pick(r, 0, 1, 2, 16),
			PartBytes:     pick(r, 0, 0, 1_000),
			Round:         pick(r, 0, 1, 8),
			RestBytes:     pick(r, 0, 1, 2_000, 20_000),
			Idle:          pick[int64](r, 0, 1, 100, 2_000),
			SnapshotEvery: pick(r, 0, 1, 3, 16),
			SnapshotMin:   pick(r, 0, 1, 4),
			Wakes:         pick(r, 0, 2, 8),
			Window:        pick[int64](r, 0, 1_000, 10_000),
			Inbox:         pick(r, 0, 1, 4),
			InboxPoll:     pick[int64](r, 0, 200, 10_000),
			Audit:         pick[int64](r, 0, -1, 50),
			Retention:     pick[int64](r, 0, 0, -1, 60_000),
			History:       pick(r, 0, 0, -1, 4, 16),
			Aged:          pick(r, 0, -1, 8),
		},
	}
	s.pure = s.config.Seed%3 == 0
	s.config.Forward = s.members > 1 && s.config.Seed%5 < 2
	return s
}

// pureTask is a task that has no effect, in a world that has such.
func pureTask(t *kernel.Task) bool { return t.Node != "" && t.Node[len(t.Node)-1]%2 == 0 }

// String lists what the seed decided, on one line.
func (s *setup) String() string {
	var on []string
	for f := range faultKinds {
		if s.enabled[f] {
			on = append(on, f.String())
		}
	}
	back := "no"
	if s.loss != nil {
		back = s.loss.name
	}
	return fmt.Sprintf("store=%s back=%q members=%d namespaces=%d shards=%d lanes=%d storm=%s starts=%d odds=%d/1000 slots=%d pure=%v faults=%s config=%+v",
		s.profile.name, back, s.members, s.namespaces, s.shards, s.lanes, s.storm, s.starts, s.odds, s.slots, s.pure, strings.Join(on, ","), s.config)
}
