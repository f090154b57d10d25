package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	pawl "github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/record"
)

// members lets three engines share a store, and in turn with that one engine have one to itself, with the same load: on
// the same processors, members cost what they say to each other.
func (b *bench) members() ([]row, error) {
	if b.kind == "sqlite" { // admits one engine
		return nil, nil
	}
	n := b.pick(15_000, 3_000)
	three, err := b.together(3)
	if err != nil {
		return nil, err
	}
	defer three.close()
	alone, err := b.together(1)
	if err != nil {
		return nil, err
	}
	defer alone.close()
	var rates [2][]float64
	for i := range 2 * b.pick(10, 3) {
		who := (i + 1) / 2 % 2 // neither is always the first of a pair
		took, err := [2]group{three, alone}[who].load(b.ctx, "chain3", n, 1000)
		if err != nil {
			return nil, err
		}
		rates[who] = append(rates[who], float64(n)/took.Seconds())
	}
	of3, of1 := of("members3", "chain3_1000", "executions/s", rates[0]...), of("members3", "chain3_1000_alone", "executions/s", rates[1]...)
	of3.Ratio = pairwise(rates[0], rates[1])
	return []row{of3.atLeast(1, of3.Ratio, "ratio to one >= 1"), of1}, nil
}

// group are engines on one store.
type group []*rig

// together opens so many engines on a fresh store and waits until each of them owns shards.
func (b *bench) together(n int) (g group, err error) {
	o := b.anew()
	for range n {
		r, err := b.open(o, false, pawl.Options{})
		if err != nil {
			return nil, errors.Join(err, g.close())
		}
		g = append(g, r)
	}
	for range 600 {
		rows, err := g[0].m.Claims(b.ctx)
		if err != nil {
			return nil, errors.Join(err, g.close())
		}
		owners := map[record.Owner]bool{}
		for _, row := range rows {
			owners[row.Owner] = true
		}
		if len(owners) == n && !owners[record.Owner{}] {
			return g, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, errors.Join(fmt.Errorf("the shards are not spread over %d engines after a minute", n), g.close())
}

// load runs n executions with so many in flight, each engine with its share of those: the next one goes to the engine
// that has ended one.
func (g group) load(ctx context.Context, workflow string, n, flight int) (time.Duration, error) {
	var left atomic.Int64
	left.Store(int64(n))
	flight = min(flight, n)
	errs := make(chan error, flight)
	began := time.Now()
	var all sync.WaitGroup
	for i := range flight {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := g[i%len(g)].one(ctx, workflow); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	select {
	case err := <-errs:
		return 0, err
	default:
		return took, nil
	}
}

func (g group) close() (err error) {
	for _, r := range g {
		err = errors.Join(err, r.close())
	}
	return err
}
