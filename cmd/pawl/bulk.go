package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
)

type bulkCmd struct {
	storeFlags
	selection
	Verb   string `arg:"" help:"retry, skip, fail, move, rerun, cancel, terminate, pause or resume." enum:"retry,skip,fail,move,rerun,cancel,terminate,pause,resume"`
	Step   string `help:"Path of the step that the verb is about; for move, the node to begin at." placeholder:"STEP"`
	Why    string `help:"Reason, kept in each journal." placeholder:"TEXT"`
	Plan   bool   `help:"Change nothing; count what would be done, refused and repeated."`
	ID     string `name:"id" help:"Name of the bulk: a repeat with the same one does nothing twice." placeholder:"ID"`
	Canary int    `help:"Do so many and stop; the same command with the --id that it tells, without --canary, does the rest." placeholder:"N"`
	Stop   int    `name:"stop-after" help:"Stop when so many were refused." placeholder:"N"`
	Output format `short:"o" help:"table, json or yaml." enum:"table,json,yaml" default:"table"`
}

// Run does the verb to all that are selected. It executes nothing: pawl resume goes on.
func (c *bulkCmd) Run(ctx context.Context, e *env) error {
	f, err := c.filter()
	if err != nil {
		return err
	}
	if c.Workflow == "" && len(c.Status) == 0 && len(c.Tag) == 0 && c.Outcome == "" && c.Key == "" {
		return usage("a bulk needs a filter: --workflow, --status, --outcome, --key or --tag")
	}
	if c.Step == "" && (c.Verb == "skip" || c.Verb == "move") {
		return usage("bulk %s needs --step", c.Verb)
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	eng, err := c.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(context.WithoutCancel(ctx))
	foreseen := &bulkPlan{}
	b, err := eng.Bulk(ctx, pawl.BulkSpec{ID: c.ID, Filter: f, Canary: c.Canary, StopAfter: c.Stop, Do: func(ctx context.Context, id string, opts ...pawl.CommandOption) error {
		opts = append(opts, pawl.Why(c.Why))
		if !c.Plan {
			return c.do(ctx, eng, id, opts)
		}
		var p pawl.Preview
		if err := c.do(ctx, eng, id, append(opts, pawl.Plan(&p))); err != nil {
			return err
		}
		return foreseen.add(&p)
	}})
	if err != nil {
		return err
	}
	p, err := b.Wait(ctx)
	b.Stop()
	if err != nil {
		return err
	}
	return c.report(e, &p, foreseen)
}

func (c *bulkCmd) do(ctx context.Context, eng *pawl.Engine, id string, opts []pawl.CommandOption) error {
	switch c.Verb {
	case "retry":
		return eng.Retry(ctx, id, c.Step, opts...)
	case "skip":
		return eng.Skip(ctx, id, c.Step, opts...)
	case "fail":
		return eng.Fail(ctx, id, c.Step, c.Why, opts...)
	case "move":
		return eng.Move(ctx, id, "", c.Step, opts...)
	case "rerun":
		if c.Step != "" {
			opts = append(opts, pawl.From(c.Step))
		}
		_, err := eng.Rerun(ctx, id, opts...)
		return err
	}
	if c.Plan {
		return nil
	}
	verbs := map[string]func(context.Context, string, ...pawl.CommandOption) error{
		"cancel": eng.Cancel, "terminate": eng.Terminate, "pause": eng.Pause, "resume": eng.Resume,
	}
	return verbs[c.Verb](ctx, id, opts...)
}

// bulkPlan adds up what a bulk would do.
type bulkPlan struct{ kept, again, cancelled, repeats int }

func (b *bulkPlan) add(p *pawl.Preview) error {
	if p.Refused != nil {
		return &pawl.Error{Code: p.Refused.Code, Message: p.Refused.Message}
	}
	b.kept += len(p.Kept)
	b.again += len(p.Again)
	b.cancelled += len(p.Cancelled)
	b.repeats += len(p.Repeats)
	return nil
}

func (c *bulkCmd) report(e *env, p *pawl.BulkProgress, plan *bulkPlan) error {
	if c.Output != asTable {
		return e.print(c.Output, &listing{single: true, values: []any{p}})
	}
	done := "done"
	if c.Plan {
		done = "would be done"
	}
	fmt.Fprintf(e.out, "%d found, %d %s, %d refused\n", p.Found, p.Done, done, p.Refused)
	for _, code := range sortedKeys(p.Codes) {
		i := slices.IndexFunc(p.Refusals, func(r pawl.BulkRefusal) bool { return r.Code == code })
		example := ""
		if i >= 0 {
			example = strings.TrimPrefix(p.Refusals[i].Message, code+": ")
		}
		fmt.Fprintf(e.out, "%d %s: %s\n", p.Codes[code], code, oneLine(example))
	}
	if c.Plan {
		fmt.Fprintf(e.out, "%d steps kept, %d run again, %d cancelled, %d effects repeated\n", plan.kept, plan.again, plan.cancelled, plan.repeats)
		return nil
	}
	switch p.State {
	case pawl.BulkPaused:
		e.say("Stopped after the canary. Do the rest with the same command, --id %s, and without --canary.", p.ID)
	case pawl.BulkStopped:
		e.say("Stopped: %s. Go on with the same command and --id %s.", p.Error, p.ID)
		return quiet(exitFailed)
	}
	return nil
}
