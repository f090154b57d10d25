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

// payloadBytes is the size of an input of the storm, about the most that is taken; hugeBytes is far too much.
const (
	payloadBytes = 250_000
	hugeBytes    = 1_900_000
)

// flood starts n executions with inputs that are too large, and then n with large ones, many at a time. What the engine
// refuses because its memory is used up is counted and not repeated; it says ready, and at SIGHUP it wants
// more than there is.
func (v *victim) flood(ctx context.Context, n, clients int) error {
	text := map[string]string{"text": strings.Repeat("x", payloadBytes)}
	huge := map[string]string{"text": strings.Repeat("x", hugeBytes)}
	if err := each(n, clients, func(int) error {
		if _, err := v.eng.Start(ctx, "payload", huge); pawl.Code(err) != pawl.CodePayload {
			return fmt.Errorf("an input of %d bytes: %w", hugeBytes, err)
		}
		return nil
	}); err != nil {
		return err
	}
	say("huge")
	var refused atomic.Int64
	err := each(n, clients, func(i int) error {
		key := fmt.Sprint("p", i)
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
	if err != nil {
		return err
	}
	usr := make(chan os.Signal, 1)
	signal.Notify(usr, syscall.SIGHUP)
	say("ready %d", refused.Load())
	<-usr
	return v.glutton()
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
		if err != nil || n != payloadBytes {
			return fmt.Errorf("%s gave %d: %w", id, n, err)
		}
		say("whole %s", id)
	}
	return nil
}
