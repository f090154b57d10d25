package main

import (
	"context"
	"time"

	"github.com/pawl-dev/pawl"
)

type scheduleBackfillCmd struct {
	scheduleArgs
	From  time.Time `required:"" help:"First moment, such as 2026-11-01T00:00:00Z." format:"2006-01-02T15:04:05Z07:00"`
	To    time.Time `required:"" help:"The moment behind the last." format:"2006-01-02T15:04:05Z07:00"`
	Limit int       `short:"n" help:"Start nothing where there are more than so many." default:"100"`
	Why   string    `help:"Reason, kept in the journal." placeholder:"TEXT"`
}

// Run starts what would have been started in a span of the past.
func (c *scheduleBackfillCmd) Run(ctx context.Context, e *env) error {
	return c.on(ctx, e, func(s pawl.Schedules) error {
		if err := s.Backfill(ctx, c.Workflow, c.Name, c.From, c.To, c.Limit, pawl.Why(c.Why)); err != nil {
			return err
		}
		e.say("The schedule %s makes up for that span, one execution after the other. Go on with: pawl resume", c.title())
		return nil
	})
}
