package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	pawl "github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/crashtest"
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

// weather runs n executions against a downstream that fails as long as the process has not got SIGUSR1. At SIGTERM it
// drains, and says how many calls there were in how many milliseconds, and how long closing took.
func (v *victim) weather(ctx context.Context, from, n int) error {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGUSR1)
	began := time.Now()
	if err := each(n, 16, func(i int) error {
		key := fmt.Sprint("k", from+i)
		run, err := v.eng.Start(ctx, "storm", nil, pawl.Key(key))
		if err == nil {
			say("start %s %s", key, run.ID())
		}
		return err
	}); err != nil {
		return err
	}
	say("ready")
	for sig := range signals {
		if sig == syscall.SIGTERM {
			break
		}
		say("calls %d %d", v.wakes.Load(), time.Since(began).Milliseconds())
		v.healthy.Store(true)
	}
	t := time.Now()
	if err := v.eng.Close(ctx); err != nil {
		return err
	}
	say("closed %d", time.Since(t).Milliseconds())
	return nil
}

// clear is the life after the storm: the downstream answers, and everything ends.
func (v *victim) clear(ctx context.Context, n int) error {
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

// lingering has an effect and takes a while, so that a drain finds it at work.
func (v *victim) lingering(ctx context.Context, _ struct{}) (int, error) {
	t := pawl.TaskFrom(ctx)
	if err := v.log.Add(crashtest.Effect{Execution: t.Execution, Step: t.Step, Attempt: t.Attempt, Key: t.Key}); err != nil {
		return 0, err
	}
	return 1, pause(ctx, 100*time.Millisecond)
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
