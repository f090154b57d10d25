package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/expr"
)

type countCmd struct {
	storeFlags
	selection
	queryArg
	By     string `help:"Count apart by status, workflow, version, outcome, fingerprint (kind of error), waiting or tag.NAME." placeholder:"FIELD"`
	Over   string `help:"Count apart by the time of the start, in steps of this length, as in 1h." placeholder:"TIME"`
	Limit  int    `short:"n" help:"At most so many rows, the largest." default:"100"`
	Output format `short:"o" help:"table, json, jsonl, yaml or name." enum:"table,json,jsonl,yaml,name" default:"table"`
}

// Run counts executions.
func (c *countCmd) Run(ctx context.Context, e *env) error {
	if c.By != "" && c.Over != "" {
		return usage("--by and --over: write one of them")
	}
	f, err := c.filter(e, &c.queryArg)
	if err != nil {
		return err
	}
	step, err := c.step()
	if err != nil {
		return err
	}
	eng, err := c.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	if err := c.family(ctx, eng, &f); err != nil {
		return err
	}
	var counts pawl.Counts
	if step > 0 {
		counts, err = eng.Histogram(ctx, f, step)
	} else {
		counts, err = eng.Count(ctx, f, pawl.Facet{By: c.By, Limit: c.Limit})
	}
	if err != nil {
		return err
	}
	return c.show(ctx, e, eng, &f, &counts, step)
}

// longestStep is a hundred years in milliseconds.
const longestStep = 100 * 365 * 24 * 60 * 60 * 1000

func (c *countCmd) step() (time.Duration, error) {
	if c.Over == "" {
		return 0, nil
	}
	ms, err := expr.ParseDuration(c.Over)
	if err != nil || ms == 0 || ms > longestStep {
		return 0, usage("--over %s is no length of time; write 10m, 1h or 7d", c.Over)
	}
	return time.Duration(ms) * time.Millisecond, nil
}

func (c *countCmd) show(ctx context.Context, e *env, eng *pawl.Engine, f *pawl.Filter, counts *pawl.Counts, step time.Duration) error {
	l := &listing{single: true, values: []any{counts}, empty: "No executions."}
	switch {
	case c.Output == asJSONL:
		l.values = nil
		for _, b := range counts.Buckets {
			l.values = append(l.values, b)
		}
	case step > 0:
		l.histogram(counts.Buckets, step)
	case c.By != "":
		l.columns = []column{{title: strings.ToUpper(c.By)}, {title: "COUNT", right: true}, {title: "NOTE"}}
		for _, b := range counts.Buckets {
			l.rows = append(l.rows, []string{fmt.Sprint(b.Value), strconv.FormatInt(b.Count, 10), c.note(ctx, eng, f, b, len(l.rows))})
			l.names = append(l.names, fmt.Sprint(b.Value))
		}
	default:
		l.columns = []column{{title: "COUNT", right: true}}
		l.rows = [][]string{{strconv.FormatInt(counts.Total, 10)}}
		l.names = []string{strconv.FormatInt(counts.Total, 10)}
	}
	if err := e.print(c.Output, l); err != nil {
		return err
	}
	if counts.Rest > 0 && c.Output == asTable {
		e.say("%d more of %d have no tag of that name, or are in smaller rows.", counts.Rest, counts.Total)
	}
	if counts.Partial {
		e.say("There are more: only the newest of each workflow and status were counted.")
	}
	return nil
}

// examples is how many kinds of errors are shown with the newest of them.
const examples = 20

// note is the newest error of a fingerprint.
func (c *countCmd) note(ctx context.Context, eng *pawl.Engine, f *pawl.Filter, b pawl.Bucket, row int) string {
	text, ok := b.Value.(string)
	if c.By != "fingerprint" || !ok || text == "" || row >= examples || c.Output != asTable {
		return ""
	}
	one := *f
	one.Fingerprints, one.Limit, one.Cursor = []string{text}, 1, ""
	page, err := eng.List(ctx, one)
	if err != nil || len(page.Executions) == 0 || page.Executions[0].Error == nil {
		return "" // it has gone meanwhile
	}
	return page.Executions[0].Error.Error()
}

// histogramRows bounds the rows of a histogram; bars are so long.
const (
	histogramRows = 500
	barLength     = 40
)

// histogram adds a row for every step, also for those without executions.
func (l *listing) histogram(buckets []pawl.Bucket, step time.Duration) {
	l.columns = []column{{title: "FROM"}, {title: "COUNT", right: true}, {title: ""}}
	most := int64(1)
	for _, b := range buckets {
		most = max(most, b.Count)
	}
	row := func(from time.Time, n int64) {
		bar := strings.Repeat("#", int((n*barLength+most-1)/most))
		l.rows = append(l.rows, []string{when(from), strconv.FormatInt(n, 10), bar})
		l.names = append(l.names, from.Format(time.RFC3339))
	}
	for i, b := range buckets {
		if i > 0 {
			for at := buckets[i-1].From.Add(step); at.Before(b.From) && len(l.rows) < histogramRows; at = at.Add(step) {
				row(at, 0)
			}
		}
		row(b.From, b.Count)
	}
}
