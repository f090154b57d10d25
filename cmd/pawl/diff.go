package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
)

type diffCmd struct {
	storeFlags
	Workflow string `arg:"" help:"Name of the workflow."`
	From     string `arg:"" help:"A version, or a definition file."`
	To       string `arg:"" optional:"" help:"A version, or a definition file; the active version."`
	Output   format `short:"o" help:"table, json or yaml." enum:"table,json,yaml" default:"table"`
	Quiet    bool   `short:"q" help:"Say nothing; exit code 1 where they differ."`
}

// Run says what changed between two versions.
func (c *diffCmd) Run(ctx context.Context, e *env) error {
	eng, err := c.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	from, err := c.side(ctx, eng, e, c.From)
	if err != nil {
		return err
	}
	to, err := c.side(ctx, eng, e, c.To)
	if err != nil {
		return err
	}
	d := pawl.Compare(from, to)
	switch {
	case c.Quiet && !d.Same:
		return quiet(exitFailed)
	case c.Quiet:
		return nil
	case c.Output != asTable:
		return e.print(c.Output, &listing{single: true, values: []any{d}})
	}
	for _, line := range d.Words() {
		fmt.Fprintln(e.out, oneLine(line))
	}
	return nil
}

// side is a deployed version, or the workflow of that name in a file.
func (c *diffCmd) side(ctx context.Context, eng *pawl.Engine, e *env, name string) (*pawl.Definition, error) {
	if !strings.HasSuffix(name, ".yaml") && !strings.HasSuffix(name, ".yml") && !strings.HasSuffix(name, ".json") && name != "-" {
		return eng.Definition(ctx, c.Workflow, name)
	}
	text, err := readFile(e, name)
	if err != nil {
		return nil, err
	}
	defs, faults, err := check(e, pawl.Text(name, text), workFlags{})
	if err != nil {
		return nil, err
	}
	if faults.Bad() {
		return nil, faults.Err()
	}
	found := named(defs, c.Workflow)
	if len(found) == 0 {
		return nil, notFound("%s has no workflow %s", name, c.Workflow)
	}
	return &found[0], nil
}
