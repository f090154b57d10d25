package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type failCmd struct {
	storeFlags
	operatorFlags
	Step    string `arg:"" optional:"" help:"Path of the step; left out, the execution as a whole."`
	Message string `short:"m" help:"Message of the error." placeholder:"TEXT"`
}

// Run ends a step, or an execution, in error.
func (c *failCmd) Run(ctx context.Context, e *env) error {
	done := c.Step + " ends in error"
	if c.Step == "" {
		done = "The execution ends in error"
	}
	return c.operate(ctx, e, &c.storeFlags, done, func(eng *pawl.Engine, id string, opts ...pawl.CommandOption) error {
		return eng.Fail(ctx, id, c.Step, c.Message, opts...)
	})
}
