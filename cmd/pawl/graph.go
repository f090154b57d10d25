package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/draw"
	"github.com/pawl-dev/pawl/model"
)

type graphCmd struct {
	File     string `arg:"" help:"Definition file, - for stdin."`
	Output   string `short:"o" help:"txt, mermaid, dot or svg." enum:"txt,mermaid,dot,svg" default:"txt"`
	Workflow string `short:"w" help:"Only this workflow of the file." placeholder:"NAME"`
}

// Run draws the workflows of a file.
func (c *graphCmd) Run(_ context.Context, e *env) error {
	text, err := readFile(e, c.File)
	if err != nil {
		return err
	}
	defs, faults, err := check(e, pawl.Text(c.File, text), workFlags{})
	if err != nil {
		return err
	}
	if faults.Bad() {
		return faults.Err()
	}
	if c.Workflow != "" {
		if defs = named(defs, c.Workflow); len(defs) == 0 {
			return notFound("%s has no workflow %s", c.File, c.Workflow)
		}
	}
	if c.Output == "svg" && len(defs) > 1 {
		return usage("%s has %s; choose one with --workflow", c.File, count(len(defs), "workflow"))
	}
	for i, d := range defs {
		if i > 0 {
			fmt.Fprintln(e.out)
		}
		fmt.Fprint(e.out, picture(c.Output, d.Workflow))
	}
	return nil
}

func named(defs []pawl.Definition, name string) []pawl.Definition {
	for _, d := range defs {
		if d.Workflow.Name == name {
			return []pawl.Definition{d}
		}
	}
	return nil
}

func picture(format string, w *model.Workflow) string {
	switch format {
	case "mermaid":
		return draw.Mermaid(w)
	case "dot":
		return draw.DOT(w)
	case "svg":
		return draw.SVG(w)
	}
	title := strings.TrimSpace(w.Name + " " + w.Version)
	if w.Description != "" {
		title += " · " + w.Description
	}
	return title + "\n\n" + draw.Text(w)
}
