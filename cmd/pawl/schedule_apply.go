package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type scheduleApplyCmd struct {
	storeFlags
	File string `arg:"" help:"Definition file." type:"path"`
}

// Run deploys a file with its schedules. It executes nothing: pawl resume does, while it runs.
func (c *scheduleApplyCmd) Run(ctx context.Context, e *env) error {
	eng, err := c.open(ctx, e, creating, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	d, err := eng.Deploy(ctx, pawl.File(c.File))
	if err != nil {
		return err
	}
	e.faults(d.Warnings)
	for _, v := range d.Versions {
		all, err := eng.Schedules().List(ctx, v.Workflow)
		if err != nil {
			return err
		}
		n := 0
		for _, s := range all {
			if s.Status != "retired" {
				n++
			}
		}
		e.say("%s %s is deployed, with %d schedules.", v.Workflow, v.Version, n)
	}
	return nil
}
