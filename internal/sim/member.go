package sim

import (
	"encoding/binary"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/record"
)

// member is a place where a process runs, and the process that runs there now.
type member struct {
	w *world
	n int

	life     int // counts the processes; answers for a former one are dropped
	up       bool
	draining bool
	still    bool // stopped by a signal: events pile up
	pile     []engine.Event
	owner    record.Owner
	machine  *engine.Machine
	born     int64
	skew     int64 // of the wall clock, milliseconds
	// drift is that of both clocks since driftFrom, millionths; ahead is what they had gained by then. Times are those of
	// the process, in nanoseconds.
	drift, driftFrom, ahead int64
	cut                     fault // cutToStore or cutFromStore while the way to the store is cut; 0 for none
	armed                   int64 // when the next tick is to come; negative for none
	requests                []engine.Request
	// incarnation is that of the store which the process opened. told is, by lane, the last batch that it heard is durable.
	incarnation int
	told        map[int]uint64

	// The executors of the process.
	demanded bool
	running  map[runner.Token]*attempt
	reports  map[uint64][]runner.Report
	held     map[uint64][]runner.Token
}

// start begins a new process.
func (m *member) start() {
	if m.up {
		return
	}
	m.life++
	m.up, m.draining, m.still, m.pile = true, false, false, nil
	m.born = m.w.now
	m.armed = -1
	m.drift, m.driftFrom, m.ahead = 0, 0, 0
	m.incarnation, m.told = m.w.incarnation, map[int]uint64{}
	if m.w.enabled[clockDrift] && !m.w.healed {
		m.drift = pick[int64](m.w.r, 0, -10_000, -100, 100, 10_000)
	}
	m.demanded = false
	m.running = map[runner.Token]*attempt{}
	m.reports = map[uint64][]runner.Report{}
	m.held = map[uint64][]runner.Token{}
	m.owner = record.Owner{}
	binary.BigEndian.PutUint64(m.owner[:], m.w.r.Uint64())
	m.owner[15] = byte(m.n)
	cfg := m.w.config
	if m.w.pure {
		cfg.Core.Pure = pureTask
	}
	cfg.Owner = m.owner
	cfg.Seed = m.w.r.Uint64()
	m.machine = engine.NewMachine(cfg)
	m.w.note("start", uint64(m.n), uint64(m.life), "member %d life %d", m.n, m.life)
	m.w.tell("member %d begins its life %d", m.n, m.life)
	m.step(engine.Started{})
	m.want()
}

// crash throws the process away. What is under way to the store is under way.
func (m *member) crash() {
	if !m.up {
		return
	}
	m.w.note("crash", uint64(m.n), uint64(m.life), "member %d", m.n)
	m.w.tell("member %d crashes", m.n)
	m.gone()
	m.w.after(m.w.upTo(30*time.Second), m.start)
}

func (m *member) gone() {
	m.up = false
	m.life++
	m.machine = nil
	if m.w.profile.single {
		m.w.interrupt()
	}
	m.w.judge.memberGone(m)
	m.w.clients.memberGone(m)
}

// drain stops the process as an operator would.
func (m *member) drain() {
	if !m.up || m.draining {
		return
	}
	m.draining = true
	m.step(engine.Stop{Grace: m.w.upTo(5 * time.Second)})
	// Whoever stops a process loses patience and kills it.
	life := m.life
	m.w.after(2*time.Minute, func() {
		if m.life == life {
			m.crash()
		}
	})
}

// suspend stops the process for a while, as SIGSTOP does.
func (m *member) suspend() {
	if !m.up || m.still {
		return
	}
	m.still = true
	m.w.note("suspend", uint64(m.n), 0, "member %d", m.n)
	m.w.tell("member %d stands still", m.n)
	life := m.life
	m.w.after(m.w.upTo(40*time.Second), func() {
		if m.life == life {
			m.wake()
		}
	})
}

func (m *member) wake() {
	if !m.still {
		return
	}
	m.still = false
	pile := m.pile
	m.pile = nil
	for _, e := range pile {
		m.step(e)
	}
	m.step(engine.Tick{})
}

// heal makes the member whole: up, running, on time.
func (m *member) heal() {
	passed := m.w.now - m.born
	m.ahead, m.driftFrom, m.drift, m.cut = m.gained(passed), passed, 0, 0
	m.skew = -m.ahead / 1e6
	m.wake()
	if !m.up {
		m.start()
	}
	for _, t := range sortedTokens(m.running) {
		m.running[t].finishSoon()
	}
}

// to hands e to the process that runs now, after d; a later process never sees it.
func (m *member) to(d time.Duration, e engine.Event) {
	life := m.life
	m.w.after(d, func() {
		if m.life == life {
			m.step(e)
		}
	})
}

// step hands one event to the Machine and does what it asks.
func (m *member) step(e engine.Event) {
	if !m.up {
		return
	}
	if m.still {
		m.pile = append(m.pile, e)
		return
	}
	reqs, ok := m.decide(e)
	if !ok {
		return
	}
	life := m.life
	for _, r := range reqs {
		if m.life != life {
			return // it stopped
		}
		m.do(r)
	}
	if m.life == life {
		m.w.judge.stepped(m)
		m.arm()
	}
}

func (m *member) time() engine.Time {
	passed := m.w.now - m.born
	return engine.Time{Wall: epoch + m.w.now/1e6 + m.skew + m.gained(passed)/1e6, Mono: time.Duration(passed + m.gained(passed))}
}

// gained is how far the clocks of the process have run ahead in that time.
func (m *member) gained(passed int64) int64 {
	return m.ahead + (passed-m.driftFrom)/1_000_000*m.drift
}

// decide calls the Machine; a panic is a violation, not the end of the program.
func (m *member) decide(e engine.Event) (out []engine.Request, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			m.w.judge.fail("panic", "member %d on %T: %v\n%s", m.n, e, p, debug.Stack())
			ok = false
		}
	}()
	m.w.note("event", uint64(m.n), kindOf(e), "%d %T", m.n, e)
	m.requests = m.machine.Step(m.time(), e, m.requests[:0])
	return m.requests, true
}

// kindOf is a number for the type of an event that is the same in every run.
func kindOf(e engine.Event) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range []byte(fmt.Sprintf("%T", e)) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// farAway is later than any world lasts.
const farAway = 365 * 24 * time.Hour

// arm asks for a tick at the time that the Machine wants.
func (m *member) arm() {
	next := m.machine.Next()
	if next < 0 || next > farAway {
		m.armed = -1
		return
	}
	passed := m.w.now - m.born
	left := int64(next) - passed - m.gained(passed)
	if m.drift > 0 {
		left -= left / 1_000_000 * m.drift // a little early: it asks again
	}
	at := max(m.w.now+left, m.w.now)
	if m.armed >= 0 && m.armed <= at && m.armed > m.w.now {
		return // one comes early enough and asks again
	}
	m.armed = at
	life := m.life
	m.w.queue.push(at, m.w.r.Uint32(), func() {
		if m.life != life || m.armed != at {
			return
		}
		m.armed = -1
		m.step(engine.Tick{})
	})
}

// do carries out one request.
func (m *member) do(r engine.Request) {
	switch r := r.(type) {
	case engine.Commit:
		m.w.commit(m, r)
	case engine.ReadClaims, engine.Beat, engine.Load, engine.Due, engine.Inbox, engine.Keys, engine.Journal, engine.Define, engine.Resolve,
		engine.SendMail, engine.ReadAnswers, engine.FindMail:
		m.w.read(m, r)
	case engine.Claim:
		m.w.claim(m, r)
	case engine.Release:
		m.w.release(m, r)
	case engine.Offer:
		m.offered(r)
	case engine.CancelTasks:
		m.cancel(r)
	case engine.Verdicts:
		m.judged(r)
	case engine.Replies:
		m.w.clients.hear(m, r)
	case engine.Publish:
		m.w.judge.published(m, r.List)
	case engine.Poke:
		m.w.poke(r)
	case engine.Alarms:
		m.w.judge.alarmed(m, r)
	case engine.Halt:
		m.w.judge.halted(m, r.Err)
		m.gone() // it is for people to start it again
	case engine.Stopped:
		m.w.note("stopped", uint64(m.n), 0, "member %d", m.n)
		m.gone()
		m.w.after(m.w.upTo(5*time.Second), m.start)
	default:
		m.w.judge.fail("request", "the world does not know %T", r)
	}
}
