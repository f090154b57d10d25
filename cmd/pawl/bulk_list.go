package main

import "context"

type bulkListCmd struct {
	storeFlags
	Output format `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
}

// Run lists bulks.
func (c *bulkListCmd) Run(ctx context.Context, e *env) error {
	eng, err := c.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	all, err := eng.Bulks().List(ctx)
	if err != nil {
		return err
	}
	return e.print(c.Output, bulksOf(all))
}
