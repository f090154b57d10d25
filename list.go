package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/store"
)

// Page is one page of executions.
type Page struct {
	Executions []Execution `json:"executions"`
	// Next is the cursor of the next page, "" on the last.
	Next string `json:"next,omitempty"`
}

// List returns a page of executions, newest first unless f says otherwise, without limits, schedules and bulks: see
// [Engine.Limits], [Engine.Schedules] and [Engine.Bulks]. Pages neither skip nor repeat what existed when the first was
// read.
func (e *Engine) List(ctx context.Context, f Filter) (Page, error) {
	sf, err := f.search()
	if err != nil {
		return Page{}, err
	}
	f.withoutEntities(&sf)
	p, err := e.backend.Search(ctx, e.opts.Namespace, sf)
	if err != nil {
		return Page{}, wrapStore("searching executions", err)
	}
	out := Page{Executions: make([]Execution, 0, len(p.Heads)), Next: p.Next}
	for i := range p.Heads {
		out.Executions = append(out.Executions, executionOf(&p.Heads[i]))
	}
	return out, nil
}

// withoutEntities leaves out limits, schedules and bulks, whose ids have no time, unless they are asked for.
func (f *Filter) withoutEntities(sf *store.Filter) {
	if f.IDPrefix == "" && len(sf.Workflows) == 0 {
		sf.StartedFrom = max(sf.StartedFrom, 1)
	}
}
