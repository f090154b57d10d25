package main

import (
	"context"

	"github.com/pawl-dev/pawl/model"
)

type rejectCmd struct{ decideFlags }

// Run rejects. It executes nothing: pawl resume goes on.
func (c *rejectCmd) Run(ctx context.Context, e *env) error { return c.decide(ctx, e, model.Rejected) }
