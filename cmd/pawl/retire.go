package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type retireCmd struct {
	storeFlags
	Workflow string `arg:"" help:"Name of the workflow."`
	Version  string `arg:"" help:"The version that takes no more starts."`
	Undo     bool   `help:"Let it take starts again."`
	Force    string `help:"Retire it although another workflow is left without a version, for this reason." placeholder:"REASON"`
}

// Run stops starts of a version, or allows them again.
func (c *retireCmd) Run(ctx context.Context, e *env) error {
	if c.Undo && c.Force != "" {
		return usage("--undo needs no --force")
	}
	eng, err := c.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	if c.Undo {
		if err := eng.Unretire(ctx, c.Workflow, c.Version); err != nil {
			return err
		}
		e.say("%s %s takes starts again.", c.Workflow, c.Version)
		return nil
	}
	var opts []pawl.RetireOption
	if c.Force != "" {
		opts = append(opts, pawl.Force(c.Force))
	}
	if err := eng.Retire(ctx, c.Workflow, c.Version, opts...); err != nil {
		return err
	}
	e.say("%s %s takes no more starts. What is open goes on.", c.Workflow, c.Version)
	return nil
}
