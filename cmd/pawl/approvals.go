package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
)

type approvalsCmd struct {
	storeFlags
	For      string   `help:"Only what this person may decide and has not." placeholder:"PERSON"`
	Group    []string `short:"g" sep:"none" help:"With --for a group that the person belongs to, repeatable; else only what is asked of this group." placeholder:"GROUP"`
	Workflow string   `short:"w" help:"Only those of this workflow." placeholder:"NAME"`
	Limit    int      `short:"n" help:"At most so many." default:"100"`
	Output   format   `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
}

// Run lists the approvals that wait.
func (c *approvalsCmd) Run(ctx context.Context, e *env) error {
	f := pawl.ApprovalFilter{Person: c.For, Workflow: c.Workflow, Limit: 1000}
	switch {
	case c.For != "":
		f.Groups = c.Group
	case len(c.Group) > 1:
		return usage("several groups go with --for")
	case len(c.Group) == 1:
		f.Group = c.Group[0]
	}
	if c.Limit < 1 {
		return usage("--limit is a number from 1 on")
	}
	eng, err := c.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	var found []pawl.Approval
	for {
		page, err := eng.Approvals(ctx, f)
		if err != nil {
			return err
		}
		found = append(found, page.Approvals...)
		if f.Cursor = page.Next; f.Cursor == "" || len(found) >= c.Limit {
			break
		}
	}
	return e.print(c.Output, approvalList(found[:min(len(found), c.Limit)]))
}

func approvalList(found []pawl.Approval) *listing {
	l := &listing{
		columns: []column{
			{title: "EXECUTION"}, {title: "STEP"}, {title: "TITLE"}, {title: "ASKS"}, {title: "VOTES"}, {title: "SINCE"}, {title: "UNTIL"},
			{title: "WORKFLOW", wide: true}, {title: "KEY", wide: true}, {title: "OUTCOMES", wide: true}, {title: "ESCALATES", wide: true},
		},
		empty: "Nothing waits for a decision.",
	}
	for i := range found {
		a := &found[i]
		asks := strings.Join(a.Assignees, ", ")
		if a.Everybody {
			asks = "everybody"
		}
		escalates := strings.TrimSpace(when(a.Escalates) + " " + strings.Join(a.Adds, ", "))
		l.rows = append(l.rows, []string{
			a.Execution, a.Step, a.Title, asks, votes(a), when(a.Since), when(a.Until),
			a.Workflow, a.Key, strings.Join(a.Outcomes, ", "), escalates,
		})
		l.names = append(l.names, a.Execution+" "+a.Step)
		l.values = append(l.values, a)
	}
	return l
}

// votes says how many of those needed have chosen the first word.
func votes(a *pawl.Approval) string {
	n := 0
	for _, v := range a.Votes {
		if v.Outcome == a.Outcomes[0] {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, a.Quorum)
}
