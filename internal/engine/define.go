package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl/internal/kernel"
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
	return def, nil
}
