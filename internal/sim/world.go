// Package sim is the seeded world: real Machines, a store model with faults, executors, clients and clocks on one
// goroutine and one heap of events. A seed decides everything, so one number replays a run exactly. After every commit
// the world is held against the invariants of the reliability reference; after the faults have healed every execution
// must have ended, wait for something that is declared, or be parked with a reason.
//
// The package must not know how a Machine decides: it only hands it events and does what it asks.
package sim

import (
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/sim/modelstore"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// epoch is the wall time at which every world begins, Unix milliseconds.
const epoch int64 = 1_800_000_000_000

// world is one run.
type world struct {
	setup
	server
	seed    uint64
	r       *rand.Rand
	now     int64 // nanoseconds since the beginning
	queue   queue
	store   *modelstore.Model
	members []*member
	clients *clients
	judge   *judge
	defs    map[engine.DefinitionRef]*kernel.Definition
	names   []engine.DefinitionRef // first versions
	// active is the version of a workflow that a start without one takes, and renames are the nodes that its second
	// version calls otherwise.
	active  map[engine.DefinitionRef]string
	renames map[engine.DefinitionRef]map[string]string
	healed  bool
	// poison are rows that the store refuses in attempts sent at that time or later.
	poison map[poisoned]int64
	// rushed are executions whose key somebody else asked for while they ended.
	rushed map[record.ID]bool
	// strays are attempts on their way that their sender has given up, by lane and number.
	strays map[version]func()
	// sent is the content of every version of every batch, to see that it does not change between two attempts.
	sent  map[version]uint64
	count counters
	still int // events of this instant
	hash  uint64
	out   io.Writer // of the trace; nil for none
	o     Options
	// numbers are the short names of executions in the timeline.
	numbers map[record.ID]int
}

type counters struct {
	faults, commits, events, starts, stopped int
}

type poisoned struct {
	id  record.ID
	seq uint64
	sum uint32
}

type version struct {
	lane           store.Lane
	number, digest uint64
}

// setupOf is what a seed decides before the world begins, narrowed by the options.
func setupOf(seed uint64, o Options) (setup, error) {
	s := drawSetup(rand.New(rand.NewPCG(seed, 0x9a70)))
	r := rand.New(rand.NewPCG(seed, 0x9a72))
	p, err := profileOf(r, &o)
	if err != nil {
		return s, err
	}
	p.fit(&s, r)
	return s, o.narrow(&s)
}

func newWorld(seed uint64, o Options) (*world, error) {
	s, err := setupOf(seed, o)
	if err != nil {
		return nil, err
	}
	w := &world{
		setup: s, seed: seed, r: rand.New(rand.NewPCG(seed, 0x9a71)), out: o.Trace, o: o, numbers: map[record.ID]int{},
		defs:   map[engine.DefinitionRef]*kernel.Definition{},
		active: map[engine.DefinitionRef]string{}, renames: map[engine.DefinitionRef]map[string]string{},
		poison: map[poisoned]int64{},
		rushed: map[record.ID]bool{},
		strays: map[version]func(){},
		server: server{claims: map[record.Shard]int{}},
		sent:   map[version]uint64{},
		hash:   14695981039346656037,
	}
	w.store = modelstore.New(w.shards, w.lanes, func() int64 { return epoch + w.now/1e6 })
	w.judge = newJudge(w)
	w.clients = newClients(w)
	if err := w.define(); err != nil {
		return nil, err
	}
	for i := range w.setup.members {
		m := &member{w: w, n: i}
		w.members = append(w.members, m)
		w.after(w.upTo(time.Second), m.start)
	}
	w.clients.begin()
	w.disasters()
	if o.Lies {
		w.powerFails()
	}
	return w, nil
}

// after runs do when d has passed, if the world still stands.
func (w *world) after(d time.Duration, do func()) {
	w.queue.push(w.now+int64(d), w.r.Uint32(), do)
}

// upTo draws a duration below d; short ones are as likely as long ones.
func (w *world) upTo(d time.Duration) time.Duration {
	for d > time.Microsecond && w.r.IntN(2) == 0 {
		d /= 4
	}
	return time.Duration(w.r.Int64N(int64(d) + 1))
}

// goesWrong decides whether f happens here.
func (w *world) goesWrong(f fault) bool {
	if w.healed || !w.enabled[f] || w.r.IntN(1000) >= w.odds {
		return false
	}
	w.count.faults++
	w.note("fault", uint64(f), 0, "%s", f)
	w.tell("fault: %s", f)
	return true
}

// runUntil lets everything happen until the time comes or there is a violation.
func (w *world) runUntil(at time.Duration) {
	for w.queue.Len() > 0 && w.queue.events[0].at <= int64(at) && w.judge.clean() {
		e := w.queue.pop()
		w.spin(e.at)
		w.now = e.at
		w.count.events++
		e.do()
	}
	w.now = max(w.now, int64(at))
}

// spin sees that time goes on: a Machine that asks for a tick again and again at one instant burns a processor.
func (w *world) spin(at int64) {
	if at != w.now {
		w.still = 0
		return
	}
	if w.still++; w.still > 100_000 {
		w.judge.fail("spin", "%d events in one instant", w.still)
	}
}

// note mixes one happening into the hash that two runs of a seed must share, and prints it if a trace is wanted.
func (w *world) note(kind string, a, b uint64, format string, args ...any) {
	for _, x := range []uint64{uint64(w.now), uint64(len(kind)), a, b} {
		w.hash = (w.hash ^ x) * 1099511628211
		w.hash ^= w.hash >> 29
	}
	if w.out != nil {
		fmt.Fprintf(w.out, "%12.6f %-10s %s\n", float64(w.now)/1e9, kind, fmt.Sprintf(format, args...))
	}
}
