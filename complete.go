package pawl

import (
	"context"
	"encoding/json"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
)

// Complete ends a step, live or parked at, as if its work had ended with outcome (empty: success) and output, which is
// checked against the schema of its node type. What the node does with a result it does with this one.
func (e *Engine) Complete(ctx context.Context, id, step, outcome string, output any, opts ...CommandOption) error {
	if err := checkText("the outcome", outcome, maxName); err != nil {
		return err
	}
	raw, err := encode("the output", output)
	if err != nil {
		return err
	}
	if err := e.checkOutput(ctx, id, step, raw); err != nil {
		return err
	}
	in := kernel.Input{Kind: kernel.InComplete, Step: step, Result: &model.Result{Outcome: outcome, Output: raw}}
	return e.operate(ctx, id, in, opts)
}

// checkOutput refuses what is no JSON, or breaks the output schema of the step's type.
func (e *Engine) checkOutput(ctx context.Context, id, step string, raw []byte) error {
	x, err := e.parseID(id)
	if err != nil {
		return err
	}
	var kind string
	_, err = e.do(ctx, engine.Command{Verb: shard.View, Execution: x, Look: func(s *kernel.State, d *kernel.Definition) bool {
		if n := kernel.NodeAt(d, s, step); n != nil {
			kind = n.Type
		}
		return true
	}})
	if err != nil {
		return err
	}
	var schema json.RawMessage
	for _, t := range e.nodeTypes() {
		if t.Descriptor.Type == kind {
			schema = t.Descriptor.Output
		}
	}
	c, err := spec.CompileInput(schema)
	if err != nil {
		return &Error{Code: CodeInvalid, Message: "the output schema of " + kind, Cause: err}
	}
	if bad := c.Validate(raw); bad != nil {
		return &Error{Code: CodeInvalid, Message: "the output of " + step, Cause: bad}
	}
	return nil
}
