package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type scheduleResumeCmd struct {
	scheduleArgs
	Why string `help:"Reason, kept in the journal." placeholder:"TEXT"`
}

// Run lets a paused schedule go on.
func (c *scheduleResumeCmd) Run(ctx context.Context, e *env) error {
	return c.on(ctx, e, func(s pawl.Schedules) error {
		if err := s.Resume(ctx, c.Workflow, c.Name, pawl.Why(c.Why)); err != nil {
			return err
		}
		e.say("The schedule %s goes on.", c.title())
		return nil
	})
}
