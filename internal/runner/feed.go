package runner

import "context"

// Feed is a [Source] that can say at once which attempts are to be cancelled, without waiting for the next beat.
type Feed interface {
	// Cancelled blocks until there is something to cancel or ctx ends. Tokens that the runner does not hold are
	// ignored, and naming one twice is harmless.
	Cancelled(ctx context.Context) ([]Token, error)
}
