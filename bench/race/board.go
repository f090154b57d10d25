package race

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// board knows which executions are under way.
type board struct {
	mu      sync.Mutex
	n       int
	waiting map[string]chan struct{}
}

func newBoard() *board { return &board{waiting: map[string]chan struct{}{}} }

// next makes an execution of this work and a channel that is closed when it has ended.
func (b *board) next(work Execution) (Execution, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	work.ID = "x" + strconv.Itoa(b.n)
	done := make(chan struct{})
	b.waiting[work.ID] = done
	return work, done
}

// ended may be called more than once: a system that runs its code again tells it again.
func (b *board) ended(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if done := b.waiting[id]; done != nil {
		close(done)
		delete(b.waiting, id)
	}
}

func (b *board) started() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.n
}

// one runs an execution to its end.
func (b *board) one(ctx context.Context, s System, work Execution) error {
	e, done := b.next(work)
	if err := s.Start(ctx, e); err != nil {
		return fmt.Errorf("start %s: %w", e.ID, err)
	}
	return wait(ctx, done)
}

// wait returns when done is closed.
func wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("an execution did not end: %w", ctx.Err())
	}
}

// loop keeps so many executions in flight for a while and lets all come to their end. It gives their number and the
// seconds that each took.
func (b *board) loop(ctx context.Context, s System, c Case, d time.Duration) (n int, latencies []float64, err error) {
	var mu sync.Mutex
	stop := time.Now().Add(d)
	err = crew(c.Flight, func() error {
		for first := true; first || time.Now().Before(stop); first = false {
			work := c.Work
			if work.Kind == Nap {
				work.Until = time.Now() // due at once: what is to be known is how many get through
			}
			began := time.Now()
			if err := b.one(ctx, s, work); err != nil {
				return err
			}
			mu.Lock()
			latencies = append(latencies, time.Since(began).Seconds())
			mu.Unlock()
		}
		return nil
	})
	return len(latencies), latencies, err
}

// startMany starts n executions that wait until due.
func (b *board) startMany(ctx context.Context, s System, c Case, n int, due time.Time) error {
	var left atomic.Int64
	left.Store(int64(n))
	return crew(c.Flight, func() error {
		for left.Add(-1) >= 0 {
			work := c.Work
			work.Until = due
			e, _ := b.next(work)
			if err := s.Start(ctx, e); err != nil {
				return fmt.Errorf("start %s: %w", e.ID, err)
			}
		}
		return nil
	})
}

// all waits until nothing is under way.
func (b *board) all(ctx context.Context) error {
	for {
		b.mu.Lock()
		var some chan struct{}
		for _, some = range b.waiting { // any of them will do
			break
		}
		b.mu.Unlock()
		if some == nil {
			return nil
		}
		if err := wait(ctx, some); err != nil {
			return err
		}
	}
}

// crew runs f in n goroutines and gives the first error.
func crew(n int, f func() error) error {
	errs := make(chan error, n)
	for range n {
		go func() { errs <- f() }()
	}
	var first error
	for range n {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}

// median of v, which it sorts; 0 of nothing.
func median(v []float64) float64 {
	slices.Sort(v)
	switch n := len(v); {
	case n == 0:
		return 0
	case n%2 == 1:
		return v[n/2]
	default:
		return (v[n/2-1] + v[n/2]) / 2
	}
}
