package spec

import (
	"encoding/json"

	"github.com/pawl-dev/pawl/model"
)

// Bounds of a definition. They hold before anything recurses or expands.
const (
	MaxDocument  = 512 << 10 // bytes of one document
	MaxFile      = 16 << 20  // bytes of one file
	MaxDocuments = 1000      // in one file
	MaxDepth     = 200       // of nested lists and maps
	MaxFaults    = 100       // reported for one file
	maxExpanded  = 2 << 20   // bytes and values of a document after its aliases are expanded
)

// Options say what a definition may use.
type Options struct {
	// File is the name shown in faults; a name that ends in .json is read as strict JSON.
	File string
	// Types finds an effect node type by name. Nil accepts any name with any configuration.
	Types func(name string) (NodeType, bool)
	// TypeNames lists the effect node types, for suggestions, Schema and Explain. It may be nil.
	TypeNames func() []string
}

// NodeType is what a definition must know of an effect node type; the fields mean what they mean in a descriptor.
type NodeType struct {
	Type  string
	Short string
	Doc   string
	// Config is the JSON Schema of the configuration, Output that of the raw result; nil is anything.
	Config json.RawMessage
	Output json.RawMessage
	// Outcomes the type can end with beside success and error, and those of them that are bad.
	Outcomes []string
	Bad      []string
}

// Document is one workflow of a file.
type Document struct {
	// Workflow is canonical. Where the document has faults it holds what could be read and must not be run.
	Workflow *model.Workflow
	// File and Line say where the document begins, Source is its text.
	File   string
	Line   int
	Source []byte

	broken bool
	// told are the places of faults found while reading; what the compiler says there follows from them.
	told map[[2]int]bool
	// undoes are the nodes that no edge may reach: compensations and finally nodes.
	undoes map[string]bool
	// nodes finds where a node and each of its fields were written; "" is the workflow itself.
	nodes map[string]*written
}

// written is where one node stands in the text.
type written struct {
	key    *value
	fields map[string]*value
}

func (o *Options) lookup(name string) (NodeType, bool) {
	if o.Types == nil {
		return NodeType{Type: name}, true
	}
	return o.Types(name)
}

func (o *Options) typeNames() []string {
	if o.TypeNames == nil {
		return nil
	}
	return o.TypeNames()
}
