package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/shard"
)

// Resume lets a paused execution go on, firing what is overdue in the order of its due times (with [Shift], the timers
// move instead), and lets a parked one try again. An execution that is neither answers not_paused.
func (e *Engine) Resume(ctx context.Context, id string, opts ...CommandOption) error {
	return e.command(ctx, id, shard.Resume, opts, func(c *engine.Command, o *commandOptions) { c.Shift = o.shift })
}
