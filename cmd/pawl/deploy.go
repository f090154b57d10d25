package main

import (
	"context"
	"fmt"

	"github.com/pawl-dev/pawl"
)

type deployCmd struct {
	storeFlags
	Files    []string `arg:"" name:"file" help:"Definition files, - for stdin."`
	Inactive bool     `help:"Add the versions without letting starts use them; pawl activate does that later."`
	Force    string   `help:"Deploy a version that takes less input than others rely on, for this reason." placeholder:"REASON"`
	Output   format   `short:"o" help:"table, json, jsonl, yaml or name." enum:"table,json,jsonl,yaml,name" default:"table"`
}

// Run adds the workflows of files as versions.
func (c *deployCmd) Run(ctx context.Context, e *env) error {
	eng, err := c.open(ctx, e, creating, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	var opts []pawl.DeployOption
	if c.Inactive {
		opts = append(opts, pawl.Inactive())
	}
	if c.Force != "" {
		opts = append(opts, pawl.Force(c.Force))
	}
	l := &listing{columns: []column{{title: "WORKFLOW"}, {title: "VERSION"}, {title: "NOTE"}}}
	for _, name := range c.Files {
		text, err := readFile(e, name)
		if err != nil {
			return err
		}
		d, err := eng.Deploy(ctx, pawl.Text(name, text), opts...)
		if err != nil {
			return err
		}
		e.faults(d.Warnings)
		for _, v := range d.Versions {
			l.names = append(l.names, v.Workflow+" "+v.Version)
			l.values = append(l.values, v)
			l.rows = append(l.rows, []string{v.Workflow, v.Version, deployNote(&v)})
		}
	}
	return e.print(c.Output, l)
}

func deployNote(v *pawl.DeployedVersion) string {
	note := "deployed"
	if v.Unchanged {
		note = "unchanged"
	}
	if v.Active {
		return note + ", active"
	}
	return fmt.Sprintf("%s, not active: pawl activate %s %s", note, v.Workflow, v.Version)
}
