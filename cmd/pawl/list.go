package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/cmd/pawl/live"
	"github.com/pawl-dev/pawl/model"
)

type listCmd struct {
	storeFlags
	selection
	Output format `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
	Limit  int    `short:"n" help:"At most so many." default:"50"`
}

// selection are the flags that select executions.
type selection struct {
	Workflow string   `short:"w" help:"Only of this workflow." placeholder:"NAME"`
	Status   []string `short:"s" help:"Only with this status; open means every status that is not an end." placeholder:"STATUS"`
	Outcome  string   `help:"Only with this outcome." placeholder:"WORD"`
	Key      string   `help:"Only with this key." placeholder:"KEY"`
	Tag      []string `short:"t" help:"Only with this tag, name=value." placeholder:"NAME=VALUE"`
	Parent   string   `help:"Only the children of this execution." placeholder:"ID"`
}

var openStatuses = []model.Status{model.Pending, model.Running, model.Paused, model.Compensating, model.Parked}

// Run lists executions.
func (c *listCmd) Run(ctx context.Context, e *env) error {
	f, err := c.filter()
	if err != nil {
		return err
	}
	f.Limit = min(max(c.Limit, 1), 1000)
	eng, err := c.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	if c.Parent != "" {
		if f.Parent, err = find(ctx, eng, c.Parent); err != nil {
			return err
		}
	}
	var all []pawl.Execution
	for {
		page, err := eng.List(ctx, f)
		if err != nil {
			return err
		}
		all = append(all, page.Executions...)
		if page.Next == "" || len(all) >= c.Limit {
			break
		}
		f.Cursor = page.Next
	}
	return e.print(c.Output, listingOf(all[:min(len(all), c.Limit)]))
}

func (c *selection) filter() (pawl.Filter, error) {
	f := pawl.Filter{Workflow: c.Workflow, Outcome: c.Outcome, Key: c.Key}
	for _, s := range c.Status {
		if s == "open" {
			f.Statuses = append(f.Statuses, openStatuses...)
			continue
		}
		f.Statuses = append(f.Statuses, model.Status(s))
	}
	for _, t := range c.Tag {
		name, value, ok := strings.Cut(t, "=")
		if !ok {
			return f, usage("--tag %q is not name=value", t)
		}
		if f.Tags == nil {
			f.Tags = map[string]any{}
		}
		f.Tags[name] = value
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			f.Tags[name] = n
		}
	}
	return f, nil
}

func listingOf(all []pawl.Execution) *listing {
	l := &listing{
		columns: []column{{title: "ID"}, {title: "WORKFLOW"}, {title: "VERSION", wide: true}, {title: "KEY"}, {title: "STATUS"},
			{title: "STARTED"}, {title: "TOOK", right: true}, {title: "TAGS", wide: true}, {title: "NOTE"}},
		empty: "No executions.",
	}
	for _, x := range all {
		l.names = append(l.names, x.ID)
		l.values = append(l.values, x)
		l.rows = append(l.rows, []string{x.ID, x.Workflow, x.Version, x.Key, string(x.Status), when(x.Started), tookOf(&x), tagsOf(x.Tags), noteOf(&x)})
	}
	return l
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

func tookOf(x *pawl.Execution) string {
	if x.Started.IsZero() || x.Ended.IsZero() {
		return ""
	}
	return live.Took(x.Ended.Sub(x.Started))
}

func tagsOf(tags map[string]any) string {
	var out []string
	for _, k := range sortedKeys(tags) {
		out = append(out, fmt.Sprintf("%s=%v", k, tags[k]))
	}
	return strings.Join(out, ",")
}

// noteOf is the error, or an outcome that says more than the status.
func noteOf(x *pawl.Execution) string {
	switch {
	case x.Error != nil:
		return x.Error.Error()
	case x.Outcome != "" && x.Outcome != model.Success && x.Outcome != string(x.Status):
		return x.Outcome
	}
	return ""
}
