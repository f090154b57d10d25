package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	pawl "github.com/pawl-dev/pawl"
)

// listen says up when the process can be asked to stop: one that still opens its store then stops afterwards.
func listen() <-chan os.Signal {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	say("up")
	return stop
}

// member works beside others on one store until it is asked to stop. What a stop or a loss of ownership interrupts is
// no fault: others go on with it.
func (v *victim) member(ctx context.Context, from, grow int) error {
	over := make(chan error, 1)
	go func() { over <- v.work(ctx, from, grow) }()
	select {
	case err := <-over:
		if err != nil && pawl.Code(err) != pawl.CodeStopping {
			return err
		}
		say("idle")
		<-v.stop
	case <-v.stop:
		// Close answers those who wait with stopping; they end with the process.
	}
	if err := v.eng.Err(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
