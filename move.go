package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/internal/kernel"
)

// Move cancels the step from and begins the node to, an id in the same scope or a path such as each[17]/charge, whatever
// its join waits for; what was behind that node is taken back. With an empty from nothing is cancelled. See [IfAt].
func (e *Engine) Move(ctx context.Context, id, from, to string, opts ...CommandOption) error {
	return e.operate(ctx, id, kernel.Input{Kind: kernel.InMove, Step: from, To: to}, opts)
}
