package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type bulkPauseCmd struct{ bulkArgs }

// Run pauses a bulk.
func (c *bulkPauseCmd) Run(ctx context.Context, e *env) error {
	return c.on(ctx, e, func(b pawl.Bulks) error {
		if err := b.Pause(ctx, c.ID, pawl.Why(c.Why)); err != nil {
			return err
		}
		e.say("The bulk %s is paused. Go on with: pawl bulk resume %s", c.ID, c.ID)
		return nil
	})
}
