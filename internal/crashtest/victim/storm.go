package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	pawl "github.com/pawl-dev/pawl"
)

// stormRate is how many calls a second the downstream of the storm may get.
const stormRate = 100

var stormText = fmt.Sprintf(`
workflow: storm
version: 1.0.0
nodes:
  - call: {call: downstream, limits: [{name: downstream, rate: %d/s}], retry: {max_attempts: 100000, initial_interval: 10ms, backoff_coefficient: 1.5, max_interval: 500ms}}
  - slow: {call: lingering}
`, stormRate)

const dutyText = `
workflow: duty
version: 1.0.0
input: {as: string}
nodes:
  - one: {call: duty, args: "${ input.as }"}
`

// bearing is how many tasks are at work, and how many were stopped.
type bearing struct{ lingering, stubborn, deaf, stopped atomic.Int64 }

// weather runs n executions against a downstream that fails as long as the process has not got SIGHUP, and some that do
// not end by themselves. At SIGHUP it says how many calls there were in how many milliseconds, at SIGTERM how many tasks
// are at work, and after the drain how many milliseconds that took, how many are still at work, and how many of those that
// would have ended by themselves were stopped.
func (v *victim) weather(ctx context.Context, n, duties int) error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP)
	began := time.Now()
	if err := each(n, 16, func(i int) error {
		key := fmt.Sprint("k", i)
		run, err := v.eng.Start(ctx, "storm", nil, pawl.Key(key))
		if err == nil {
			say("start %s %s", key, run.ID())
		}
		return err
	}); err != nil {
		return err
	}
	for i := range duties {
		if _, err := v.eng.Start(ctx, "duty", map[string]string{"as": dutyOf(i)}, pawl.Key(fmt.Sprint("d", i))); err != nil {
			return err
		}
	}
	say("ready")
	for sig := range signals {
		if sig == syscall.SIGTERM {
			break
		}
		say("calls %d %d", v.wakes.Load(), time.Since(began).Milliseconds())
		v.healthy.Store(true)
	}
	b := &v.bearing
	say("drain %d %d %d", b.lingering.Load(), b.stubborn.Load(), b.deaf.Load())
	t := time.Now()
	if err := v.eng.Close(ctx); err != nil {
		return err
	}
	say("closed %d %d %d %d", time.Since(t).Milliseconds(), b.lingering.Load(), b.stubborn.Load(), b.stopped.Load())
	return nil
}

// dutyOf is who does a duty: in bad weather nobody ends by himself, but the stubborn heed their context.
func dutyOf(i int) string {
	if i == 0 {
		return "deaf"
	}
	return "stubborn"
}

// duty has an effect, and ends by itself in good weather only.
func (v *victim) duty(ctx context.Context, as string) (int, error) {
	if _, err := v.effect(ctx, struct{}{}); err != nil || v.calm {
		return 0, err
	}
	if as == "deaf" {
		v.bearing.deaf.Add(1)
		select {}
	}
	v.bearing.stubborn.Add(1)
	defer v.bearing.stubborn.Add(-1)
	<-ctx.Done()
	return 0, ctx.Err()
}

// clear is the life after the storm: the downstream answers, and everything ends.
func (v *victim) clear(ctx context.Context, n, duties int) error {
	v.healthy.Store(true)
	for i := range n {
		key := fmt.Sprint("k", i)
		run, err := v.eng.Start(ctx, "storm", nil, pawl.Key(key))
		if err != nil {
			return err
		}
		if err := v.await(ctx, run, key); err != nil {
			return err
		}
	}
	for i := range duties {
		key := fmt.Sprint("d", i)
		run, err := v.eng.Start(ctx, "duty", map[string]string{"as": dutyOf(i)}, pawl.Key(key))
		if err != nil {
			return err
		}
		if err := v.await(ctx, run, key); err != nil {
			return err
		}
	}
	return nil
}

// downstream counts, and fails in bad weather.
func (v *victim) downstream(context.Context, struct{}) (int, error) {
	n := v.wakes.Add(1)
	if !v.healthy.Load() {
		return 0, errors.New("the downstream is down")
	}
	return int(n), nil
}

// lingering has an effect and takes a while, less than the grace, so that a drain finds it at work.
func (v *victim) lingering(ctx context.Context, _ struct{}) (int, error) {
	v.bearing.lingering.Add(1)
	defer v.bearing.lingering.Add(-1)
	if _, err := v.effect(ctx, struct{}{}); err != nil {
		return 0, err
	}
	say("lingers")
	err := pause(ctx, 400*time.Millisecond)
	if err != nil {
		v.bearing.stopped.Add(1)
	}
	return 1, err
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
