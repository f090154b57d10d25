package main

import (
	"context"
	"fmt"

	"github.com/pawl-dev/pawl"
)

type scheduleNextCmd struct {
	scheduleArgs
	Count int `short:"n" help:"So many." default:"10"`
}

// Run shows what comes.
func (c *scheduleNextCmd) Run(ctx context.Context, e *env) error {
	return c.on(ctx, e, func(s pawl.Schedules) error {
		one, err := s.Get(ctx, c.Workflow, c.Name)
		if err != nil {
			return err
		}
		times, err := s.Next(ctx, c.Workflow, c.Name, c.Count)
		if err != nil {
			return err
		}
		for _, t := range times {
			fmt.Fprintln(e.out, t.Format("Mon 2006-01-02 15:04:05 -07:00"))
		}
		e.say("Zone %s: %s.", one.Zone, one.Policy)
		return nil
	})
}
