package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type schedulePauseCmd struct {
	scheduleArgs
	Why string `help:"Reason, kept in the journal." placeholder:"TEXT"`
}

// Run pauses a schedule.
func (c *schedulePauseCmd) Run(ctx context.Context, e *env) error {
	return c.on(ctx, e, func(s pawl.Schedules) error {
		if err := s.Pause(ctx, c.Workflow, c.Name, pawl.Why(c.Why)); err != nil {
			return err
		}
		e.say("The schedule %s is paused; its times are skipped. Go on with: pawl schedule resume %s", c.title(), c.title())
		return nil
	})
}
