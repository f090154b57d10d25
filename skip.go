package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/internal/kernel"
)

// Skip ends a step that is live, or that failed and keeps its execution parked: it ends skipped, with the outcome success
// and no output, and the flow goes on.
func (e *Engine) Skip(ctx context.Context, id, step string, opts ...CommandOption) error {
	return e.operate(ctx, id, kernel.Input{Kind: kernel.InSkip, Step: step}, opts)
}
