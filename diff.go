package pawl

import (
	"context"
	"encoding/json"

	"github.com/pawl-dev/pawl/internal/diff"
	"github.com/pawl-dev/pawl/model"
)

// Diff is what changed from one definition to another: nodes, edges, the input and the rules around them. Words says
// it to people.
type Diff = diff.Diff

// Diff compares two deployed versions of a workflow; "" is the active one.
func (e *Engine) Diff(ctx context.Context, workflow, from, to string) (*Diff, error) {
	a, err := e.Definition(ctx, workflow, from)
	if err != nil {
		return nil, err
	}
	b, err := e.Definition(ctx, workflow, to)
	if err != nil {
		return nil, err
	}
	return Compare(a, b), nil
}

// Compare says what changed from a to b. Definitions that mean the same do not differ, whatever their texts.
func Compare(a, b *Definition) *Diff { return diff.Workflows(a.Workflow, b.Workflow) }

// Definition reads a deployed version: "" is the active one.
func (e *Engine) Definition(ctx context.Context, workflow, version string) (*Definition, error) {
	v, err := e.version(ctx, workflow, version) // also for its errors
	if err != nil {
		return nil, err
	}
	d, err := e.backend.Get(ctx, e.opts.Namespace, workflow, v.version)
	if err != nil {
		return nil, wrapStore("the workflow "+workflow+" "+v.version, err)
	}
	w := &model.Workflow{} // of the caller, who may change it
	if err := json.Unmarshal(d.Body, w); err != nil {
		return nil, &Error{Code: CodeStore, Message: "the definition of " + workflow + " " + d.Version + " is damaged", Cause: err}
	}
	return &Definition{Workflow: w, Hash: d.Hash, Source: d.Source}, nil
}
