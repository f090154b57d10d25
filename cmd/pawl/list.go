package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/cmd/pawl/live"
	"github.com/pawl-dev/pawl/model"
)

type listCmd struct {
	storeFlags
	selection
	queryArg
	Output format `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
	Limit  int    `short:"n" help:"At most so many." default:"50"`
}

// Run lists executions.
func (c *listCmd) Run(ctx context.Context, e *env) error {
	f, err := c.filter(e, &c.queryArg)
	if err != nil {
		return err
	}
	f.Limit = min(max(c.Limit, 1), 1000)
	eng, err := c.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	if err := c.family(ctx, eng, &f); err != nil {
		return err
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

func listingOf(all []pawl.Execution) *listing {
	l := &listing{
		columns: []column{{title: "ID"}, {title: "WORKFLOW"}, {title: "VERSION", wide: true}, {title: "KEY"}, {title: "STATUS"},
			{title: "STARTED"}, {title: "TOOK", right: true}, {title: "TAGS", wide: true}, {title: "FINGERPRINT", wide: true}, {title: "NOTE"}},
		empty: "No executions.",
	}
	for _, x := range all {
		l.names = append(l.names, x.ID)
		l.values = append(l.values, x)
		l.rows = append(l.rows, []string{x.ID, x.Workflow, x.Version, x.Key, string(x.Status), when(x.Started), tookOf(&x), tagsOf(x.Tags), x.Fingerprint, noteOf(&x)})
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

// noteOf is the error, what is waited for, or an outcome that says more than the status.
func noteOf(x *pawl.Execution) string {
	switch {
	case x.Error != nil:
		return x.Error.Error()
	case x.WaitingFor != "":
		return "waits for " + x.WaitingFor
	case x.Outcome != "" && x.Outcome != model.Success && x.Outcome != string(x.Status):
		return x.Outcome
	}
	return ""
}
