package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	pawl "github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
)

const herdText = `
workflow: herd
version: 1.0.0
input: {at: string}
nodes:
  - sleep: {wait: {until: "${ input.at }"}}
  - wake: {call: wake}
`

const smallText = `
workflow: small
version: 1.0.0
nodes:
  - one: {call: wake}
`

// gather starts n executions that all wake at the given time, and then says ready and waits for its death.
func (v *victim) gather(ctx context.Context, n, clients int, at string) error {
	if err := each(n, clients, func(i int) error {
		_, err := v.eng.Start(ctx, "herd", map[string]string{"at": at}, pawl.Key(fmt.Sprint("h", i)))
		return err
	}); err != nil {
		return err
	}
	say("ready")
	select {}
}

// wake counts.
func (v *victim) wake(context.Context, struct{}) (int64, error) { return v.wakes.Add(1), nil }

// stampede is the life after: everything is due at once. It starts small executions meanwhile, one after the other,
// and says how the herd went: executions, wakes, how late the last was, and the longest and the median time of a start.
func (v *victim) stampede(ctx context.Context, n int) error {
	began := time.Now()
	var took []time.Duration
	for {
		t := time.Now()
		if _, err := v.eng.Start(ctx, "small", nil); err != nil {
			return err
		}
		took = append(took, time.Since(t))
		open, err := v.eng.List(ctx, pawl.Filter{Workflow: "herd", Statuses: []model.Status{model.Running, model.Pending}, Limit: 1})
		if err != nil {
			return err
		}
		if len(open.Executions) == 0 {
			break
		}
	}
	wakes := v.wakes.Load()
	slices.Sort(took)
	say("herd %d %d %d %d %d", n, wakes, time.Since(began).Milliseconds(), took[len(took)-1].Milliseconds(), took[len(took)/2].Milliseconds())
	return nil
}

// each calls f for 0 to n-1, some at a time.
func each(n, workers int, f func(int) error) error {
	var next atomic.Int64
	var all sync.WaitGroup
	errs := make(chan error, workers)
	for range workers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}
