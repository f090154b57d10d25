package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type bulkStopCmd struct{ bulkArgs }

// Run ends a bulk.
func (c *bulkStopCmd) Run(ctx context.Context, e *env) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	eng, err := c.open(ctx, e, bulking, workFlags{}) // a page at hand is brought to an end
	if err != nil {
		return err
	}
	defer eng.Close(context.WithoutCancel(ctx))
	if err := eng.Bulks().Stop(ctx, c.ID, pawl.Why(c.Why)); err != nil {
		return err
	}
	return e.follow(ctx, eng.Bulks(), c.ID, asTable)
}
