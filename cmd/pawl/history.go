package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
)

type historyCmd struct {
	storeFlags
	ID     string `arg:"" help:"Id of the execution, the beginning of it, or its key."`
	Output format `short:"o" help:"table, wide, json, jsonl or yaml." enum:"table,wide,json,jsonl,yaml" default:"table"`
	From   uint64 `help:"Begin with this entry." placeholder:"N"`
	Step   string `help:"Only of this step and what is inside it." placeholder:"PATH"`
}

// Run prints the journal as events. Lines leave as they are read, so a long history costs no memory.
func (c *historyCmd) Run(ctx context.Context, e *env) error {
	eng, id, err := c.lookUp(ctx, e, c.ID)
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	l := &listing{columns: historyColumns}
	for ev, err := range eng.History(ctx, id, c.From) {
		if err != nil {
			return err
		}
		if c.Step != "" && !inside(ev.Step, c.Step) {
			continue
		}
		if c.Output == asJSONL {
			if err := printJSON(e.out, ev, false); err != nil {
				return err
			}
			continue
		}
		l.values = append(l.values, ev)
		l.rows = append(l.rows, historyRow(ev, c.Output == asWide))
	}
	if c.Output == asJSONL {
		return nil
	}
	return e.print(c.Output, l)
}

var historyColumns = []column{{title: "SEQ", right: true}, {title: "TIME"}, {title: "EVENT"}, {title: "STEP"}, {title: "DETAIL"}}

func historyRow(ev pawl.Event, wide bool) []string {
	return []string{fmt.Sprint(ev.Seq), ev.At.Local().Format("2006-01-02 15:04:05.000"), ev.Type, ev.Step, detail(ev, wide)}
}

// detail is the rest of an event in a few words.
func detail(ev pawl.Event, wide bool) string {
	var out []string
	add := func(format string, v any) { out = append(out, fmt.Sprintf(format, v)) }
	if ev.Name != "" {
		add("%s", ev.Name)
	}
	if ev.NodeType != "" {
		add("%s", ev.NodeType)
	}
	if ev.Attempt > 0 {
		add("attempt %d", ev.Attempt)
	}
	if ev.Total > 1 {
		add("of %d", ev.Total)
	}
	if ev.Outcome != "" {
		add("→ %s", ev.Outcome)
	}
	if len(ev.Signals) > 0 {
		add("for signal %s", strings.Join(ev.Signals, " or "))
	}
	if !ev.Until.IsZero() {
		add("until %s", when(ev.Until))
	}
	if ev.Error != nil {
		add("%s", ev.Error.Error())
	}
	if ev.Text != "" {
		add("%s", ev.Text)
	}
	if ev.By != "" {
		add("by %s", ev.By)
	}
	if ev.Why != "" {
		add("because %s", ev.Why)
	}
	if len(ev.Data) > 0 {
		add("%s", short(ev.Data, wide))
	}
	return strings.Join(out, "  ")
}

// inside reports whether path is that of step or lies in it.
func inside(path, step string) bool {
	rest, ok := strings.CutPrefix(path, step)
	return ok && (rest == "" || strings.ContainsRune("/[#", rune(rest[0])))
}
