package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
)

type runCmd struct {
	storeFlags
	workFlags
	followFlags
	File       string        `arg:"" help:"Definition file, - for stdin."`
	Input      []string      `short:"i" sep:"none" help:"Input: @FILE, JSON, or key=value; repeatable." placeholder:"INPUT"`
	Key        string        `short:"k" help:"Name of the execution; the same key and input again give the same execution." placeholder:"KEY"`
	OnExisting string        `help:"What to do where the key is taken: return its execution, reject, start a new one if that has ended, or replace it." enum:"return,reject,new,replace" default:"return"`
	Workflow   string        `short:"w" help:"Which workflow of the file to start; the last one." placeholder:"NAME"`
	Delay      time.Duration `help:"Hold the first step back." placeholder:"DURATION"`
	Detach     bool          `help:"Leave as soon as nothing is left but waiting, printing the id."`
}

// Run deploys the file, starts an execution and follows it.
func (c *runCmd) Run(ctx context.Context, e *env) error {
	if c.Key == "" && c.OnExisting != "return" {
		return usage("--on-existing needs a --key")
	}
	text, err := readFile(e, c.File)
	if err != nil {
		return err
	}
	input, err := readInput(e, c.Input)
	if err != nil {
		return err
	}
	answers, err := newAnswers(e, c.Answer)
	if err != nil {
		return err
	}
	src := pawl.Text(c.File, text)
	if _, faults, err := check(e, src, c.workFlags); err != nil {
		return err
	} else if faults.Bad() {
		e.faults(faults)
		return quiet(exitFailed)
	}
	ctx, stop := interruptible(ctx)
	defer stop()
	eng, err := c.open(ctx, e, working, c.workFlags)
	if err != nil {
		return err
	}
	defer c.close(eng, e)
	run, title, err := c.start(ctx, eng, e, src, input)
	if err != nil {
		return err
	}
	f := newFollower(e, eng, run, title, answers, &c.followFlags)
	f.detach = c.Detach
	ctx, cancel := c.patient(ctx)
	defer cancel()
	return f.follow(ctx)
}

// start deploys and starts.
func (c *runCmd) start(ctx context.Context, eng *pawl.Engine, e *env, src pawl.Source, input json.RawMessage) (*pawl.Run, string, error) {
	d, err := eng.Deploy(ctx, src, pawl.Unscheduled())
	if err != nil {
		return nil, "", err
	}
	e.faults(d.Warnings)
	v := d.Versions[len(d.Versions)-1]
	if c.Workflow != "" {
		if v, err = pick(d.Versions, c.Workflow); err != nil {
			return nil, "", err
		}
	}
	opts := []pawl.StartOption{pawl.Version(v.Version)}
	if c.Key != "" {
		opts = append(opts, pawl.Key(c.Key), pawl.OnExisting(existing[c.OnExisting]))
	}
	if c.Delay > 0 {
		opts = append(opts, pawl.Delay(c.Delay))
	}
	run, err := eng.Start(ctx, v.Workflow, input, opts...)
	if err != nil {
		return nil, "", err
	}
	if run.Existing() {
		e.say("The key %s belongs to the execution %s already.", c.Key, run.ID())
	}
	return run, v.Workflow + " " + v.Version, nil
}

// existing are the words of --on-existing.
var existing = map[string]pawl.Existing{
	"return": pawl.ReturnExisting, "reject": pawl.RejectExisting, "new": pawl.NewUnlessOpen, "replace": pawl.ReplaceOpen,
}

func pick(versions []pawl.DeployedVersion, name string) (pawl.DeployedVersion, error) {
	var names []string
	for _, v := range versions {
		if v.Workflow == name {
			return v, nil
		}
		names = append(names, v.Workflow)
	}
	return pawl.DeployedVersion{}, notFound("the file has no workflow %s; it has %s", name, strings.Join(names, ", "))
}

// close drains the engine. Its own time bounds it, since the caller's context may be over.
func (w *workFlags) close(eng *pawl.Engine, e *env) {
	ctx, cancel := context.WithTimeout(context.Background(), w.Grace+30*time.Second)
	defer cancel()
	if err := eng.Close(ctx); err != nil {
		fmt.Fprintf(e.err, "pawl: closing: %v\n", err)
	}
}
