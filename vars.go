package pawl

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
)

// SetVars changes variables of the execution, all or none, in order; conditions that read them are looked at again. Ops
// are set (also empty), append, concat, merge, add and unset. See [In] and [IfSeq].
func (e *Engine) SetVars(ctx context.Context, id string, vars []Change, opts ...CommandOption) error {
	o := e.commandOptions(opts)
	in := kernel.Input{Kind: kernel.InVars, Step: o.scope}
	for _, a := range vars {
		if err := checkText("the variable", a.Var, maxName); err != nil {
			return err
		}
		raw, err := encode("the value of "+a.Var, a.Value)
		if err != nil {
			return err
		}
		if raw != nil {
			if err := checkJSON("the value of "+a.Var, raw); err != nil {
				return err
			}
		}
		in.Vars = append(in.Vars, model.Assign{Var: a.Var, Op: a.Op, Value: raw})
	}
	return e.operate(ctx, id, in, opts)
}

// Change is one assignment of a variable. Value is anything that marshals to JSON.
type Change struct {
	Var   string `json:"var"`
	Op    string `json:"op,omitempty"`
	Value any    `json:"value"`
}

// Vars reads the variables of an open execution, those that the scope of [In] sees, and the entry as of which they are.
func (e *Engine) Vars(ctx context.Context, id string, opts ...CommandOption) (vars map[string]json.RawMessage, seq uint64, err error) {
	x, err := e.parseID(id)
	if err != nil {
		return nil, 0, err
	}
	o := e.commandOptions(opts)
	var found, closed bool
	r, err := e.do(ctx, engine.Command{Verb: shard.View, Execution: x, Look: func(s *kernel.State, _ *kernel.Definition) bool {
		var got map[string][]byte
		got, found = kernel.Vars(s, o.scope)
		closed = s.Status().Closed()
		vars = make(map[string]json.RawMessage, len(got))
		for name, raw := range got {
			vars[name] = bytes.Clone(raw)
		}
		return true
	}})
	switch {
	case err != nil:
		return nil, 0, err
	case closed:
		return nil, 0, &Error{Code: CodeClosed, Message: "the execution has ended, and its variables with it"}
	case !found:
		return nil, 0, &Error{Code: CodeUnknownStep, Message: "the execution has no open scope or step " + short(o.scope)}
	}
	return vars, r.Seq, nil
}
