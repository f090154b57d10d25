package pawl

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/store/offload"
)

const (
	firstSweep = 10 * time.Minute
	sweepEvery = 6 * time.Hour
)

// sweepBlobs removes from time to time what large payloads have left behind of executions that never came to be. Of
// several members the one does it that owns the first shard.
func (e *Engine) sweepBlobs(ctx context.Context) {
	for wait := firstSweep; ; wait = sweepEvery {
		if rest(ctx, wait+rand.N(wait/2)) != nil {
			return
		}
		if !slices.Contains(e.loop.Owned(), 0) {
			continue
		}
		done, err := offload.Sweep(ctx, e.backend, time.Now().Add(-offload.OrphanAge))
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			e.opts.Logger.Warn("large payloads that belong to nothing could not all be removed; that is tried again later", "error", err.Error())
		case done.Dropped > 0:
			e.opts.Logger.Info("removed large payloads of executions that never came to be", "executions", done.Dropped)
		}
	}
}
