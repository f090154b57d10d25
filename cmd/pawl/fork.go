package main

import (
	"context"
	"fmt"

	"github.com/pawl-dev/pawl"
)

type forkCmd struct {
	storeFlags
	operatorFlags
	From []string `help:"Path of a step to run again, with all that came after it; repeatable." placeholder:"STEP"`
	At   uint64   `help:"Begin as it was after that entry of the journal." placeholder:"N"`
	versionFlags
}

// Run starts an execution with the state of another.
func (c *forkCmd) Run(ctx context.Context, e *env) error {
	return c.begin(ctx, e, &c.storeFlags, (*pawl.Engine).Fork, &c.versionFlags, pawl.From(c.From...), pawl.AtSeq(c.At))
}

type rerunCmd struct {
	storeFlags
	operatorFlags
	From []string `help:"Path of a step to run again, with all that came after it; repeatable. Left out: the steps that failed." placeholder:"STEP"`
	versionFlags
}

// versionFlags let a fork go on with another version.
type versionFlags struct {
	Version string            `help:"Go on with that version: a definition file, which is deployed without starts using it, or a version that is deployed." placeholder:"FILE"`
	Renamed map[string]string `name:"map" help:"With --version: a node that is called otherwise there; repeatable." placeholder:"OLD=NEW"`
}

// Run starts a closed execution again.
func (c *rerunCmd) Run(ctx context.Context, e *env) error {
	return c.begin(ctx, e, &c.storeFlags, (*pawl.Engine).Rerun, &c.versionFlags, pawl.From(c.From...))
}

// begin starts a fork and prints its id, or its plan. It executes nothing: pawl resume goes on.
func (c *operatorFlags) begin(ctx context.Context, e *env, s *storeFlags, verb func(*pawl.Engine, context.Context, string, ...pawl.ForkOption) (*pawl.Run, error), v *versionFlags, opts ...pawl.ForkOption) error {
	eng, id, err := s.lookUp(ctx, e, c.ID)
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	opts = append(opts, pawl.Why(c.Why))
	if v.Version != "" {
		version, err := versionIn(ctx, eng, id, v.Version)
		if err != nil {
			return err
		}
		opts = append(opts, pawl.Version(version), pawl.Rename(v.Renamed))
	}
	var p pawl.Preview
	if c.Plan {
		opts = append(opts, pawl.Plan(&p))
	}
	run, err := verb(eng, ctx, id, opts...)
	switch {
	case err != nil:
		return e.obstacles(err, v.Version)
	case c.Plan:
		return e.obstacles(e.showPlan(&p, c.Output), v.Version)
	}
	fmt.Fprintln(e.out, run.ID())
	e.say("It goes on as %s. Run it with: pawl resume %s", run.ID(), run.ID())
	return nil
}
