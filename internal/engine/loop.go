package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pawl-dev/pawl/internal/fault"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Options shape a Loop.
type Options struct {
	// Machine: Owner, Shards and Lanes are filled in where they are zero.
	Machine Config
	// Logger gets the alarms; nil discards them.
	Logger *slog.Logger
	// CommitTimeout bounds one attempt to commit, after which it counts as unknown: 30 s.
	CommitTimeout time.Duration
	// ReadTimeout bounds one read: 30 s.
	ReadTimeout time.Duration
}

// Loop drives a Machine against a real store: it runs the requests on goroutines, turns answers and calls into
// events, and decides nothing. All methods are safe for concurrent use.
type Loop struct {
	opts    Options
	backend store.Backend
	machine *Machine
	born    time.Time
	ctx     context.Context // of everything asked of the store
	cancel  context.CancelFunc
	lanes   []chan *store.Batch
	work    sync.WaitGroup

	refs atomic.Uint64
	// channels of replies that came; used again.
	channels sync.Pool
	wake     chan struct{}
	done     chan struct{}

	mu      sync.Mutex
	in      intake
	calls   map[uint64]chan Reply
	offers  map[uint64]chan []runner.Lease
	reports map[uint64]chan []runner.Verdict
	watches map[record.ID][]*Watch
	cancels cancelFeed
	defs    sync.Map // DefinitionRef to *kernel.Definition, of what is followed
	owned   atomic.Pointer[[]record.Shard]
	over    bool
	err     error
}

// intake is what has come since the machine's last step.
type intake struct {
	commands []Command
	events   []Event
	asks     []func(*Machine)
}

// ErrStopped is returned by calls of a Loop that has ended.
var ErrStopped = errors.New("the engine has stopped")

// NewLoop starts a loop over b. It ends with [Loop.Stop] or by itself when the store went back in time; b stays open.
func NewLoop(b store.Backend, o Options) *Loop {
	info := b.Info()
	if o.Machine.Owner == (record.Owner{}) {
		_, _ = rand.Read(o.Machine.Owner[:]) // never fails, says the package
	}
	set(&o.Machine.Shards, info.Shards)
	set(&o.Machine.Lanes, max(1, info.Lanes))
	set(&o.CommitTimeout, 30*time.Second)
	set(&o.ReadTimeout, 30*time.Second)
	set(&o.Machine.Patience, 5*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	l := &Loop{
		opts: o, backend: b, machine: NewMachine(o.Machine), born: time.Now(),
		wake: make(chan struct{}, 1), done: make(chan struct{}),
		calls: map[uint64]chan Reply{}, offers: map[uint64]chan []runner.Lease{},
		reports: map[uint64]chan []runner.Verdict{}, watches: map[record.ID][]*Watch{},
	}
	l.channels.New = func() any { return make(chan Reply, 1) }
	l.cancels.wake = make(chan struct{}, 1)
	l.ctx, l.cancel = context.WithCancel(context.Background())
	for range o.Machine.Lanes {
		lane := make(chan *store.Batch, 1)
		l.lanes = append(l.lanes, lane)
		l.work.Go(func() { l.commitAll(lane) })
	}
	go l.run()
	return l
}

func set[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// run is the goroutine that owns the machine.
func (l *Loop) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var reqs []Request
	var got intake
	events := []Event{Started{}}
	for {
		reqs = l.machine.Step(l.now(), Several{events}, reqs[:0])
		l.noteOwned()
		for _, ask := range got.asks {
			ask(l.machine)
		}
		if !l.doAll(reqs) {
			l.end()
			return
		}
		clear(reqs)
		got = l.take(got)
		for got.empty() {
			if !l.sleep(timer) {
				break
			}
			got = l.take(got)
		}
		events = append(events[:0], got.events...)
		if len(got.commands) > 0 {
			events = append(events, Commands{got.commands})
		}
	}
}

// sleep waits for something to come, or until the machine wants a tick; then it returns false.
func (l *Loop) sleep(timer *time.Timer) bool {
	next := l.machine.Next()
	if next < 0 {
		<-l.wake
		return true
	}
	pause := next - time.Since(l.born)
	if pause <= 0 {
		return false
	}
	timer.Reset(pause)
	select {
	case <-l.wake:
		return true
	case <-timer.C:
		return false
	}
}

func (l *Loop) now() Time {
	t := time.Now()
	return Time{Wall: t.UnixMilli(), Mono: t.Sub(l.born)}
}

func (in *intake) empty() bool { return len(in.commands)+len(in.events)+len(in.asks) == 0 }

// take swaps the intake for an empty one that reuses the memory of old.
func (l *Loop) take(old intake) intake {
	clear(old.commands)
	clear(old.events)
	clear(old.asks)
	l.mu.Lock()
	defer l.mu.Unlock()
	got := l.in
	l.in = intake{old.commands[:0], old.events[:0], old.asks[:0]}
	return got
}

// push hands an event to the machine; false when the loop has ended.
func (l *Loop) push(e Event) bool {
	l.mu.Lock()
	ok := l.pushLocked(e)
	l.mu.Unlock()
	l.knock()
	return ok
}

func (l *Loop) pushLocked(e Event) bool {
	if l.over {
		return false
	}
	l.in.events = append(l.in.events, e)
	return true
}

// knock wakes the loop.
func (l *Loop) knock() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// doAll carries out requests; false after the last one.
func (l *Loop) doAll(reqs []Request) bool {
	for _, r := range reqs {
		switch r := r.(type) {
		case Commit:
			fault.Hit(fault.BatchFormed)
			l.lanes[r.Batch.Lane.Number] <- r.Batch
		case Offer, Replies, Verdicts, CancelTasks, Publish, Alarms, Poke:
			l.hand(r)
		case Halt:
			l.err = r.Err
			return false
		case Stopped:
			return false
		default:
			l.work.Go(func() { l.read(r) })
		}
	}
	return true
}

// commitAll is the life of one lane.
func (l *Loop) commitAll(lane <-chan *store.Batch) {
	for b := range lane {
		ctx, cancel := context.WithTimeout(l.ctx, l.opts.CommitTimeout)
		out := l.backend.Commit(ctx, b)
		cancel()
		fault.Hit(fault.OutcomeReceived)
		l.push(CommitDone{Lane: b.Lane.Number, Number: b.Number, Digest: b.Digest, Outcome: out})
	}
}

// hand gives answers to those who wait for them.
func (l *Loop) hand(r Request) {
	switch r := r.(type) {
	case Replies:
		fault.Hit(fault.Advanced)
		l.mu.Lock()
		for i := range r.List {
			if ch := l.calls[r.List[i].Ref]; ch != nil {
				delete(l.calls, r.List[i].Ref)
				ch <- r.List[i]
			}
		}
		l.mu.Unlock()
		fault.Hit(fault.RepliesSent)
	case Offer:
		l.offered(r)
	case Verdicts:
		l.judged(r)
	case CancelTasks:
		l.cancels.add(r)
	case Publish:
		l.publish(r.List)
	case Alarms:
		for _, a := range r.List {
			l.opts.Logger.Warn(a.Text, "code", a.Code, "shard", a.Shard, "execution", a.Execution.String())
		}
	}
}

// end answers everyone who still waits.
func (l *Loop) end() {
	l.mu.Lock()
	l.over = true
	if l.err == nil {
		l.err = ErrStopped
	}
	asks := l.in.asks
	l.in = intake{}
	for _, list := range l.watches {
		for _, w := range list {
			w.tell(nil, true)
		}
	}
	l.mu.Unlock()
	for _, ask := range asks {
		ask(l.machine)
	}
	for _, lane := range l.lanes {
		close(lane)
	}
	l.cancel()
	close(l.done)
}

// Poke says that these shards have new inbox messages.
func (l *Loop) Poke(shards ...record.Shard) { l.push(Poked{shards}) }

// ExpectMail says that somebody is about to commit a message to a shard of this member, who cannot poke it.
func (l *Loop) ExpectMail() { l.push(MailExpected{}) }

// Inspect runs f with the machine between two steps.
func (l *Loop) Inspect(ctx context.Context, f func(*Machine)) error {
	ran := make(chan struct{})
	l.mu.Lock()
	if l.over {
		defer l.mu.Unlock()
		return l.err
	}
	l.in.asks = append(l.in.asks, func(m *Machine) { f(m); close(ran) })
	l.mu.Unlock()
	l.knock()
	select {
	case <-ran:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stop drains: no new work is taken, running tasks get grace to report, what was decided is committed, the shards are
// released. It returns when that is done, or with the error of ctx.
func (l *Loop) Stop(ctx context.Context, grace time.Duration) error {
	l.push(Stop{grace})
	select {
	case <-l.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	idle := make(chan struct{})
	go func() { l.work.Wait(); close(idle) }()
	select {
	case <-idle:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := l.Err(); !errors.Is(err, ErrStopped) {
		return err
	}
	return nil
}

// Done is closed when the loop has ended.
func (l *Loop) Done() <-chan struct{} { return l.done }

// Err is why the loop has ended: ErrStopped, or what made it halt; nil while it runs.
func (l *Loop) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
