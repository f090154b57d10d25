package engine

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
)

// CodeInvalidInput is the code of a start by another execution whose input the definition does not take.
const CodeInvalidInput = "invalid_input"

// checkOf makes the check of inputs that come from other executions: defaults, then the schema.
func checkOf(w *model.Workflow) (kernel.InputCheck, error) {
	defaults, err := spec.CompileDefaults(w.Input, w.InputDefaults)
	if err != nil {
		return nil, err
	}
	schema, err := spec.CompileInput(w.Input)
	if err != nil {
		return nil, err
	}
	no := false
	refuse := func(message string, details json.RawMessage) *model.Error {
		return &model.Error{Code: CodeInvalidInput, Message: "the input of " + w.Name + ": " + message, Details: details, Retryable: &no}
	}
	return func(raw, by []byte, now int64, seed uint64) (input, trigger []byte, bad *model.Error) {
		if by == nil {
			by = []byte(`{"type":"execution","time":"` + expr.FormatTime(now) + `"}`)
		}
		input, trigger, err := defaults.Fill(raw, by, now, seed)
		if err != nil {
			return nil, nil, refuse(err.Error(), nil)
		}
		if e := schema.Validate(input); e != nil {
			return nil, nil, refuse(e.Message, e.Details)
		}
		return input, trigger, nil
	}, nil
}

// signalCheckOf makes the check of signals that come from other executions.
func signalCheckOf(w *model.Workflow) (kernel.SignalCheck, error) {
	schemas := make(map[string]*spec.InputSchema, len(w.Signals))
	for _, name := range slices.Sorted(maps.Keys(w.Signals)) {
		schema, err := spec.CompileInput(w.Signals[name].Schema)
		if err != nil {
			return nil, err
		}
		schemas[name] = schema
	}
	no := false
	return func(name string, data []byte) *model.Error {
		schema := schemas[name]
		if schema == nil {
			return nil
		}
		if e := schema.Validate(data); e != nil {
			return &model.Error{Code: CodeInvalidInput, Message: "the data of signal " + name + ": " + e.Message, Details: e.Details, Retryable: &no}
		}
		return nil
	}, nil
}
