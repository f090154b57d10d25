package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type routeCmd struct {
	storeFlags
	operatorFlags
	Step string `arg:"" help:"Path of the step whose edges could not be decided."`
	To   string `arg:"" help:"Node to which the edge to take leads; stop or fail."`
}

// Run chooses the edge of a parked choice.
func (c *routeCmd) Run(ctx context.Context, e *env) error {
	return c.operate(ctx, e, &c.storeFlags, c.Step+" goes on to "+c.To, func(eng *pawl.Engine, id string, opts ...pawl.CommandOption) error {
		return eng.Route(ctx, id, c.Step, c.To, opts...)
	})
}
