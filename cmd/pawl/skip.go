package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type skipCmd struct {
	storeFlags
	operatorFlags
	Step string `arg:"" help:"Path of the step."`
}

// Run ends a step skipped.
func (c *skipCmd) Run(ctx context.Context, e *env) error {
	return c.operate(ctx, e, &c.storeFlags, c.Step+" is skipped", func(eng *pawl.Engine, id string, opts ...pawl.CommandOption) error {
		return eng.Skip(ctx, id, c.Step, opts...)
	})
}
