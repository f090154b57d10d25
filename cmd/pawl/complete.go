package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type completeCmd struct {
	storeFlags
	operatorFlags
	Step    string `arg:"" help:"Path of the step."`
	Outcome string `arg:"" optional:"" help:"Word that its node declares; left out, success."`
	Data    string `short:"d" help:"Its output: JSON, or @FILE. Text that is no JSON is taken as text." placeholder:"JSON"`
}

// Run ends a step with an outcome and output given by hand.
func (c *completeCmd) Run(ctx context.Context, e *env) error {
	data, err := signalData(e, c.Data)
	if err != nil {
		return err
	}
	return c.operate(ctx, e, &c.storeFlags, c.Step+" is completed", func(eng *pawl.Engine, id string, opts ...pawl.CommandOption) error {
		return eng.Complete(ctx, id, c.Step, c.Outcome, data, opts...)
	})
}
