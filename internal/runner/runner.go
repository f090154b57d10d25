package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pawl-dev/pawl/node"
)

// Runner leases, executes and reports. Make it with [New] and start it once with [Runner.Run].
type Runner struct {
	Params
	pools []*pool
	out   *outbox
	// base is the parent of every attempt: the values of Run's context without its end.
	base    context.Context
	started atomic.Bool

	executed, panicked, timedOut, abandoned atomic.Int64
}

// New checks p and makes a runner. Errors: a required field is missing, or a pool names a type twice or one that the
// registry lacks.
func New(p Params) (*Runner, error) {
	if p.Source == nil {
		return nil, errors.New("runner: no source")
	}
	p = p.withDefaults()
	r := &Runner{Params: p}
	slots, err := r.addPools()
	if err != nil {
		return nil, err
	}
	if r.Abandoned <= 0 {
		r.Abandoned = 4 * slots
	}
	r.out = newOutbox(r, 4*slots+1024)
	return r, nil
}

// addPools makes the pools and returns the number of their slots.
func (r *Runner) addPools() (int, error) {
	left := map[string]bool{}
	for name := range r.Registry {
		left[name] = true
	}
	for _, p := range r.Params.Pools {
		for _, name := range p.Types {
			if !left[name] {
				return 0, fmt.Errorf("runner: a pool names type %q, which is unknown or in another pool", name)
			}
			delete(left, name)
		}
	}
	slots, rest := 0, false
	for _, p := range r.Params.Pools {
		if len(p.Types) == 0 {
			if rest {
				return 0, errors.New("runner: two pools without types")
			}
			rest = true
			p.Types = names(left)
		}
		if p.Workers <= 0 {
			return 0, errors.New("runner: a pool without workers")
		}
		slots += p.Workers
		r.pools = append(r.pools, newPool(r, p))
	}
	return slots, nil
}

func names(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for name := range set {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// Run works until ctx ends, then drains: it leases no more, gives back what has not begun, waits up to DrainGrace for
// what runs, stops the rest and gives that back too, and reports everything that ended. It returns nil after a
// complete drain, else an error that says how many reports or executors were left behind. Call it once.
func (r *Runner) Run(ctx context.Context) error {
	if r.started.Swap(true) {
		return errors.New("runner: Run was called twice")
	}
	r.base = context.WithoutCancel(ctx)
	r.out.ctx, r.out.stop = context.WithCancel(r.base)
	beats, stopBeats := context.WithCancel(r.base)
	var side, lease sync.WaitGroup
	side.Go(func() { r.beat(beats) })
	if f, ok := r.Source.(Feed); ok {
		side.Go(func() { r.follow(beats, f) })
	}
	for _, p := range r.pools {
		lease.Go(func() { p.leaseUntil(ctx) })
	}
	lease.Wait()
	err := r.drain()
	stopBeats()
	side.Wait()
	return err
}

// drain is what follows after the last lease.
func (r *Runner) drain() error {
	for _, p := range r.pools {
		r.release(p.takeBack())
	}
	grace := time.NewTimer(r.DrainGrace)
	defer grace.Stop()
	if !r.quiet(grace.C) {
		for _, p := range r.pools {
			p.stopAll(errDrained)
		}
		grace.Reset(2 * r.StopGrace)
		r.quiet(grace.C)
	}
	left := r.out.flush(r.StopGrace)
	hung := 0
	for _, p := range r.pools {
		hung += p.close()
	}
	if left > 0 || hung > 0 {
		return fmt.Errorf("runner: stopped with %d unsent reports and %d executors that do not return", left, hung)
	}
	return nil
}

// quiet waits until no pool has a task running; false when the time was up first.
func (r *Runner) quiet(up <-chan time.Time) bool {
	for _, p := range r.pools {
		select {
		case <-p.quiet():
		case <-up:
			return false
		}
	}
	return true
}

// release gives tokens back. A source that cannot take them back will find them lost.
func (r *Runner) release(tokens []Token) {
	if len(tokens) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(r.base, r.StopGrace)
	defer cancel()
	for tries := 0; ; tries++ {
		err := r.Source.Release(ctx, tokens)
		if err == nil {
			return
		}
		if errors.Is(err, ErrEnded) || !sleep(ctx, backoff(tries)) {
			r.Logger.Warn("tasks could not be given back and will count as lost", "tasks", len(tokens), "error", err)
			return
		}
	}
}

// Stats is what a runner is doing.
type Stats struct {
	// Queued tasks are leased and not begun; Running ones have a worker.
	Queued, Running int
	// Unreported results wait for a final answer of the source.
	Unreported int
	// Hanging executors were abandoned and have not returned yet.
	Hanging int
	// Executed, Panicked, TimedOut and Abandoned count attempts since the start.
	Executed, Panicked, TimedOut, Abandoned int64
}

// Stats may be called at any time.
func (r *Runner) Stats() Stats {
	s := Stats{
		Executed: r.executed.Load(), Panicked: r.panicked.Load(),
		TimedOut: r.timedOut.Load(), Abandoned: r.abandoned.Load(),
		Unreported: int(r.out.left.Load()),
	}
	for _, p := range r.pools {
		p.count(&s)
	}
	return s
}

// Running is an attempt in progress, for people.
type Running struct {
	Token Token
	Type  string
	Since time.Time
	// Beat is the time of the last sign of life; Progress is what it carried, nil if nothing.
	Beat     time.Time
	Progress json.RawMessage
}

// Running lists the attempts in progress, in no particular order.
func (r *Runner) Running() []Running {
	var out []Running
	for _, p := range r.pools {
		for _, a := range p.live() {
			out = append(out, a.view())
		}
	}
	return out
}

// executor finds the type of a task.
func (r *Runner) executor(typ string) (node.Executor, bool) {
	t, ok := r.Registry[typ]
	return t.Executor, ok && t.Executor != nil
}
