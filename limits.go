package pawl

import (
	"context"
	"strconv"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Limits reads and changes the limits that steps and executions share. A limit is there from the first time that
// something asked for it; before, its methods say [CodeNotFound].
type Limits struct{ e *Engine }

// Limits gives access to the limits of the namespace.
func (e *Engine) Limits() Limits { return Limits{e} }

// Limit is one line: the name and key of a limit, what it allows, who holds it and who waits.
type Limit struct {
	Name string `json:"name"`
	Key  string `json:"key,omitempty"`
	// Execution is the id under which the journal of the limit is kept.
	Execution string `json:"execution"`
	// Concurrency is the weight that may be held at a time; Rate, such as 10/1s, is what may begin in a time. One of
	// them is set.
	Concurrency int    `json:"concurrency,omitempty"`
	Rate        string `json:"rate,omitempty"`
	// Changed: somebody has set what it allows; what definitions say does not count.
	Changed bool `json:"changed,omitempty"`
	// Paused: it lets nobody in.
	Paused bool `json:"paused,omitempty"`
	// Used is the weight of the holders.
	Used int `json:"used"`
	// Holders, oldest first, and the first 1,000 of the line, the next one first. Waiting is how many there are in line.
	Holders []LimitPlace `json:"holders,omitempty"`
	Line    []LimitPlace `json:"line,omitempty"`
	Waiting int          `json:"waiting"`
}

// LimitPlace is one who holds or wants a limit.
type LimitPlace struct {
	Execution string `json:"execution"`
	// Step is its path; "" where the whole execution takes part.
	Step     string    `json:"step,omitempty"`
	Attempt  int       `json:"attempt,omitempty"`
	Weight   int       `json:"weight"`
	Priority int       `json:"priority,omitempty"`
	Since    time.Time `json:"since"`
}

// LimitRule is what a limit allows: a Concurrency, or a Rate such as 10/s. The zero rule is what definitions say.
type LimitRule struct {
	Concurrency int
	Rate        string
}

// List gives all limits, without an order.
func (l Limits) List(ctx context.Context) ([]Limit, error) {
	ids, err := l.e.entities(ctx, kernel.LimitWorkflow, nil)
	if err != nil {
		return nil, err
	}
	out := make([]Limit, 0, len(ids))
	for _, id := range ids {
		one, err := l.read(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, *one)
	}
	return out, nil
}

// Get reads one limit; key is "" for a limit without one.
func (l Limits) Get(ctx context.Context, name, key string) (*Limit, error) {
	return l.read(ctx, kernel.LimitID(l.e.opts.Namespace, name, key))
}

func (l Limits) read(ctx context.Context, id record.ID) (*Limit, error) {
	var out *Limit
	_, err := l.e.do(ctx, engine.Command{Verb: shard.View, Execution: id, Look: func(s *kernel.State, _ *kernel.Definition) bool {
		if v, ok := kernel.ViewLimit(s); ok {
			out = limitOf(&v)
			out.Execution, out.Paused = id.String(), s.Status() != "running"
		}
		return true
	}})
	if err == nil && out == nil {
		err = notFound("%s is no limit", id)
	}
	return out, err
}

func limitOf(v *kernel.LimitView) *Limit {
	l := &Limit{Name: v.Name, Key: v.Key, Concurrency: v.Concurrency, Changed: v.Fixed, Used: v.Used, Waiting: v.Waiting}
	if v.Rate > 0 {
		l.Rate = strconv.Itoa(v.Rate) + "/" + expr.FormatDuration(v.Per)
	}
	for _, p := range v.Holders {
		l.Holders = append(l.Holders, placeOf(p))
	}
	for _, p := range v.Line {
		l.Line = append(l.Line, placeOf(p))
	}
	return l
}

func placeOf(p kernel.LimitPlace) LimitPlace {
	return LimitPlace{Execution: p.Execution.String(), Step: p.Step, Attempt: p.Attempt, Weight: p.Weight, Priority: p.Priority, Since: moment(p.Since)}
}

// Change sets what a limit allows, whatever definitions say, until it is changed to the zero rule. Holders beyond a
// lowered limit keep it until they end; nobody else gets it before.
func (l Limits) Change(ctx context.Context, name, key string, rule LimitRule, opts ...CommandOption) error {
	data := map[string]any{"concurrency": rule.Concurrency, "rate": rule.Rate, "definition": rule == LimitRule{}}
	return l.e.entityCommand(ctx, kernel.LimitID(l.e.opts.Namespace, name, key), "change", data, opts)
}

// Release takes a holder, or one in line, off a limit. It is for holders that can't give it back themselves; one that
// goes on running all the same is not stopped by it.
func (l Limits) Release(ctx context.Context, name, key, execution, step string, opts ...CommandOption) error {
	if _, err := l.e.parseID(execution); err != nil {
		return err
	}
	return l.e.entityCommand(ctx, kernel.LimitID(l.e.opts.Namespace, name, key), "release", map[string]any{"execution": execution, "step": step}, opts)
}

// entityCommand sends a command to a limit or a schedule.
func (e *Engine) entityCommand(ctx context.Context, id record.ID, name string, data any, opts []CommandOption) error {
	raw, err := encode("the command", data)
	if err != nil {
		return err
	}
	return e.command(ctx, id.String(), shard.Signal, opts, func(c *engine.Command, _ *commandOptions) {
		c.Signal = &kernel.Signal{Name: name, Data: raw}
	})
}

// entities lists the ids of all limits or schedules that have the tags.
func (e *Engine) entities(ctx context.Context, workflow string, tags []record.Tag) (ids []record.ID, err error) {
	f := store.Filter{Workflows: []string{workflow}, Limit: 1000}
	for _, t := range tags {
		f.Tags = append(f.Tags, store.HasTag(t))
	}
	for {
		p, err := e.backend.Search(ctx, e.opts.Namespace, f)
		if err != nil {
			return nil, wrapStore("searching", err)
		}
		for i := range p.Heads {
			ids = append(ids, p.Heads[i].Execution)
		}
		if p.Next == "" {
			return ids, nil
		}
		f.Cursor = p.Next
	}
}

// heldBy says who holds the limits that executions wait for.
func (e *Engine) heldBy(ctx context.Context, list []Waiting) []Waiting {
	for i := range list {
		w := &list[i]
		if w.Limit == nil {
			continue
		}
		l, err := e.Limits().Get(ctx, w.Limit.Name, w.Limit.Key)
		if err != nil {
			continue // it was asked for and has not been made yet
		}
		w.Limit = l
		w.Sentence += limitSentence(l)
	}
	return list
}

// limitSentence tells of the holders of a limit and of the place in its line.
func limitSentence(l *Limit) string {
	s := " It allows "
	if l.Rate != "" {
		s += l.Rate
	} else {
		s += strconv.Itoa(l.Concurrency) + " at a time"
	}
	if l.Paused {
		s += " and is paused"
	}
	for i, h := range l.Holders {
		if i == 3 {
			s += " and " + strconv.Itoa(len(l.Holders)-i) + " others"
			break
		}
		s += map[bool]string{true: "; held by ", false: ", "}[i == 0] + h.Execution
		if h.Step != "" {
			s += " " + h.Step
		}
	}
	return s + "; " + strconv.Itoa(l.Waiting) + " in line."
}
