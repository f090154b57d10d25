package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type bulkResumeCmd struct {
	bulkArgs
	Output format `short:"o" help:"table, json or yaml." enum:"table,json,yaml" default:"table"`
}

// Run carries a bulk on until it is paused again or over.
func (c *bulkResumeCmd) Run(ctx context.Context, e *env) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	eng, err := c.open(ctx, e, bulking, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(context.WithoutCancel(ctx))
	err = eng.Bulks().Resume(ctx, c.ID, pawl.Why(c.Why))
	if err != nil && pawl.Code(err) != pawl.CodeNotPaused {
		return err
	}
	return e.follow(ctx, eng.Bulks(), c.ID, c.Output)
}
