package runner

import (
	"context"
	"time"
)

// beat confirms the held tokens at every interval and acts on what it is told, until ctx ends.
func (r *Runner) beat(ctx context.Context) {
	tick := time.NewTicker(r.Beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var tokens []Token
		for _, p := range r.pools {
			tokens = p.holds(tokens)
		}
		if len(tokens) > 0 {
			r.confirm(ctx, tokens)
		}
	}
}

func (r *Runner) confirm(ctx context.Context, tokens []Token) {
	ctx, cancel := context.WithTimeout(ctx, 5*r.Beat)
	defer cancel()
	verdicts, err := r.Source.Beat(ctx, tokens)
	if err != nil || len(verdicts) != len(tokens) {
		if ctx.Err() == nil {
			r.Logger.Warn("held tasks could not be confirmed", "tasks", len(tokens), "error", err)
		}
		return
	}
	for i, v := range verdicts {
		switch v {
		case CancelAsked:
			r.end(tokens[i], ErrCancelled)
		case Stale:
			r.end(tokens[i], ErrStale)
		}
	}
}

// follow acts on the cancel feed until ctx ends.
func (r *Runner) follow(ctx context.Context, f Feed) {
	for tries := 0; ; {
		list, err := f.Cancelled(ctx)
		if ctx.Err() != nil {
			return
		}
		for _, c := range list {
			cause := ErrCancelled
			if c.Lost {
				cause = ErrStale
			}
			r.end(c.Token, cause)
		}
		if len(list) > 0 {
			tries = 0
			continue
		}
		if err != nil {
			r.Logger.Warn("the cancel feed does not answer", "error", err)
		}
		sleep(ctx, backoff(tries))
		tries++
	}
}

// end stops the attempt with token t, or gives it back if it has not begun.
func (r *Runner) end(t Token, cause error) {
	for _, p := range r.pools {
		a, unrun := p.find(t)
		switch {
		case a != nil:
			a.stop(cause)
			return
		case unrun && cause == ErrStale:
			return
		case unrun:
			r.out.add(Report{Token: t, Released: true})
			return
		}
	}
}
