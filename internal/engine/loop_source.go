package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/internal/runner"
)

var (
	_ runner.Source = (*Loop)(nil)
	_ runner.Feed   = (*Loop)(nil)
)

// gone is why a source that has ended does not answer.
func gone(err error) error { return fmt.Errorf("%w: %w", runner.ErrEnded, err) }

// Lease implements [runner.Source].
func (l *Loop) Lease(ctx context.Context, d runner.Demand) ([]runner.Lease, error) {
	ch := make(chan []runner.Lease, 1)
	ref := l.refs.Add(1)
	l.mu.Lock()
	if !l.pushLocked(Demanded{ref, d}) {
		defer l.mu.Unlock()
		return nil, gone(l.err)
	}
	l.offers[ref] = ch
	l.mu.Unlock()
	l.knock()
	var up <-chan time.Time
	if d.Wait > 0 {
		timer := time.NewTimer(d.Wait)
		defer timer.Stop()
		up = timer.C
	}
	select {
	case list := <-ch:
		return list, nil
	case <-l.done:
		return nil, gone(l.Err())
	case <-ctx.Done():
	case <-up:
	}
	l.push(DemandGone{ref})
	select {
	case list := <-ch:
		if len(list) == 0 {
			return nil, ctx.Err()
		}
		return list, nil
	case <-l.done:
		return nil, gone(l.Err())
	}
}

func (l *Loop) offered(o Offer) {
	l.mu.Lock()
	ch := l.offers[o.Ref]
	delete(l.offers, o.Ref)
	l.mu.Unlock()
	if ch != nil {
		ch <- o.Leases
	}
}

// Beat implements [runner.Source].
func (l *Loop) Beat(ctx context.Context, tokens []runner.Token) ([]runner.Verdict, error) {
	ref := l.refs.Add(1)
	return l.ask(ctx, ref, TokensHeld{ref, slices.Clone(tokens)})
}

// Report implements [runner.Source]: it returns when the results are durable.
func (l *Loop) Report(ctx context.Context, r []runner.Report) ([]runner.Verdict, error) {
	ref := l.refs.Add(1)
	return l.ask(ctx, ref, Reported{ref, slices.Clone(r)})
}

// Release implements [runner.Source].
func (l *Loop) Release(ctx context.Context, tokens []runner.Token) error {
	list := make([]runner.Report, len(tokens))
	for i, t := range tokens {
		list[i] = runner.Report{Token: t, Released: true}
	}
	_, err := l.Report(ctx, list)
	return err
}

// ask pushes an event that is answered by Verdicts. Where ctx ends first, the event still happens; so its list is not
// the caller's.
func (l *Loop) ask(ctx context.Context, ref uint64, e Event) ([]runner.Verdict, error) {
	ch := make(chan []runner.Verdict, 1)
	l.mu.Lock()
	if !l.pushLocked(e) {
		defer l.mu.Unlock()
		return nil, gone(l.err)
	}
	l.reports[ref] = ch
	l.mu.Unlock()
	l.knock()
	select {
	case list := <-ch:
		return list, nil
	case <-ctx.Done():
		l.mu.Lock()
		delete(l.reports, ref)
		l.mu.Unlock()
		return nil, ctx.Err()
	case <-l.done:
		select {
		case list := <-ch:
			return list, nil
		default:
			return nil, gone(l.Err())
		}
	}
}

func (l *Loop) judged(v Verdicts) {
	l.mu.Lock()
	ch := l.reports[v.Ref]
	delete(l.reports, v.Ref)
	l.mu.Unlock()
	if ch != nil {
		ch <- v.List
	}
}

// cancelFeed collects the attempts to be cancelled until the runner fetches them.
type cancelFeed struct {
	mu   sync.Mutex
	list []runner.Cancel
	wake chan struct{}
}

func (f *cancelFeed) add(r CancelTasks) {
	f.mu.Lock()
	for _, t := range r.Tokens {
		f.list = append(f.list, runner.Cancel{Token: t, Lost: r.Lost})
	}
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *cancelFeed) take() []runner.Cancel {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.list
	f.list = nil
	return list
}

// Cancelled implements [runner.Feed] for one runner.
func (l *Loop) Cancelled(ctx context.Context) ([]runner.Cancel, error) {
	for {
		if list := l.cancels.take(); len(list) > 0 {
			return list, nil
		}
		select {
		case <-l.cancels.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.done:
			return nil, gone(l.Err())
		}
	}
}
