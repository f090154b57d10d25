package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/internal/shard"
)

// Pause stops the execution id from starting anything and from firing timers. Results and signals are recorded.
func (e *Engine) Pause(ctx context.Context, id string, opts ...CommandOption) error {
	return e.command(ctx, id, shard.Pause, opts, nil)
}
