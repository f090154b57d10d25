package main

import (
	"context"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
)

type versionsCmd struct {
	storeFlags
	Workflow   string `arg:"" optional:"" help:"Name of the workflow; without one, all are listed."`
	Dependents bool   `help:"List the versions of other workflows that start this one."`
	Output     format `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
}

// Run lists what is deployed.
func (c *versionsCmd) Run(ctx context.Context, e *env) error {
	if c.Dependents && c.Workflow == "" {
		return usage("--dependents needs a workflow")
	}
	eng, err := c.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	if c.Dependents {
		all, err := eng.Dependents(ctx, c.Workflow)
		if err != nil {
			return err
		}
		return e.print(c.Output, listingOfDependents(all))
	}
	all, err := eng.Versions(ctx, c.Workflow)
	if err != nil {
		return err
	}
	l := listingOfVersions(all)
	if c.Workflow == "" {
		l.names = workflowNames(all)
	}
	return e.print(c.Output, l)
}

func listingOfVersions(all []pawl.VersionInfo) *listing {
	l := &listing{
		columns: []column{{title: "WORKFLOW"}, {title: "VERSION"}, {title: "STATE"}, {title: "DEPLOYED"}, {title: "BY"},
			{title: "HASH", wide: true}, {title: "STARTS", wide: true}, {title: "WHY"}},
		empty: "Nothing is deployed.",
	}
	for _, v := range all {
		l.names = append(l.names, v.Version)
		l.values = append(l.values, v)
		l.rows = append(l.rows, []string{v.Workflow, v.Version, stateOf(&v), when(v.Deployed), v.By, v.Hash, usesOf(v.Uses), v.Why})
	}
	return l
}

// workflowNames lists each workflow once.
func workflowNames(all []pawl.VersionInfo) []string {
	var out []string
	for _, v := range all {
		out = append(out, v.Workflow)
	}
	return slices.Compact(out)
}

func stateOf(v *pawl.VersionInfo) string {
	switch {
	case v.Active && v.Retired:
		return "active, retired"
	case v.Active:
		return "active"
	case v.Retired:
		return "retired"
	}
	return ""
}

func usesOf(all []pawl.Use) string {
	var out []string
	for _, u := range all {
		out = append(out, strings.TrimSpace(u.Workflow+" "+u.Constraint))
	}
	return strings.Join(out, ", ")
}

func listingOfDependents(all []pawl.Dependent) *listing {
	l := &listing{
		columns: []column{{title: "WORKFLOW"}, {title: "VERSION"}, {title: "ASKS FOR"}, {title: "GETS"}},
		empty:   "No other workflow starts it.",
	}
	for _, d := range all {
		asks := d.Constraint
		if asks == "" {
			asks = "the active version"
		}
		gets := d.Takes
		if gets == "" {
			gets = "none"
		}
		l.names = append(l.names, d.Workflow+" "+d.Version)
		l.values = append(l.values, d)
		l.rows = append(l.rows, []string{d.Workflow, d.Version, asks, gets})
	}
	return l
}
