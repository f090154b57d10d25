package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type moveCmd struct {
	storeFlags
	operatorFlags
	To   string `arg:"" help:"Node to begin at: an id in the scope of --from, or a path such as each[17]/charge."`
	From string `help:"Path of the step to cancel." placeholder:"STEP"`
	IfAt string `name:"if-at" help:"Only if that step is live or waits for an operator." placeholder:"STEP"`
}

// Run moves the token of an execution.
func (c *moveCmd) Run(ctx context.Context, e *env) error {
	return c.operate(ctx, e, &c.storeFlags, "It goes on at "+c.To, func(eng *pawl.Engine, id string, opts ...pawl.CommandOption) error {
		return eng.Move(ctx, id, c.From, c.To, append(opts, pawl.IfAt(c.IfAt))...)
	})
}
