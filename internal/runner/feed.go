package runner

import "context"

// Cancel says that an attempt is to stop.
type Cancel struct {
	Token Token
	// Lost: the attempt is not outstanding any more, and its result counts for nothing.
	Lost bool
}

// Feed is a [Source] that can say at once which attempts are to stop, without waiting for the next beat.
type Feed interface {
	// Cancelled blocks until there is something to stop or ctx ends. Tokens that the runner does not hold are
	// ignored, and naming one twice is harmless.
	Cancelled(ctx context.Context) ([]Cancel, error)
}
