package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type retryCmd struct {
	storeFlags
	operatorFlags
	Step string `arg:"" optional:"" help:"Path of the failed step; left out, the one at which the execution is parked."`
}

// Run lets a failed step run again.
func (c *retryCmd) Run(ctx context.Context, e *env) error {
	what := c.Step
	if what == "" {
		what = "The failed step"
	}
	return c.operate(ctx, e, &c.storeFlags, what+" runs again", func(eng *pawl.Engine, id string, opts ...pawl.CommandOption) error {
		return eng.Retry(ctx, id, c.Step, opts...)
	})
}
