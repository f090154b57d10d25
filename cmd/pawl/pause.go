package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type pauseCmd struct {
	storeFlags
	IDs []string `arg:"" name:"id" help:"Ids of executions, the beginnings of them, or keys."`
	Why string   `help:"Reason, kept in the journal." placeholder:"TEXT"`
	planFlags
}

// Run pauses executions.
func (c *pauseCmd) Run(ctx context.Context, e *env) error {
	return eachID(ctx, e, &c.storeFlags, c.IDs, func(eng *pawl.Engine, id string) error {
		do := func(opts ...pawl.CommandOption) error { return eng.Pause(ctx, id, opts...) }
		if planned, err := c.planned(e, do, pawl.Why(c.Why)); planned || err != nil {
			return err
		}
		e.say("%s is paused. Go on with: pawl resume %s", id, id)
		return nil
	})
}
