package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/cmd/pawl/live"
)

type getCmd struct {
	storeFlags
	ID     string `arg:"" help:"Id of the execution, the beginning of it, or its key."`
	Output format `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
	At     uint64 `help:"As it was after that entry of the journal." placeholder:"N"`
}

// Run shows one execution.
func (c *getCmd) Run(ctx context.Context, e *env) error {
	eng, id, err := c.lookUp(ctx, e, c.ID)
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	x, err := c.read(ctx, eng, id)
	if err != nil {
		return err
	}
	if c.Output == asTable || c.Output == asWide {
		e.show(x, c.Output == asWide)
		return e.showChildren(ctx, eng, x, c.Output == asWide)
	}
	return e.print(c.Output, &listing{single: true, values: []any{x}, names: []string{x.ID}})
}

func (c *getCmd) read(ctx context.Context, eng *pawl.Engine, id string) (*pawl.Execution, error) {
	if c.At > 0 {
		return eng.GetAt(ctx, id, c.At)
	}
	return eng.Get(ctx, id)
}

// show writes an execution for a person.
func (e *env) show(x *pawl.Execution, wide bool) {
	fact := func(name, value string) {
		if value != "" {
			fmt.Fprintf(e.out, "%-10s %s\n", name, oneLine(value))
		}
	}
	fact("id", x.ID)
	fact("workflow", x.Workflow+" "+x.Version)
	fact("key", x.Key)
	if x.ForkOf != "" {
		fact("fork of", fmt.Sprintf("%s, entry %d", x.ForkOf, x.ForkSeq))
	}
	fact("parent", x.Parent)
	status := string(x.Status)
	if x.Outcome != "" {
		status += ", outcome " + x.Outcome
	}
	fact("status", status)
	if x.Error != nil {
		fact("error", x.Error.Error())
	}
	fact("started", when(x.Started))
	fact("ended", when(x.Ended))
	fact("took", tookOf(x))
	fact("tags", tagsOf(x.Tags))
	fact("input", short(x.Input, wide))
	fact("output", short(x.Output, wide))
	e.showWaiting(x.Waiting)
	e.showSteps(x.Steps, wide)
}

// childrenShown bounds how many children one sees beside their parent.
const childrenShown = 20

// showChildren lists the newest executions that x has started.
func (e *env) showChildren(ctx context.Context, eng *pawl.Engine, x *pawl.Execution, wide bool) error {
	page, err := eng.List(ctx, pawl.Filter{Parent: x.ID, Limit: childrenShown})
	if err != nil || len(page.Executions) == 0 {
		return err
	}
	fmt.Fprintln(e.out)
	l := listingOf(page.Executions)
	l.columns[0].title = "CHILD"
	printTable(e.out, l.columns, l.rows, wide, e.colour(e.outTTY), e.outTTY)
	if page.Next != "" {
		fmt.Fprintf(e.out, "and others: pawl list --parent %s\n", x.ID)
	}
	return nil
}

// showWaiting says in one sentence each why the execution is where it is.
func (e *env) showWaiting(list []pawl.Waiting) {
	const most = 20
	for i, w := range list {
		if i == most {
			fmt.Fprintf(e.out, "%-10s and for %d more\n", "", len(list)-most)
			return
		}
		name := ""
		if i == 0 {
			name = "waiting"
		}
		fmt.Fprintf(e.out, "%-10s %s\n", name, oneLine(w.Sentence))
	}
}

func (e *env) showSteps(steps []pawl.Step, wide bool) {
	if len(steps) == 0 {
		return
	}
	fmt.Fprintln(e.out)
	columns := []column{{title: "STEP"}, {title: "TYPE"}, {title: "STATUS"}, {title: "OUTCOME"}, {title: "ATTEMPT", right: true}, {title: "TOOK", right: true}, {title: "NOTE"}}
	var rows [][]string
	for _, s := range steps {
		took, note, attempt := "", "", ""
		if !s.Ended.IsZero() && s.Ended.After(s.Scheduled) {
			took = live.Took(s.Ended.Sub(s.Scheduled))
		}
		switch {
		case s.Error != nil:
			note = s.Error.Error()
		case s.Total > 1 && s.Good+s.Failed > 0:
			note = fmt.Sprintf("%d of %d", s.Good+s.Failed, s.Total)
			if s.Failed > 0 {
				note += fmt.Sprintf(", %d failed", s.Failed)
			}
		default:
			note = short(s.Output, wide)
		}
		if s.Attempt > 0 {
			attempt = fmt.Sprint(s.Attempt)
		}
		rows = append(rows, []string{s.Path, s.Type, string(s.Status), s.Outcome, attempt, took, note})
	}
	printTable(e.out, columns, rows, wide, e.colour(e.outTTY), e.outTTY)
}

// short cuts a value to one line, unless the reader asked for all of it.
func short(raw json.RawMessage, wide bool) string {
	const most = 100
	s := strings.TrimSpace(string(raw))
	if s == "null" {
		return ""
	}
	if r := []rune(s); !wide && len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
