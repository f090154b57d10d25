package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/internal/catalog"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store"
)

// define reads and compiles one version.
func define(ctx context.Context, s store.Definitions, ref DefinitionRef) Defined {
	if ref.Workflow == kernel.BulkWorkflow {
		def, err := bulkDefinition()
		return Defined{Ref: ref, Definition: def, Err: err, Final: true}
	}
	d, err := s.Get(ctx, ref.Namespace, ref.Workflow, ref.Version)
	if err != nil {
		return Defined{Ref: ref, Err: err, Final: errors.Is(err, store.ErrNotFound)}
	}
	def, err := Compile(d.Body)
	return Defined{Ref: ref, Definition: def, Err: err, Final: true}
}

// Choose finds the version of workflow that a start gets: of those that fit the constraint and are not retired the
// highest, or without a constraint the active one. Body and Source are not read. Where there is none the error wraps
// [store.ErrNotFound] and says what there is.
func Choose(ctx context.Context, s store.Definitions, namespace, workflow, constraint string) (store.Definition, error) {
	all, err := s.List(ctx, namespace, workflow)
	if err != nil {
		return store.Definition{}, err
	}
	c := Catalog(all)
	v, ok := c.Resolve(workflow, constraint)
	if !ok {
		return store.Definition{}, fmt.Errorf("%s: %w", c.Unresolved(workflow, constraint), store.ErrNotFound)
	}
	i := slices.IndexFunc(all, func(d store.Definition) bool { return d.Version == v.Version })
	return all[i], nil
}

// Catalog is what a store lists, for the law of versions.
func Catalog(all []store.Definition) catalog.Catalog {
	c := make(catalog.Catalog, len(all))
	for i, d := range all {
		c[i] = catalog.Version{Workflow: d.Workflow, Version: d.Version, Hash: d.Hash, Uses: d.Uses, Retired: d.Retired, Active: d.Active}
	}
	return c
}

// Compile prepares the canonical JSON of a definition.
func Compile(body []byte) (def *kernel.Definition, err error) {
	defer func() {
		if r := recover(); r != nil {
			def, err = nil, fmt.Errorf("compiling the definition: %v", r)
		}
	}()
	var w model.Workflow
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, fmt.Errorf("reading the definition: %w", err)
	}
	def, faults := kernel.Compile(&w)
	for _, f := range faults {
		if !f.Warn {
			return nil, fmt.Errorf("%s at node %q: %s", f.Code, f.Node, f.Message)
		}
	}
	input, err := checkOf(&w)
	if err != nil {
		return nil, fmt.Errorf("the input of the definition: %w", err)
	}
	signal, err := signalCheckOf(&w)
	if err != nil {
		return nil, fmt.Errorf("the signals of the definition: %w", err)
	}
	def.CheckWith(input, signal)
	return def, nil
}

// Codes of starts by other executions that find no version.
const (
	codeUnknownWorkflow = "unknown_workflow"
	codeRetired         = "retired"
)

// resolve finds the version that a start by another execution uses.
func resolve(ctx context.Context, s store.Definitions, ref shard.Resolve) Resolved {
	out := Resolved{Ref: ref}
	all, err := s.List(ctx, ref.Namespace, ref.Workflow)
	if err != nil {
		out.Err = err
		return out
	}
	c := Catalog(all)
	v, ok := c.Resolve(ref.Workflow, ref.Constraint)
	if ok {
		out.Version, out.Hash = v.Version, v.Hash
		return out
	}
	out.Fault = &model.Error{Code: codeUnknownWorkflow, Message: c.Unresolved(ref.Workflow, ref.Constraint)}
	if v.Retired {
		out.Fault.Code = codeRetired
	}
	return out
}
