package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/internal/shard"
)

// Terminate ends the execution id at once: nothing is undone and nothing runs finally.
func (e *Engine) Terminate(ctx context.Context, id string, opts ...CommandOption) error {
	return e.command(ctx, id, shard.Terminate, opts, nil)
}
