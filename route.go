package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/internal/kernel"
)

// Route takes the edge to the node to (or to stop or fail) for a step that has ended and whose edges could not be
// decided: a condition that could not be evaluated, an outcome without an edge.
func (e *Engine) Route(ctx context.Context, id, step, to string, opts ...CommandOption) error {
	return e.operate(ctx, id, kernel.Input{Kind: kernel.InRoute, Step: step, To: to}, opts)
}
