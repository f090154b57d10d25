package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

type cancelCmd struct {
	storeFlags
	IDs   []string `arg:"" name:"id" help:"Ids of executions, the beginnings of them, or keys."`
	Force bool     `help:"Terminate: end at once, undo nothing, run nothing finally."`
	Why   string   `help:"Reason, kept in the journal." placeholder:"TEXT"`
	planFlags
}

// Run asks executions to end.
func (c *cancelCmd) Run(ctx context.Context, e *env) error {
	return eachID(ctx, e, &c.storeFlags, c.IDs, func(eng *pawl.Engine, id string) error {
		end, word := eng.Cancel, "cancelled"
		if c.Force {
			end, word = eng.Terminate, "terminated"
		}
		do := func(opts ...pawl.CommandOption) error { return end(ctx, id, opts...) }
		if planned, err := c.planned(e, do, pawl.Why(c.Why)); planned || err != nil {
			return err
		}
		x, err := eng.Get(ctx, id)
		if err != nil {
			return err
		}
		if x.Closed() {
			e.say("%s is %s.", id, word)
			return nil
		}
		e.say("%s will be %s; finish its clean-up with: pawl resume %s", id, word, id)
		return nil
	})
}

// eachID opens the store for inspection and calls do for each id.
func eachID(ctx context.Context, e *env, s *storeFlags, ids []string, do func(*pawl.Engine, string) error) error {
	eng, err := s.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	for _, typed := range ids {
		id, err := find(ctx, eng, typed)
		if err != nil {
			return err
		}
		if err := do(eng, id); err != nil {
			return err
		}
	}
	return nil
}
