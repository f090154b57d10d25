package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/internal/kernel"
)

// Retry runs the failed step of an open execution again, as a new step, and takes back what came after it: its edges
// and those of every step reachable from it are undecided again, what lives there is cancelled. Without a step it is the
// one at which the execution is parked.
func (e *Engine) Retry(ctx context.Context, id, step string, opts ...CommandOption) error {
	return e.operate(ctx, id, kernel.Input{Kind: kernel.InRetry, Step: step}, opts)
}
