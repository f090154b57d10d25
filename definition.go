package pawl

import (
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/function"
)

// Definition is one workflow of a file, checked and in its canonical form.
type Definition struct {
	Workflow *model.Workflow
	// Hash identifies the meaning: equal for equal behaviour, whatever the text.
	Hash string
	// Source is the text of its document, which begins in Line of File.
	Source []byte
	File   string
	Line   int
}

// Check reads a file or builder without an engine: every workflow in it, and all faults and warnings at once. Nodes
// are the effect node types that may be used beside function. With faults that are more than warnings the error has
// [CodeFaults] and wraps [Faults].
func Check(src Source, nodes ...node.Type) ([]Definition, Faults, error) {
	name, text, err := src.read()
	if err != nil {
		return nil, nil, err
	}
	docs, faults := spec.CheckAll(text, specOptions(name, nodes))
	if err := faults.Err(); err != nil {
		return nil, faults, &Error{Code: CodeFaults, Message: "the definition cannot be used", Cause: err}
	}
	defs := make([]Definition, len(docs))
	for i, d := range docs {
		hash, err := d.Workflow.Hash()
		if err != nil {
			return nil, faults, &Error{Code: CodeInvalid, Message: "encoding the definition", Cause: err}
		}
		defs[i] = Definition{Workflow: d.Workflow, Hash: hash, Source: d.Source, File: d.File, Line: d.Line}
	}
	return defs, faults, nil
}

func specOptions(file string, nodes []node.Type) spec.Options {
	types := map[string]spec.NodeType{function.Type: specType(function.Descriptor())}
	for _, n := range nodes {
		types[n.Descriptor.Type] = specType(n.Descriptor)
	}
	return spec.Options{
		File:      file,
		Types:     func(name string) (spec.NodeType, bool) { t, ok := types[name]; return t, ok },
		TypeNames: func() []string { return sortedKeys(types) },
	}
}

func specType(d node.Descriptor) spec.NodeType {
	return spec.NodeType{
		Type: d.Type, Short: d.Short, Doc: d.Doc, Config: d.Config, Output: d.Output, Outcomes: d.Outcomes, Bad: d.Bad,
	}
}
