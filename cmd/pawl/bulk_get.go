package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type bulkGetCmd struct {
	storeFlags
	ID     string `arg:"" help:"Name of the bulk."`
	Output format `short:"o" help:"table, json or yaml." enum:"table,json,yaml" default:"table"`
}

// Run shows a bulk.
func (c *bulkGetCmd) Run(ctx context.Context, e *env) error {
	a := bulkArgs{storeFlags: c.storeFlags, ID: c.ID}
	return a.on(ctx, e, func(b pawl.Bulks) error {
		p, err := b.Get(ctx, c.ID)
		if err != nil {
			return err
		}
		return e.showBulk(p, c.Output)
	})
}
