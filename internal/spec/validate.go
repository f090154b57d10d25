package spec

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/model"
	"github.com/santhosh-tekuri/jsonschema/v6"
	why "github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Codes of refused inputs and signal data.
const (
	CodeBadJSON     = "bad_json"         // not strict JSON: syntax, duplicate keys, invalid UTF-8, text behind it
	CodeJSONComplex = "json_too_complex" // nested too deeply, or a number that 64 bits do not hold
	CodeBadInput    = "bad_input"        // against the schema
)

const (
	// inputDepth bounds the nesting of an input.
	inputDepth = 100
	// maxProblems bounds the problems told about one input.
	maxProblems = 20
)

// InputSchema is a compiled JSON Schema of an input or of a signal's data. Nil accepts any JSON.
type InputSchema struct{ compiled *jsonschema.Schema }

// CompileInput compiles the schema of a workflow's input or of a signal; nil or empty accepts anything. Callers keep
// the result: compiling costs more than checking. A definition without faults has schemas that compile.
func CompileInput(schema json.RawMessage) (*InputSchema, error) {
	if len(schema) == 0 {
		return nil, nil
	}
	v, fault, _ := readJSON(schema, MaxDepth)
	if fault != nil {
		return nil, errors.New("the schema is no JSON: " + fault.message)
	}
	compiled, err := compileSchema(v)
	if err != nil {
		return nil, err
	}
	return &InputSchema{compiled}, nil
}

// problem is one element of the details of a refused input.
type problem struct {
	// Path is a JSON pointer, "" for the input itself.
	Path    string `json:"path"`
	Message string `json:"message"`
}

// Validate checks that input is strict JSON and fits the schema. An empty input is null. The error, nil where input
// is accepted, is for whoever sent it: its details list every problem with its path.
func (s *InputSchema) Validate(input []byte) *model.Error {
	if len(input) == 0 {
		input = []byte("null")
	}
	v, fault := strictJSON(input)
	if fault != nil {
		return fault
	}
	if s == nil {
		return nil
	}
	var verr *jsonschema.ValidationError
	if !errors.As(s.compiled.Validate(v.plain()), &verr) {
		return nil
	}
	problems := leaves(nil, ordered(verr))
	if len(problems) == 0 {
		return nil
	}
	details, _ := json.Marshal(problems) // texts only: cannot fail
	first := problems[0]
	message := first.Message
	if first.Path != "" {
		message = first.Path + ": " + message
	}
	if len(problems) > 1 {
		message += " (and " + decimal(len(problems)-1) + " more)"
	}
	return &model.Error{Code: CodeBadInput, Message: message, Details: details}
}

// ValidateInput is CompileInput and Validate for callers that check once.
func ValidateInput(schema json.RawMessage, input []byte) *model.Error {
	s, err := CompileInput(schema)
	if err != nil {
		return &model.Error{Code: CodeSchema, Message: clip(err.Error())}
	}
	return s.Validate(input)
}

// strictJSON reads JSON from outside.
func strictJSON(input []byte) (*value, *model.Error) {
	refuse := func(code string, line, col int, message string) *model.Error {
		return &model.Error{Code: code, Message: "line " + decimal(line) + ", column " + decimal(col) + ": " + message}
	}
	if at, problem, _ := unreadable(input); problem != "" && problem != "a control character" && !strings.HasPrefix(problem, "a character that hides") {
		line, col := chunk{input, 1}.place(at)
		return nil, refuse(CodeBadJSON, line, col, problem)
	}
	v, fault, duplicates := readJSON(input, inputDepth)
	if fault == nil && len(duplicates) > 0 {
		fault = &duplicates[0]
	}
	switch {
	case fault == nil:
		return v, nil
	case fault.code == CodeTooDeep || fault.code == CodeNumber:
		return nil, refuse(CodeJSONComplex, fault.line, fault.col, fault.message)
	}
	return nil, refuse(CodeBadJSON, fault.line, fault.col, fault.message)
}

// leaves lists what is wrong, the innermost causes first told once.
func leaves(out []problem, e *jsonschema.ValidationError) []problem {
	if len(out) >= maxProblems {
		return out
	}
	switch e.ErrorKind.(type) {
	case *why.AnyOf, *why.OneOf:
		if wants := alternatives(e); wants != "" {
			return append(out, problem{pointer(e.InstanceLocation), "must be " + wants})
		}
	}
	if len(e.Causes) == 0 {
		return append(out, problem{pointer(e.InstanceLocation), clip(sentence(e))})
	}
	for _, c := range e.Causes {
		out = leaves(out, c)
	}
	return out
}

func sentence(e *jsonschema.ValidationError) string {
	switch k := e.ErrorKind.(type) {
	case *why.Type:
		return "must be " + schemaTypes(k.Want) + ", not " + schemaTypes([]string{k.Got})
	case *why.Required:
		return "needs " + strings.Join(k.Missing, ", ")
	case *why.AdditionalProperties:
		return "has no key " + strings.Join(slices.Sorted(slices.Values(k.Properties)), ", ")
	case *why.Enum:
		return "must be one of " + list(k.Want)
	}
	return english(e.ErrorKind)
}

// pointer writes a path as a JSON pointer.
func pointer(path []string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var b strings.Builder
	for _, step := range path {
		b.WriteString("/" + escape.Replace(step))
	}
	return b.String()
}
