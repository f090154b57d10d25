package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type scheduleRunCmd struct {
	scheduleArgs
	Why string `help:"Reason, kept in the journal." placeholder:"TEXT"`
}

// Run starts an execution now. It executes nothing: pawl resume goes on.
func (c *scheduleRunCmd) Run(ctx context.Context, e *env) error {
	return c.on(ctx, e, func(s pawl.Schedules) error {
		if err := s.Run(ctx, c.Workflow, c.Name, pawl.Why(c.Why)); err != nil {
			return err
		}
		e.say("The schedule %s starts an execution. Go on with: pawl resume", c.title())
		return nil
	})
}
