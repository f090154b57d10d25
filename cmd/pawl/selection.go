package main

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
)

// selection are the flags that select executions.
type selection struct {
	Workflow string   `short:"w" help:"Only of this workflow." placeholder:"NAME"`
	Status   []string `short:"s" help:"Only with this status; open means every status that is not an end." placeholder:"STATUS"`
	Outcome  string   `help:"Only with this outcome." placeholder:"WORD"`
	Key      string   `help:"Only with this key." placeholder:"KEY"`
	Tag      []string `short:"t" help:"Only with this tag, name=value." placeholder:"NAME=VALUE"`
	Parent   string   `help:"Only the children of this execution." placeholder:"ID"`
}

// queryArg is the text that selects executions; the flags are short for parts of it.
type queryArg struct {
	Query []string `arg:"" optional:"" help:"Only what this selects, as in 'status:failed workflow:order amount>100 started>-24h'. One that begins with a minus comes after --. docs/search.md has all fields."`
}

var openStatuses = []model.Status{model.Pending, model.Running, model.Paused, model.Compensating, model.Parked}

// none reports whether nothing was said about what to select.
func (c *selection) none(q *queryArg) bool {
	return c.Workflow == "" && len(c.Status) == 0 && len(c.Tag) == 0 && c.Outcome == "" && c.Key == "" && c.Parent == "" &&
		strings.TrimSpace(strings.Join(q.Query, " ")) == ""
}

// filter is what query and flags ask for together; both must hold, so no field may be in both.
func (c *selection) filter(e *env, q *queryArg) (pawl.Filter, error) {
	f, err := pawl.Query(strings.Join(q.Query, " "))
	if err != nil {
		return f, e.queryError(err)
	}
	for _, both := range []struct {
		flag string
		on   bool
	}{
		{"workflow", c.Workflow != "" && (f.Workflow != "" || f.Workflows != nil)},
		{"status", c.Status != nil && f.Statuses != nil},
		{"outcome", c.Outcome != "" && (f.Outcome != "" || f.Outcomes != nil)},
		{"key", c.Key != "" && f.Key != ""},
		{"parent", c.Parent != "" && f.Parent != ""},
	} {
		if both.on {
			return f, usage("--%s and %s: in the query: write one of them", both.flag, both.flag)
		}
	}
	c.apply(&f)
	return f, c.tags(&f)
}

func (c *selection) apply(f *pawl.Filter) {
	if c.Workflow != "" {
		f.Workflow = c.Workflow
	}
	if c.Outcome != "" {
		f.Outcome = c.Outcome
	}
	if c.Key != "" {
		f.Key = c.Key
	}
	for _, s := range c.Status {
		if s == "open" {
			f.Statuses = append(f.Statuses, openStatuses...)
			continue
		}
		f.Statuses = append(f.Statuses, model.Status(s))
	}
}

func (c *selection) tags(f *pawl.Filter) error {
	for _, t := range c.Tag {
		name, value, ok := strings.Cut(t, "=")
		if !ok {
			return usage("--tag %q is not name=value", t)
		}
		if f.Tags == nil {
			f.Tags = map[string]any{}
		}
		f.Tags[name] = value
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			f.Tags[name] = n
		}
	}
	return nil
}

// family looks up the parent that a flag names by the beginning of its id.
func (c *selection) family(ctx context.Context, eng *pawl.Engine, f *pawl.Filter) (err error) {
	if c.Parent != "" {
		f.Parent, err = find(ctx, eng, c.Parent)
	}
	return err
}

// queryError shows where in the query the fault is.
func (e *env) queryError(err error) error {
	var x *pawl.QueryError
	if !errors.As(err, &x) {
		return err
	}
	text := x.Message
	if x.Hint != "" {
		text += "; " + x.Hint
	}
	e.say("pawl: %s", oneLine(text))
	if caret := x.Caret(); caret != "" {
		e.say("%s", caret)
	}
	return quiet(exitUsage)
}
