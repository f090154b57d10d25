package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store"
)

// define reads and compiles one version.
func define(ctx context.Context, s store.Definitions, ref DefinitionRef) Defined {
	d, err := s.Get(ctx, ref.Namespace, ref.Workflow, ref.Version)
	if err != nil {
		return Defined{Ref: ref, Err: err, Final: errors.Is(err, store.ErrNotFound)}
	}
	def, err := Compile(d.Body)
	return Defined{Ref: ref, Definition: def, Err: err, Final: true}
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
	d, err := s.Get(ctx, ref.Namespace, ref.Workflow, ref.Constraint)
	switch {
	case errors.Is(err, store.ErrNotFound):
		out.Fault = &model.Error{Code: codeUnknownWorkflow, Message: "there is no workflow " + ref.Workflow}
		if ref.Constraint != "" {
			out.Fault.Message = "no version of " + ref.Workflow + " fits " + ref.Constraint
		}
	case err != nil:
		out.Err = err
	case d.Retired:
		out.Fault = &model.Error{Code: codeRetired, Message: d.Workflow + " " + d.Version + " takes no new starts"}
	default:
		out.Version, out.Hash = d.Version, d.Hash
	}
	return out
}
