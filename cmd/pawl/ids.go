package main

import (
	"context"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/record"
)

// lookUp opens an engine that executes nothing and finds what a person typed.
func (s *storeFlags) lookUp(ctx context.Context, e *env, typed string) (*pawl.Engine, string, error) {
	eng, err := s.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return nil, "", err
	}
	id, err := find(ctx, eng, typed)
	if err != nil {
		_ = eng.Close(ctx)
		return nil, "", err
	}
	return eng, id, nil
}

// find turns what a person typed, an id or the unique beginning of one, or a key, into an id.
func find(ctx context.Context, eng *pawl.Engine, typed string) (string, error) {
	if _, err := record.ParseID(typed); err == nil {
		return strings.ToLower(typed), nil
	}
	page, err := eng.List(ctx, pawl.Filter{IDPrefix: strings.ToLower(typed), Limit: 2})
	if err != nil {
		return "", err
	}
	if len(page.Executions) == 0 {
		if page, err = eng.List(ctx, pawl.Filter{Key: typed, Limit: 100}); err != nil {
			return "", err
		}
		page.Executions = newest(page.Executions)
	}
	switch len(page.Executions) {
	case 0:
		return "", notFound("no execution has the id, prefix or key %q", typed)
	case 1:
		return page.Executions[0].ID, nil
	}
	return "", usage("%q fits more than one execution, %s and %s; type more of the id", typed, page.Executions[0].ID, page.Executions[1].ID)
}

// newest keeps, of the executions that have had a key, the last of each workflow. They come newest first.
func newest(list []pawl.Execution) (kept []pawl.Execution) {
	for _, x := range list {
		if !slices.ContainsFunc(kept, func(o pawl.Execution) bool { return o.Workflow == x.Workflow }) {
			kept = append(kept, x)
		}
	}
	return kept
}
