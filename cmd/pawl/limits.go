package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pawl-dev/pawl"
)

type limitsCmd struct {
	storeFlags
	Name        string `arg:"" optional:"" help:"Name of a limit: show who holds it and who waits."`
	Key         string `arg:"" optional:"" help:"Key of the limit."`
	Output      format `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
	Concurrency int    `help:"Let so much hold it at a time, whatever definitions say." placeholder:"N"`
	Rate        string `help:"Let so many begin in a time, whatever definitions say." placeholder:"N/TIME"`
	Reset       bool   `help:"Let definitions say again what it allows."`
	Release     string `help:"Take the execution with this id off the limit." placeholder:"ID"`
	Step        string `help:"Path of the step to take off it; nothing for the execution itself." placeholder:"PATH"`
	Why         string `help:"Reason, kept in the journal." placeholder:"TEXT"`
}

// Run shows or changes limits.
func (c *limitsCmd) Run(ctx context.Context, e *env) error {
	changes := c.Concurrency != 0 || c.Rate != "" || c.Reset
	if (changes || c.Release != "") && c.Name == "" {
		return usage("which limit? Write its name, and its key where it has one")
	}
	eng, err := c.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	limits := eng.Limits()
	switch {
	case changes:
		if err := limits.Change(ctx, c.Name, c.Key, pawl.LimitRule{Concurrency: c.Concurrency, Rate: c.Rate}, pawl.Why(c.Why)); err != nil {
			return err
		}
		e.say("Limit %s is changed.", titleOf(c.Name, c.Key))
		return nil
	case c.Release != "":
		id, err := find(ctx, eng, c.Release)
		if err != nil {
			return err
		}
		if err := limits.Release(ctx, c.Name, c.Key, id, c.Step, pawl.Why(c.Why)); err != nil {
			return err
		}
		e.say("%s is off the limit %s.", id, titleOf(c.Name, c.Key))
		return nil
	case c.Name != "":
		l, err := limits.Get(ctx, c.Name, c.Key)
		if err != nil {
			return err
		}
		return e.print(c.Output, placesOf(l))
	}
	all, err := limits.List(ctx)
	if err != nil {
		return err
	}
	return e.print(c.Output, limitsOf(all))
}

func titleOf(name, key string) string {
	if key == "" {
		return name
	}
	return name + "/" + key
}

func limitsOf(all []pawl.Limit) *listing {
	l := &listing{
		columns: []column{{title: "LIMIT"}, {title: "KEY"}, {title: "ALLOWS"}, {title: "USED", right: true}, {title: "WAITING", right: true}, {title: "NOTE"}},
		empty:   "No limits. They appear when something asks for them.",
	}
	for _, x := range all {
		allows := x.Rate
		if allows == "" {
			allows = strconv.Itoa(x.Concurrency)
		}
		note := ""
		switch {
		case x.Paused:
			note = "paused"
		case x.Changed:
			note = "changed"
		}
		l.names = append(l.names, titleOf(x.Name, x.Key))
		l.values = append(l.values, x)
		l.rows = append(l.rows, []string{x.Name, x.Key, allows, strconv.Itoa(x.Used), strconv.Itoa(x.Waiting), note})
	}
	return l
}

// placesOf lists holders, then the line.
func placesOf(x *pawl.Limit) *listing {
	l := &listing{
		columns: []column{{title: "PLACE"}, {title: "EXECUTION"}, {title: "STEP"}, {title: "WEIGHT", right: true}, {title: "PRIORITY", right: true, wide: true}, {title: "SINCE"}},
		empty:   "Nobody holds it and nobody waits.",
	}
	add := func(place string, p pawl.LimitPlace) {
		l.names = append(l.names, p.Execution)
		l.values = append(l.values, p)
		l.rows = append(l.rows, []string{place, p.Execution, p.Step, strconv.Itoa(p.Weight), strconv.Itoa(p.Priority), when(p.Since)})
	}
	for _, p := range x.Holders {
		add("holds", p)
	}
	for i, p := range x.Line {
		add(fmt.Sprint(i+1), p)
	}
	return l
}
