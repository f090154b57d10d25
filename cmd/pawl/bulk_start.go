package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pawl-dev/pawl"
)

type bulkStartCmd struct {
	storeFlags
	selection
	bulkVerb
	queryArg
	Name   string `name:"id" help:"Name of the bulk: a start with one that is there changes nothing. Drawn if left out." placeholder:"NAME"`
	Why    string `help:"Reason, kept in each journal." placeholder:"TEXT"`
	Plan   bool   `help:"Change nothing; count what would be done, refused, kept, run again and repeated."`
	Sample int    `help:"With --plan: try out so many, the newest; the others are counted only." default:"1000" placeholder:"N"`
	Canary int    `help:"Do so many, then pause." placeholder:"N"`
	Pause  int    `name:"pause-after" help:"Pause each time that so many more were refused." placeholder:"N"`
	Detach bool   `help:"Begin it and leave it to whoever carries it on."`
	Output format `short:"o" help:"table, json or yaml." enum:"table,json,yaml" default:"table"`
}

// bulkVerb is a verb with its arguments.
type bulkVerb struct {
	Verb    string            `arg:"" help:"cancel, terminate, pause, resume, retry, skip, complete, fail, route, move, vars, signal, migrate, rerun or fork." enum:"cancel,terminate,pause,resume,retry,skip,complete,fail,route,move,vars,signal,migrate,rerun,fork"`
	Step    string            `help:"Path of the step that the verb is about; for move the one that is left, for rerun and fork the one to run again, for vars the scope." placeholder:"STEP"`
	To      string            `help:"For move and route: the node to go to." placeholder:"NODE"`
	Word    string            `name:"with-outcome" help:"For complete: the outcome; left out, success." placeholder:"WORD"`
	Data    string            `short:"d" help:"For complete and signal: JSON, or @FILE. Text that is no JSON is taken as text." placeholder:"JSON"`
	Signal  string            `help:"For signal: its name." placeholder:"NAME"`
	Set     []string          `help:"For vars: NAME=JSON or NAME:OP=JSON; repeatable." sep:"none" placeholder:"NAME=JSON"`
	Version string            `help:"For migrate, rerun and fork: the deployed version to go on with." placeholder:"VERSION"`
	Renamed map[string]string `name:"map" help:"With --version: a node that is called otherwise there; repeatable." placeholder:"OLD=NEW"`
	Shift   bool              `help:"For resume: move timers by the length of the pause."`
}

func (v *bulkVerb) verb(e *env, why string) (pawl.BulkVerb, error) {
	out := pawl.BulkVerb{Verb: v.Verb, Step: v.Step, To: v.To, Outcome: v.Word, Signal: v.Signal, Version: v.Version, Rename: v.Renamed, Shift: v.Shift}
	if v.Verb == "fail" {
		out.Message = why
	}
	data, err := signalData(e, v.Data)
	if err != nil {
		return out, err
	}
	if data != nil {
		out.Data = json.RawMessage(data)
	}
	out.Vars, err = changesOf(v.Set)
	return out, err
}

// Run begins a bulk and carries it on until it is paused or over, or says what it would do. Tasks of the executions
// are left to pawl resume.
func (c *bulkStartCmd) Run(ctx context.Context, e *env) error {
	spec, err := c.spec(e)
	if err != nil {
		return err
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	m := bulking
	if c.Plan || c.Detach {
		m = inspecting
	}
	eng, err := c.open(ctx, e, m, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(context.WithoutCancel(ctx))
	if err := c.family(ctx, eng, &spec.Filter); err != nil {
		return err
	}
	if c.Plan {
		p, err := eng.Bulks().Plan(ctx, spec, c.Sample)
		if err != nil {
			return err
		}
		return c.showPlan(e, p)
	}
	p, err := eng.Bulks().Start(ctx, spec, pawl.Why(c.Why))
	switch {
	case err != nil:
		return err
	case c.Detach:
		return e.showBulk(p, c.Output)
	}
	return e.follow(ctx, eng.Bulks(), p.ID, c.Output)
}

func (c *bulkStartCmd) spec(e *env) (s pawl.BulkSpec, err error) {
	if c.none(&c.queryArg) {
		return s, usage("a bulk needs a query or a filter: --workflow, --status, --outcome, --key, --parent or --tag")
	}
	s = pawl.BulkSpec{ID: c.Name, Canary: c.Canary, PauseAfter: c.Pause}
	if s.Filter, err = c.filter(e, &c.queryArg); err != nil {
		return s, err
	}
	s.Do, err = c.verb(e, c.Why)
	return s, err
}

func (c *bulkStartCmd) showPlan(e *env, p *pawl.BulkPlan) error {
	if c.Output != asTable {
		return e.print(c.Output, &listing{single: true, values: []any{p}})
	}
	fmt.Fprintf(e.out, "%d found, %d tried out: %d would be done, %d refused\n", p.Found, p.Sampled, p.Done, p.Refused)
	e.bulkCodes(&p.BulkCounts)
	fmt.Fprintf(e.out, "%d steps kept, %d run again, %d cancelled, %d ended, %d effects repeated\n", p.Kept, p.Again, p.Cancelled, p.Ends, p.Repeats)
	return nil
}
