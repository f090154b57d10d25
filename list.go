package pawl

import (
	"context"
	"encoding/json"
	"time"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Filter selects executions; zero fields select everything.
type Filter struct {
	Workflow string         `json:"workflow,omitempty"`
	Version  string         `json:"version,omitempty"`
	Statuses []model.Status `json:"statuses,omitempty"`
	Outcome  string         `json:"outcome,omitempty"`
	Key      string         `json:"key,omitempty"`
	// Parent selects the children of an execution.
	Parent string `json:"parent,omitempty"`
	// Tags must all be there and equal: text, or a number.
	Tags map[string]any `json:"tags,omitempty"`
	// Since and Until bound the time in the id, Until exclusive. It is that of the start; what was started with a delay
	// counts from when that was asked for, a child from when its step was due, and a fork or rerun under a request id, as a
	// bulk makes them, from a millisecond after its original.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// IDPrefix selects ids that begin so.
	IDPrefix string `json:"id_prefix,omitempty"`
	// Limit is the size of a page: 100, at most 1,000.
	Limit int `json:"limit,omitempty"`
	// Cursor is [Page.Next] of the page before.
	Cursor string `json:"cursor,omitempty"`
}

// Page is one page of executions, newest first.
type Page struct {
	Executions []Execution `json:"executions"`
	// Next is the cursor of the next page, "" on the last.
	Next string `json:"next,omitempty"`
}

// List returns a page of executions, newest first, without limits, schedules and bulks: see [Engine.Limits],
// [Engine.Schedules] and [Engine.Bulks]. Pages neither skip nor repeat what existed when the first was read.
func (e *Engine) List(ctx context.Context, f Filter) (Page, error) {
	sf, err := f.search()
	if err != nil {
		return Page{}, err
	}
	p, err := e.backend.Search(ctx, e.opts.Namespace, sf)
	if err != nil {
		return Page{}, wrapStore("searching executions", err)
	}
	out := Page{Executions: make([]Execution, 0, len(p.Heads)), Next: p.Next}
	for i := range p.Heads {
		if h := &p.Heads[i]; f.Workflow == "" && f.IDPrefix == "" && kernel.IsEntity(h.Workflow) {
			out.Next = "" // limits, schedules and bulks come after all executions
			break
		}
		out.Executions = append(out.Executions, executionOf(&p.Heads[i]))
	}
	return out, nil
}

func (f Filter) search() (store.Filter, error) {
	sf := store.Filter{
		Workflows: list(f.Workflow), Versions: list(f.Version), Outcomes: list(f.Outcome), Key: f.Key, IDPrefix: f.IDPrefix,
		Limit: f.Limit, Cursor: f.Cursor,
	}
	for _, s := range f.Statuses {
		sf.Statuses = append(sf.Statuses, string(s))
	}
	if !f.Since.IsZero() {
		sf.StartedFrom = f.Since.UnixMilli()
	}
	if !f.Until.IsZero() {
		sf.StartedTo = f.Until.UnixMilli()
	}
	if f.Cursor != "" {
		if _, err := record.ParseID(f.Cursor); err != nil {
			return sf, invalid("Filter.Cursor is not one of a page: %v", err)
		}
	}
	if f.Parent != "" {
		id, err := record.ParseID(f.Parent)
		if err != nil {
			return sf, invalid("Filter.Parent: %v", err)
		}
		sf.Parent = id
	}
	for _, name := range sortedKeys(f.Tags) {
		t, err := tagOf(name, f.Tags[name])
		if err != nil {
			return sf, err
		}
		sf.Tags = append(sf.Tags, store.HasTag(t))
	}
	return sf, nil
}

// list is the one text to look for; none where it is empty.
func list(one string) []string {
	if one == "" {
		return nil
	}
	return []string{one}
}

func tagOf(name string, v any) (record.Tag, error) {
	t := record.Tag{Name: name, IsNum: true}
	switch v := v.(type) {
	case string:
		return record.Tag{Name: name, Text: v}, nil
	case int:
		t.Num = float64(v)
	case int64:
		t.Num = float64(v)
	case float64:
		t.Num = v
	case json.Number:
		n, err := v.Float64()
		if err != nil {
			return t, invalid("Filter.Tags: %q is no number", name)
		}
		t.Num = n
	default:
		return t, invalid("Filter.Tags: %q is neither text nor a number", name)
	}
	return t, nil
}
