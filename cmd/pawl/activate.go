package main

import "context"

type activateCmd struct {
	storeFlags
	Workflow string `arg:"" help:"Name of the workflow."`
	Version  string `arg:"" help:"The version that starts use from now on."`
}

// Run moves the active version, up or down.
func (c *activateCmd) Run(ctx context.Context, e *env) error {
	eng, err := c.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	if err := eng.Activate(ctx, c.Workflow, c.Version); err != nil {
		return err
	}
	e.say("Starts of %s use %s. What is open stays on its version.", c.Workflow, c.Version)
	return nil
}
