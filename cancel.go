package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/internal/shard"
)

// Cancel asks the execution id to end: what is live is cancelled, what has succeeded is undone where the definition
// says how, and it closes as cancelled. Cancel returns when that is recorded, not when it is done.
func (e *Engine) Cancel(ctx context.Context, id string, opts ...CommandOption) error {
	return e.command(ctx, id, shard.Cancel, opts, nil)
}
