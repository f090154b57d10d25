package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	pawl "github.com/pawl-dev/pawl"
)

// limits runs many executions of one step through limits: over a hundred keys with ten places each, then all in one
// line. What a limit costs is the distance to the same executions without one.
func (b *bench) limits() ([]row, error) {
	n := 100_000
	if b.quick {
		n = 10_000
	}
	var free, keys, line []float64
	for _, c := range []struct {
		workflow string
		keys     int
		into     *[]float64
	}{{"chain1", 1, &free}, {"limited", 100, &keys}, {"limited", 1, &line}} {
		r, err := b.open(b.anew(), false, pawl.Options{})
		if err != nil {
			return nil, err
		}
		began := time.Now()
		if err := r.startKeys(b.ctx, c.workflow, n, c.keys); err != nil {
			return nil, err
		}
		if err := r.await(b.ctx, n); err != nil {
			return nil, err
		}
		*c.into = append(*c.into, float64(n)/time.Since(began).Seconds())
		if err := r.close(); err != nil {
			return nil, err
		}
	}
	return []row{
		of("limits100k", "without", "executions/s", free...),
		of("limits100k", "over_100_keys", "executions/s", keys...),
		of("limits100k", "in_one_line", "executions/s", line...),
		of("limits100k", "executions", "executions", float64(n)),
	}, nil
}

// startKeys starts n executions with the keys 0 to keys-1 in turn.
func (r *rig) startKeys(ctx context.Context, workflow string, n, keys int) error {
	var next atomic.Int64
	errs := make(chan error, 1000)
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if _, err := r.Start(ctx, workflow, map[string]any{"key": i % int64(keys)}); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}
