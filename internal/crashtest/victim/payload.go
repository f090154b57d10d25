package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"

	pawl "github.com/pawl-dev/pawl"
)

const payloadText = `
workflow: payload
version: 1.0.0
input: {text: string}
nodes:
  - hold: {signal: go}
  - done: {end: {output: "${ len(input.text) }"}}
`

// The sizes of the inputs of the storm: more than is taken, what is kept apart, and about the most that is not.
const (
	hugeBytes    = 17_900_000
	largeBytes   = 1_900_000
	payloadBytes = 250_000
)

// flood starts executions with inputs that are too large, a tenth of n, then n with some that are kept apart, and n with
// some that are not, many at a time. What the engine refuses because its memory is used up is counted and not repeated; it
// says ready, and at SIGHUP it wants more than there is.
func (v *victim) flood(ctx context.Context, n, clients int) error {
	huge := map[string]string{"text": strings.Repeat("x", hugeBytes)}
	if err := each(max(n/10, 1), clients, func(int) error {
		if _, err := v.eng.Start(ctx, "payload", huge); pawl.Code(err) != pawl.CodePayload {
			return fmt.Errorf("an input of %d bytes: %w", hugeBytes, err)
		}
		return nil
	}); err != nil {
		return err
	}
	say("huge")
	large, err := v.storm(ctx, n, clients, largeBytes, "l")
	if err != nil {
		return err
	}
	say("large %d", large)
	refused, err := v.storm(ctx, n, clients, payloadBytes, "p")
	if err != nil {
		return err
	}
	usr := make(chan os.Signal, 1)
	signal.Notify(usr, syscall.SIGHUP)
	say("ready %d", refused)
	<-usr
	return v.glutton()
}

// storm starts n executions with inputs of a size, and counts those that are refused.
func (v *victim) storm(ctx context.Context, n, clients, size int, prefix string) (int64, error) {
	text := map[string]string{"text": strings.Repeat("x", size)}
	var refused atomic.Int64
	err := each(n, clients, func(i int) error {
		key := fmt.Sprint(prefix, i)
		run, err := v.eng.Start(ctx, "payload", text, pawl.Key(key))
		for pawl.Code(err) == pawl.CodeUnavailable { // the disk is slow, and nobody knows yet
			run, err = v.eng.Start(ctx, "payload", text, pawl.Key(key))
		}
		switch {
		case pawl.Code(err) == pawl.CodeOverloaded:
			refused.Add(1)
		case err != nil:
			return err
		default:
			say("start %s %s", key, run.ID())
		}
		return nil
	})
	return refused.Load(), err
}

// glutton takes memory, and touches it, until that kills it. It does not take all that a machine has.
func (v *victim) glutton() error {
	var all [][]byte
	for range 4096 {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		all = append(all, b)
	}
	return fmt.Errorf("sated with %d MB", len(all))
}

// collect signals the executions that the flood has started and looks at their results.
func (v *victim) collect(ctx context.Context, ids []string) error {
	for _, id := range ids {
		run, err := v.eng.Run(id)
		if err != nil {
			return err
		}
		if err := run.Signal(ctx, "go", nil, pawl.RequestID("go")); err != nil {
			return fmt.Errorf("signal %s: %w", id, err)
		}
		n, err := pawl.Result[int](ctx, run)
		if err != nil || n != payloadBytes && n != largeBytes {
			return fmt.Errorf("%s gave %d: %w", id, n, err)
		}
		say("whole %s", id)
	}
	return nil
}
