package engine

import (
	"math"
	"time"

	"github.com/pawl-dev/pawl/cluster"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// Machine holds cores, lanes, claims, leases and pacing. It is used by one goroutine.
type Machine struct {
	cfg     Config
	now     Time
	out     []Request
	halted  bool
	started bool
	again   bool // a core has more to do at once

	shards []owned
	moved  bool // what is owned has changed since the Loop asked
	lanes  []*lane
	turn   int // the shard whose part goes first into the next batch

	roster   cluster.Roster
	others   int // members that lived when beats were read last
	homes    homes
	beats    beating
	claims   claiming
	stopping *stopping

	defs    map[DefinitionRef][]record.Shard // asked for, by whom
	finds   map[shard.Resolve][]record.Shard
	retries []retry
	fails   int // reads failed in a row
	unread  map[string]*unread

	tasks   taskQueue
	demands []demand
	reports map[uint64]*reportSet
	sets    uint64

	replies   []Reply
	published []Published
	pokes     []record.Shard
	alarms    []Alarm

	forward forwarding

	rng uint64
}

// owned is one shard as this Machine sees it.
type owned struct {
	core *shard.Core // nil where it is not owned
	lane *lane       // which carried its last part, or will carry the next one; see adopt

	row    record.Fence // as read last
	known  bool
	epoch  uint64 // highest epoch this Machine has owned, and the number of the last durable part in it
	number uint64
	serial uint64        // of the last task that left before its intent was durable
	term   uint64        // counts the cores, so that late answers to a former one are told apart
	claim  bool          // a Claim is in flight
	seen   record.Fence  // the row that was claimed last
	past   time.Duration // the store has refused that: until then a read that shows seen is taken for old
	giving bool          // to be released, or a Release is in flight
	asked  bool          // the Release is in flight
	next   int64         // core.Next
	dirty  bool

	cursor  record.ID // only for the seeded mistake CursorInbox
	leaving *leaving  // being handed over to another member
	// waiting are commands that came before the shard was owned.
	waiting []held
}

// held is a command and when it came.
type held struct {
	cmd Command
	at  time.Duration
}

// retry is a question to be asked again.
type retry struct {
	at  time.Duration
	req Request
}

const (
	maxHeld   = 10_000 // commands that wait for a claim, per shard
	firstWait = 20 * time.Millisecond
	longWait  = time.Second
)

func newMachine(c Config) *Machine {
	c = c.withDefaults()
	m := &Machine{
		cfg: c, shards: make([]owned, c.Shards), defs: map[DefinitionRef][]record.Shard{},
		finds: map[shard.Resolve][]record.Shard{}, unread: map[string]*unread{},
		reports: map[uint64]*reportSet{}, rng: c.Seed, roster: cluster.Roster{TTL: c.TTL}, forward: forwarding{at: farAway},
	}
	for i := range c.Lanes {
		m.lanes = append(m.lanes, &lane{n: i})
	}
	for i := range m.shards {
		m.shards[i].lane = m.lanes[i%c.Lanes]
	}
	return m
}

func (c Config) withDefaults() Config {
	for _, f := range []struct {
		v   *time.Duration
		def time.Duration
	}{
		{&c.TTL, 10 * time.Second}, {&c.BeatEvery, 2 * time.Second}, {&c.Retry, 5 * time.Millisecond}, {&c.Patience, 5 * time.Second}, {&c.Longest, time.Minute}, {&c.MailEvery, 50 * time.Millisecond},
	} {
		if *f.v == 0 {
			*f.v = f.def
		}
	}
	for _, f := range []struct {
		v   *int
		def int
	}{
		{&c.Shards, 1}, {&c.Lanes, 1}, {&c.BatchParts, 4000}, {&c.BatchBytes, 8 << 20}, {&c.Claims, 4}, {&c.Demands, 10_000},
	} {
		if *f.v == 0 {
			*f.v = f.def
		}
	}
	c.Core.Shards = c.Shards
	c.Core = share(c.Core, c.Shards)
	return c
}

// share gives a shard its part of the bounds that hold for the whole Machine. The bounds of admission are twice the
// even share, because shards are not loaded evenly.
func share(c shard.Config, shards int) shard.Config {
	part := func(v *int, def, least, skew int) {
		if *v == 0 {
			*v = def
		}
		*v = max(least, *v*skew/shards)
	}
	part(&c.MaxExecutions, 200_000, 1000, 2)
	part(&c.MaxBytes, 1<<30, 8<<20, 2)
	part(&c.MaxPending, 100_000, 1000, 2)
	part(&c.RestBytes, 32<<20, 64<<10, 1)
	part(&c.Wakes, 200_000, 1000, 1)
	return c
}

func (m *Machine) step(t Time, e Event, out []Request) []Request {
	if m.halted {
		return out
	}
	m.now, m.out, m.again = t, out, false
	m.replies, m.published, m.alarms, m.pokes = m.replies[:0], m.published[:0], m.alarms[:0], m.pokes[:0]
	m.take(e)
	m.keepUp()
	m.run()
	m.offer()
	m.tell()
	m.halfStop()
	out, m.out = m.out, nil
	return out
}

// take handles the event itself.
func (m *Machine) take(e Event) {
	if m.wentBack(e) {
		return
	}
	switch e := e.(type) {
	case Started:
		m.start()
	case Tick:
	case Several:
		for _, one := range e.List {
			m.take(one)
		}
	case Commands:
		m.commands(e.List)
	case Forget:
		m.forget(e)
	case Demanded:
		m.demanded(e)
	case DemandGone:
		m.demandGone(e.Ref)
	case Reported:
		m.reported(e)
	case TokensHeld:
		m.tokensHeld(e)
	case Poked:
		m.poked(e.Shards)
	case Slow:
		m.slow(e.Question)
	case Stop:
		m.stopNow(e.Grace)
	case CommitDone:
		m.commitDone(e)
	case ClaimsRead:
		m.claimsRead(e)
	case Claimed:
		m.claimed(e)
	case Released:
		m.released(e)
	case Beaten:
		m.beaten(e)
	case MailExpected:
		m.mailExpected()
	case MailWaits:
		m.mailWaits(e)
	case MailSent:
		m.mailSent(e)
	case AnswersRead:
		m.answersRead(e)
	default:
		m.answered(e)
	}
}

// run lets the cores work, collects what they hand out, and sends batches, until nothing more follows.
func (m *Machine) run() {
	for range 3 {
		for i := range m.shards {
			m.work(i)
		}
		if m.halted || !m.commit() {
			return
		}
	}
}

// work gives one core its time if something happened to it or its time has come.
func (m *Machine) work(i int) {
	s := &m.shards[i]
	if s.core == nil || !s.dirty && s.next > m.now.Wall {
		return
	}
	s.dirty = false
	if s.core.Work(m.now.Wall) {
		m.again, s.dirty = true, true
	}
	m.collect(record.Shard(i))
	s.next = s.core.Next()
}

// collect takes what a core hands out and asks for.
func (m *Machine) collect(n record.Shard) {
	s := &m.shards[n]
	r := s.core.Ready()
	for i := range r.Dispatch {
		m.tasks.push(&r.Dispatch[i])
	}
	if len(r.Cancel) > 0 {
		m.request(CancelTasks{Tokens: tokensOf(r.Cancel)})
	}
	m.replies = append(m.replies, r.Replies...)
	for _, v := range r.Verdicts {
		m.verdict(v)
	}
	m.published = append(m.published, r.Published...)
	for _, p := range r.Poke {
		m.pokeOne(p)
	}
	for _, a := range r.Alarms {
		m.alarms = append(m.alarms, Alarm{Shard: n, Execution: a.Execution, Code: alarmCodes[a.Kind], Text: a.Text})
	}
	m.ask(n, r)
}

// tell sends what answers clients, watchers and people.
func (m *Machine) tell() {
	if len(m.replies) > 0 {
		m.request(Replies{m.replies})
	}
	if len(m.published) > 0 {
		m.request(Publish{m.published})
	}
	if len(m.pokes) > 0 {
		m.request(Poke{m.pokes})
	}
	if len(m.alarms) > 0 {
		m.request(Alarms{m.alarms})
	}
}

func (m *Machine) request(r Request) { m.out = append(m.out, r) }

func (m *Machine) alarm(code, text string) {
	m.alarms = append(m.alarms, Alarm{Code: code, Text: text})
}

// halt stops for good: going on could lose what was acknowledged.
func (m *Machine) halt(err error) {
	if m.halted {
		return
	}
	m.halted = true
	for i := range m.shards {
		m.drop(record.Shard(i))
	}
	m.tell()
	m.replies, m.published, m.pokes, m.alarms = nil, nil, nil, nil
	m.request(Halt{err})
}

// next is when a Tick is wanted.
func (m *Machine) next() time.Duration {
	if m.halted || !m.started {
		return -1
	}
	if m.again {
		return m.now.Mono
	}
	at := min(m.nextBeat(), m.nextClaim(), m.nextStop(), m.nextForward())
	for _, l := range m.lanes {
		at = min(at, l.next(m.cfg.Patience))
	}
	for i := range m.retries {
		at = min(at, m.retries[i].at)
	}
	for i := range m.shards {
		s := &m.shards[i]
		if s.core != nil {
			at = min(at, m.mono(s.next))
		}
		if len(s.waiting) > 0 {
			at = min(at, s.waiting[0].at+m.cfg.Patience)
		}
		if s.leaving != nil {
			at = min(at, s.leaving.next(m.now.Mono, m.cfg.TTL))
		}
	}
	return max(at, m.now.Mono)
}

const farAway = time.Duration(math.MaxInt64)

// mono is the monotonic time at which the wall clock will show the given time, at most Config.Longest away.
func (m *Machine) mono(wall int64) time.Duration {
	d := m.cfg.Longest
	if ms := wall - m.now.Wall; ms < d.Milliseconds() {
		d = time.Duration(max(ms, 0)) * time.Millisecond
	}
	return m.now.Mono + d
}

// random is a small deterministic source for jitter (splitmix64).
func (m *Machine) random() uint64 {
	m.rng += 0x9e3779b97f4a7c15
	z := m.rng
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

var alarmCodes = [...]string{
	shard.AlarmQuarantine: "quarantine", shard.AlarmHeld: "held", shard.AlarmAudit: "audit", shard.AlarmDeadLetter: "dead_letter",
	shard.AlarmExecution: "execution",
	shard.AlarmBound:     "bound",
}
