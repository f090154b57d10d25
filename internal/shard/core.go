package shard

import (
	"math"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/record"
)

// Core is one shard under one claim. It is used by one goroutine.
type Core struct {
	fence    record.Fence
	cfg      Config
	now      int64
	draining bool

	execs map[record.ID]*execution
	// queue holds the executions with something to do, in turn over namespaces; turned those that have had theirs in the
	// open part.
	queue   turns
	turned  []*execution
	timers  timers
	rest    restList
	bytes   int // estimated, of everything in memory
	pending int // inputs that wait
	census  census

	// parts without an outcome, oldest first; the last may be under construction.
	parts  []*part
	number uint64 // of the part sealed last
	spare  *part

	defs map[DefinitionRef]*definition
	keys map[record.Key]*keyRow
	mail map[record.MessageID]mailState
	// asked are those in flight whose senders wait for an answer; swept is when old answers were removed last.
	asked map[record.MessageID]asked
	swept int64
	// births are the executions that messages are about to make, with what came for them meanwhile; resolving are
	// those whose version is asked for.
	births    map[record.ID][]input
	resolving map[Resolve][]*letter
	refused   map[record.MessageID]int // how often what they cause was rejected
	letters   mailbox

	wakes   wakes
	horizon record.Due // everything stored up to here is in memory or in wakes
	scan    Scan       // in flight while Limit > 0
	loads   []record.ID
	singles []record.ID // to be asked for alone
	loading int         // asked for and not answered

	kin     map[record.ID][]kin
	left    leftSet
	watched map[record.ID]bool
	folds   map[record.ID]*fold
	auditAt int64

	out, handed *Ready
	stats       Stats
	// serial counts the tasks that left before their intent was durable.
	serial uint64

	// decideBy is kernel.Decide; tests put a broken one in its place.
	decideBy func(*kernel.Definition, *kernel.State, []kernel.Input, kernel.Env, []kernel.Op) (kernel.Decided, error)
	// scratch of Decide
	ops []kernel.Op
	ins []kernel.Input
	src []input
}

// NewCore makes the core of a shard that was just claimed with fence f. now is Unix milliseconds.
func NewCore(now int64, f record.Fence, c Config) *Core {
	return &Core{
		fence: f, cfg: c.withDefaults(), now: now, number: c.Number, serial: c.Serial,
		execs: map[record.ID]*execution{},
		defs:  map[DefinitionRef]*definition{},
		keys:  map[record.Key]*keyRow{},
		mail:  map[record.MessageID]mailState{},
		asked: map[record.MessageID]asked{},

		births:    map[record.ID][]input{},
		kin:       map[record.ID][]kin{},
		resolving: map[Resolve][]*letter{},

		refused: map[record.MessageID]int{},
		wakes:   wakes{pos: map[record.ID]int32{}},
		watched: map[record.ID]bool{},
		folds:   map[record.ID]*fold{},
		letters: mailbox{due: now},
		out:     &Ready{}, handed: &Ready{},
		decideBy: kernel.Decide,
	}
}

// Fence is the claim under which the core works.
func (c *Core) Fence() record.Fence { return c.fence }

// Serial is how many tasks left before their intent was durable, under this core and those before it in this process.
func (c *Core) Serial() uint64 { return c.serial }

// Work lets time pass and makes transitions, at most Config.Round of them. It reports whether it stopped there, so
// that another Work would do more at once.
func (c *Core) Work(now int64) bool {
	c.now = now
	c.fireTimers()
	c.wake()
	c.wantScan()
	c.wantMail()
	c.evict()
	c.wantAudit()
	return c.turn()
}

// turn gives each execution of the queue one transition, until the queue is empty, the part is full or the round is
// over.
func (c *Core) turn() bool {
	for n := 0; c.queue.len() > 0; n++ {
		if c.full() {
			return false // Take comes first
		}
		if n >= c.cfg.Round {
			return true
		}
		e := c.queue.pop()
		e.queued = false
		c.transit(e)
	}
	return false
}

// enqueue gives e a turn if it can use one.
func (c *Core) enqueue(e *execution) {
	if e.queued || e.turned || e.phase != live {
		return
	}
	c.stir(e)
	if p := c.building(); p != nil && e.newest == p && e.hasEntry && !e.joins {
		e.turned = true
		c.turned = append(c.turned, e)
		return
	}
	e.queued = true
	c.queue.push(e)
}

// Take seals the part under construction and returns it to be committed, nil where there is nothing. Its content
// stays as it is until Advance. The caller commits the parts of one core one after the other.
func (c *Core) Take() *record.Part {
	for _, p := range c.parts {
		if p.sealed && !p.sent {
			p.sent = true
			return &p.Part
		}
		if p.sealed {
			continue
		}
		if p.empty() {
			return nil
		}
		c.seal(p)
		p.sent = true
		return &p.Part
	}
	return nil
}

// Waiting is how many entries and bytes Take would give.
func (c *Core) Waiting() (entries, bytes int) {
	for _, p := range c.parts {
		if !p.sent && !p.empty() {
			return max(1, len(p.Entries)), p.bytes
		}
	}
	return 0, 0
}

func (c *Core) seal(p *part) {
	if bug.On(bug.SnapshotAhead) {
		defer c.holdBack(p)
	}
	c.number++
	p.Number, p.sealed = c.number, true
	for i, e := range c.turned {
		c.turned[i] = nil
		e.turned = false
		c.enqueue(e)
	}
	c.turned = c.turned[:0]
	for _, e := range p.members {
		e.hasEntry, e.joins = false, false
	}
	c.stats.Parts++
}

// Ready is what to do now. Effects in it are of durable parts only, but for pure tasks. The returned value is valid until the
// next call.
func (c *Core) Ready() *Ready {
	c.wantLoads()
	r := c.out
	c.out, c.handed = c.handed, r
	c.out.reset()
	return r
}

// Next is the wall time at which Work should be called although nothing happened; math.MaxInt64 for never.
func (c *Core) Next() int64 {
	if c.queue.len() > 0 && !c.full() {
		return c.now
	}
	next := min(c.timers.first(), c.nextRest(), c.nextMail(), c.nextScan(), c.nextAudit())
	if c.mayWake() {
		next = min(next, c.wakes.first())
	}
	if next == record.Never {
		return math.MaxInt64
	}
	return next
}

// Drain stops taking starts, waking executions, evicting and auditing, so that the core runs dry. Some of those at rest
// are put out of memory, so that their heads say what they wait for and the next owner need not look at them at once.
func (c *Core) Drain() {
	for range laidDown {
		if c.draining || c.full() || c.rest.front == nil {
			break
		}
		e := c.rest.front
		c.rest.remove(e)
		c.retire(e)
	}
	c.draining = true
}

// laidDown bounds the executions that are put to rest at the end: more would keep the next owner waiting.
const laidDown = 256

// Idle reports whether nothing waits for a transition, an outcome or a question, so that a drained core can go.
func (c *Core) Idle() bool {
	return c.queue.len() == 0 && len(c.turned) == 0 && len(c.parts) == 0 && c.pending == 0 && c.loading == 0 && len(c.loads) == 0 && len(c.singles) == 0
}

// Stats counts.
func (c *Core) Stats() Stats {
	s := c.stats
	s.Executions, s.Resting, s.Bytes, s.Pending = len(c.execs), c.rest.n, c.bytes, c.pending
	s.Loading, s.Wakes = c.loading+len(c.loads), c.wakes.Len()
	s.OldestDue = min(c.timers.first(), c.wakes.first())
	return s
}

func (r *Ready) reset() {
	clear(r.Dispatch)
	clear(r.Replies)
	clear(r.Published)
	*r = Ready{
		Dispatch: r.Dispatch[:0], Cancel: r.Cancel[:0], Replies: r.Replies[:0], Verdicts: r.Verdicts[:0],
		Published: r.Published[:0], Poke: r.Poke[:0], Load: r.Load[:0], Keys: r.Keys[:0], Define: r.Define[:0], Resolve: r.Resolve[:0],
		Journal: r.Journal[:0], Alarms: r.Alarms[:0],
	}
}

// fifo is a queue of executions that reuses its memory.
type fifo struct {
	ring []*execution
	head int
	n    int
}

func (f *fifo) len() int { return f.n }

func (f *fifo) push(e *execution) {
	if f.n == len(f.ring) {
		grown := make([]*execution, max(64, 2*len(f.ring)))
		for i := range f.n {
			grown[i] = f.ring[(f.head+i)%len(f.ring)]
		}
		f.ring, f.head = grown, 0
	}
	f.ring[(f.head+f.n)%len(f.ring)] = e
	f.n++
}

func (f *fifo) pop() *execution {
	e := f.ring[f.head]
	f.ring[f.head] = nil
	f.head = (f.head + 1) % len(f.ring)
	f.n--
	return e
}
