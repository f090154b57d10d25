package rehearse

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/internal/zone"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
)

// Namespace is the one in which everything of a World lives.
const Namespace = "default"

// never is longer than any World lasts: it stands for the intervals of work that a single process needs not do.
const never = 100 * 365 * 24 * time.Hour

// Config shapes a World.
type Config struct {
	// Begin is what the clock says at first, Unix milliseconds.
	Begin int64
	// Execute answers tasks.
	Execute Executor
	// Config is what expressions see under that name, decoded as package expr does.
	Config map[string]any
	// Secrets are what tasks see under that name; one that is not there is its own name, so that tests need hold none.
	Secrets map[string]string
	// Crash is where the process dies by itself; the zero value is nowhere.
	Crash Crash
}

// World is one engine on virtual time. It belongs to one goroutine.
type World struct {
	cfg     Config
	backend store.Backend
	machine *engine.Machine
	owner   record.Owner
	life    int // counts the processes
	now     int64
	inside  []engine.Event // what happens now, in order
	agenda  agenda         // what happens later, and from outside
	reqs    []engine.Request

	refs    uint64
	ids     uint64
	commits int
	crashed bool
	replies map[uint64]engine.Reply
	tasks   map[runner.Token]*task
	answers map[try]*answer
	tries   map[tryOf]int

	executions map[record.ID]*Execution
	order      []*Execution
	schedules  []record.ID
	written    map[string]int // where a node stands in its definition, by workflow/node

	// Alarms are what an operator would have been told.
	Alarms []engine.Alarm
	err    error
}

// spin bounds what happens in one instant.
const spin = 100_000

// New makes a World with an empty store.
func New(c Config) (*World, error) {
	w := &World{
		cfg: c, now: c.Begin,
		replies: map[uint64]engine.Reply{}, answers: map[try]*answer{}, tries: map[tryOf]int{},
		executions: map[record.ID]*Execution{}, written: map[string]int{},
	}
	backend, err := memory.Open(memory.WithNow(w.Now), memory.WithIncarnation([16]byte{1})).Open(context.Background())
	if err != nil {
		return nil, err
	}
	w.backend = backend
	w.boot()
	w.settle()
	return w, w.err
}

// boot starts a process.
func (w *World) boot() {
	w.life++
	w.inside, w.tasks = nil, map[runner.Token]*task{}
	binary.BigEndian.PutUint64(w.owner[:], uint64(w.life))
	info := w.backend.Info()
	w.machine = engine.NewMachine(engine.Config{
		Owner: w.owner, Shards: info.Shards, Lanes: max(1, info.Lanes), Alone: true, Seed: uint64(w.life),
		TTL: never, BeatEvery: never, Longest: never,
		Core: shard.Config{
			Values: w.cfg.Config, Revision: 1, Zone: zone.Find, Retention: -1, Audit: -1,
			InboxPoll: 3 * never.Milliseconds(), Window: 3 * never.Milliseconds(),
		},
	})
	w.push(engine.Started{})
	w.demand()
}

// demand asks for tasks; it is done again after each offer.
func (w *World) demand() {
	w.push(engine.Demanded{Ref: w.ref(), Demand: runner.Demand{Max: 1000}})
}

// Now is what the clock says, Unix milliseconds.
func (w *World) Now() int64 { return w.now }

// Err is why the World cannot go on, nil while it can.
func (w *World) Err() error { return w.err }

// Commits counts the batches that became durable, or would have but for a crash.
func (w *World) Commits() int { return w.commits }

func (w *World) ref() uint64 {
	w.refs++
	return w.refs
}

func (w *World) push(e engine.Event) { w.inside = append(w.inside, e) }

func (w *World) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

func (w *World) mono() time.Duration { return time.Duration(w.now-w.cfg.Begin) * time.Millisecond }

// settle lets the engine come to rest without letting time pass.
func (w *World) settle() {
	for n := 0; w.err == nil; n++ {
		if n > spin {
			w.fail("the engine does not come to rest at %s", stamp(w.now))
			return
		}
		if len(w.inside) == 0 {
			if at := w.machine.Next(); at < 0 || at > w.mono() {
				return
			}
			w.push(engine.Tick{})
		}
		e := w.inside[0]
		w.inside = w.inside[1:]
		w.step(e)
	}
}

// step hands one event to the Machine and does what it asks; a crash drops the rest.
func (w *World) step(e engine.Event) {
	life := w.life
	w.reqs = w.machine.Step(engine.Time{Wall: w.now, Mono: w.mono()}, e, w.reqs[:0])
	for _, r := range w.reqs {
		w.do(r)
		if w.life != life || w.err != nil {
			return
		}
	}
}

func (w *World) do(r engine.Request) {
	switch r := r.(type) {
	case engine.Commit:
		w.commit(r.Batch)
	case engine.Offer:
		for i := range r.Leases {
			w.begin(r.Leases[i])
		}
		w.demand()
	case engine.CancelTasks:
		w.cancelTasks(r)
	case engine.Verdicts:
	case engine.Replies:
		for _, reply := range r.List {
			w.replies[reply.Ref] = reply
		}
	case engine.Publish:
	case engine.Poke:
		w.push(engine.Poked{Shards: append([]record.Shard(nil), r.Shards...)})
	case engine.Alarms:
		w.Alarms = append(w.Alarms, r.List...)
	case engine.Halt:
		w.fail("the engine has stopped: %v", r.Err)
	default:
		e := engine.Answer(context.Background(), w.backend, w.owner, r)
		if e == nil {
			w.fail("the engine asks for %T, which this world does not know", r)
			return
		}
		w.push(e)
	}
}

// commit makes a batch durable at once, unless the process is to die here.
func (w *World) commit(b *store.Batch) {
	w.commits++
	if w.cfg.Crash.at(w.commits, false) && !w.crashed {
		w.crash()
		return
	}
	out := w.backend.Commit(context.Background(), b)
	if out.Result != store.Committed {
		w.fail("the store refuses a batch: %v %v", out.Cause, out.Rejected)
		return
	}
	w.note(b)
	if w.cfg.Crash.at(w.commits, true) && !w.crashed {
		w.crash()
		return
	}
	w.push(engine.CommitDone{Lane: b.Lane.Number, Number: b.Number, Digest: b.Digest, Outcome: out})
}

// Next lets the next thing happen that is due until then, and everything that follows from it. False: there is none.
func (w *World) Next(until int64) bool {
	w.settle()
	if w.err != nil {
		return false
	}
	at, timer := w.agenda.next(), int64(-1)
	if next := w.machine.Next(); next >= 0 && next < never {
		timer = w.cfg.Begin + (next + time.Millisecond - 1).Milliseconds()
	}
	switch {
	case timer >= 0 && (at < 0 || timer < at):
		if timer > until {
			return false
		}
		w.now = max(w.now, timer)
		w.push(engine.Tick{})
	case at >= 0 && at <= until:
		w.now = max(w.now, at)
		w.agenda.pop()()
	default:
		return false
	}
	w.settle()
	return w.err == nil
}

// Pass lets time pass.
func (w *World) Pass(ms int64) {
	until := w.now + ms
	for w.Next(until) {
	}
	w.now = max(w.now, until)
}

// Run lets everything happen until every execution has ended or nothing more would. It reports whether all ended.
func (w *World) Run() bool {
	for n := 0; !w.ended(); n++ {
		if n > spin {
			w.fail("it does not end: %d things have happened until %s", n, stamp(w.now))
			return false
		}
		if !w.Next(w.cfg.Begin + never.Milliseconds()) {
			return w.ended()
		}
	}
	return true
}

func (w *World) ended() bool {
	for _, x := range w.order {
		if !x.Closed {
			return false
		}
	}
	return true
}

// Do runs one command and gives its reply. Where the process dies before it answers, the command is repeated under
// the same request id, as a client would. ok is false where the reply has to wait for something else to happen.
func (w *World) Do(c engine.Command) (r engine.Reply, ok bool) {
	if c.Request == "" && c.Verb < shard.View {
		c.Request = fmt.Sprintf("request-%d", w.ref())
	}
	for w.err == nil {
		life := w.life
		c.Ref = w.ref()
		w.push(engine.Commands{List: []engine.Command{c}})
		w.settle()
		if r, ok := w.replies[c.Ref]; ok && w.life == life {
			delete(w.replies, c.Ref)
			return r, true
		}
		if w.life == life {
			return r, false
		}
		c.Repeat = c.Verb == shard.Start
	}
	return engine.Reply{Error: &model.Error{Code: shard.CodeUnavailable, Message: w.err.Error()}}, true
}

func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
