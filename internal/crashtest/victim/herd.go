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
  - one: {call: nothing}
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

func (v *victim) nothing(context.Context, struct{}) (int, error) { return 0, nil }

// stampede is the life after: everything is due at once. It starts small executions meanwhile, and says how the herd
// went: wakes, milliseconds until all had ended, small executions, and of their starts the time of the first, which waits
// until what is open has been read, and the median, the 99th percentile and the longest of the others.
func (v *victim) stampede(ctx context.Context, n int) error {
	began := time.Now()
	over, stop := context.WithCancel(ctx)
	defer stop()
	var runs []*pawl.Run
	var took []time.Duration
	probed := make(chan error, 1)
	go func() {
		var err error
		for t := began; err == nil && over.Err() == nil; t = time.Now() {
			var run *pawl.Run
			if run, err = v.eng.Start(ctx, "small", nil); err == nil {
				runs, took = append(runs, run), append(took, time.Since(t))
				_ = pause(over, 20*time.Millisecond)
			}
		}
		probed <- err
	}()
	for open := true; open; {
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
		if v.wakes.Load() < int64(n) {
			continue
		}
		page, err := v.eng.List(ctx, pawl.Filter{Workflow: "herd", Statuses: []model.Status{model.Running, model.Pending}, Limit: 1})
		if err != nil {
			return err
		}
		open = len(page.Executions) > 0
	}
	all := time.Since(began)
	stop()
	if err := <-probed; err != nil {
		return err
	}
	for _, run := range runs {
		if _, err := run.Wait(ctx); err != nil {
			return err
		}
	}
	first, rest := took[0], slices.Sorted(slices.Values(took[1:]))
	if len(rest) == 0 {
		rest = took
	}
	at := func(i int) int64 { return rest[min(i, len(rest)-1)].Milliseconds() }
	say("herd %d %d %d %d %d %d %d", v.wakes.Load(), all.Milliseconds(), len(runs), first.Milliseconds(), at(len(rest)/2), at(len(rest)*99/100), at(len(rest)))
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
