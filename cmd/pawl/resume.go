package main

import (
	"context"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
)

type resumeCmd struct {
	storeFlags
	workFlags
	followFlags
	ID    string `arg:"" optional:"" help:"Id of the execution, the beginning of it, or its key; without one, all open executions go on."`
	Shift bool   `help:"Move the timers of a paused execution by the length of the pause, instead of firing those that came due in it."`
	Plan  bool   `help:"With an id: change nothing and follow nothing; show what would begin, and which effects would repeat."`
	All   bool   `help:"Without an id: also let paused and parked executions go on."`
}

// Run opens the store, which by itself lets every open execution go on, and follows one or all of them.
func (c *resumeCmd) Run(ctx context.Context, e *env) error {
	answers, err := newAnswers(e, c.Answer)
	if err != nil {
		return err
	}
	if c.Plan {
		return c.plan(ctx, e)
	}
	if err := c.prepare(inspecting); err != nil {
		return err
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	eng, err := c.open(ctx, e, working, c.workFlags)
	if err != nil {
		return err
	}
	defer c.close(eng, e)
	ctx, cancel := c.patient(ctx)
	defer cancel()
	if c.ID == "" {
		return c.everything(ctx, eng, e, answers)
	}
	id, err := find(ctx, eng, c.ID)
	if err != nil {
		return err
	}
	return c.one(ctx, eng, e, id, answers)
}

// plan shows what un-pausing an execution would do.
func (c *resumeCmd) plan(ctx context.Context, e *env) error {
	if c.ID == "" {
		return usage("--plan is about one execution: name it")
	}
	return eachID(ctx, e, &c.storeFlags, []string{c.ID}, func(eng *pawl.Engine, id string) error {
		var opts []pawl.CommandOption
		if c.Shift {
			opts = append(opts, pawl.Shift())
		}
		p := planFlags{Plan: true, Output: c.Output}
		_, err := p.planned(e, func(opts ...pawl.CommandOption) error { return eng.Resume(ctx, id, opts...) }, opts...)
		return err
	})
}

// one un-pauses an execution and follows it.
func (c *resumeCmd) one(ctx context.Context, eng *pawl.Engine, e *env, id string, a *answers) error {
	x, err := eng.Get(ctx, id)
	if err != nil {
		return err
	}
	if x.Status == model.Paused || x.Status == model.Parked {
		var opts []pawl.CommandOption
		if c.Shift {
			opts = append(opts, pawl.Shift())
		}
		if err := eng.Resume(ctx, id, opts...); err != nil {
			return err
		}
	}
	run, err := eng.Run(id)
	if err != nil {
		return err
	}
	f := newFollower(e, eng, run, x.Workflow+" "+x.Version, a, &c.followFlags)
	f.brief = c.ID == ""
	return f.follow(ctx)
}

// everything follows the open executions one after the other; all of them go on meanwhile. One that sleeps for long is
// left asleep. The worst exit code of them is that of the program.
func (c *resumeCmd) everything(ctx context.Context, eng *pawl.Engine, e *env, a *answers) error {
	open, err := allOpen(ctx, eng)
	if err != nil {
		return err
	}
	if len(open) == 0 {
		e.say("No open executions.")
		return nil
	}
	e.say("%s to go on with.", count(len(open), "open execution"))
	var worst error
	for _, x := range open {
		held := x.Status == model.Paused || x.Status == model.Parked
		if held && !c.All {
			e.say("%s is %s; go on with: pawl resume %s", x.ID, x.Status, x.ID)
			continue
		}
		err := c.one(ctx, eng, e, x.ID, a)
		if ctx.Err() != nil {
			return err
		}
		if exitCode(err) > exitCode(worst) {
			worst = err
		}
	}
	return worst
}

// allOpen lists open executions, oldest first.
func allOpen(ctx context.Context, eng *pawl.Engine) ([]pawl.Execution, error) {
	f := pawl.Filter{Statuses: openStatuses, Limit: 1000}
	var all []pawl.Execution
	for {
		page, err := eng.List(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Executions...)
		if page.Next == "" {
			break
		}
		f.Cursor = page.Next
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all, nil
}
