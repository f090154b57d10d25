package rehearse

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
)

// Suite is a file of cases with the workflows they are about.
type Suite struct {
	File      string
	Spec      *spec.Suite
	Workflows []*model.Workflow
	// First is the workflow of cases that name none.
	First string
	// Coverage is what the cases have gone through so far.
	Coverage *Coverage
}

// Load reads a file of cases and the definitions that it is about. types are the node types there are; read reads a
// file by its path. The faults of all files come together, as spec.Faults, and everything else as an error.
func Load(file string, types []node.Descriptor, read func(path string) ([]byte, error)) (*Suite, error) {
	text, err := read(file)
	if err != nil {
		return nil, err
	}
	cases, faults := spec.ParseSuite(text, file)
	if faults.Bad() {
		return nil, faults
	}
	s := &Suite{File: file, Spec: cases, Coverage: &Coverage{}}
	files := cases.Definitions
	if len(files) == 0 {
		beside, ok := definitionOf(filepath.Base(file))
		if !ok {
			return nil, fmt.Errorf("%s: name the definition file with test: FILE, or call this one NAME.test.yaml", file)
		}
		files = []string{beside}
	}
	for i, name := range files {
		path := filepath.Join(filepath.Dir(file), name)
		text, err := read(path)
		if err != nil {
			return nil, fmt.Errorf("%s is about %s: %w", file, name, err)
		}
		docs, found := spec.CheckAll(text, options(path, types, cases.Types))
		if found.Bad() {
			return nil, found
		}
		for _, d := range docs {
			s.Workflows = append(s.Workflows, d.Workflow)
			s.Coverage.add(d.Workflow)
		}
		if i == 0 {
			s.First = docs[len(docs)-1].Workflow.Name
		}
	}
	return s, nil
}

// definitionOf is the name of the definition file that a file of cases stands beside.
func definitionOf(base string) (string, bool) {
	for _, ext := range []string{".yaml", ".yml", ".json"} {
		if name, ok := strings.CutSuffix(base, ".test"+ext); ok {
			return name + ext, true
		}
	}
	return "", false
}

// IsSuite reports whether a file is one of cases, by its name.
func IsSuite(name string) bool {
	_, ok := definitionOf(filepath.Base(name))
	return ok
}

func options(file string, types []node.Descriptor, declared map[string]spec.NodeType) spec.Options {
	known := map[string]spec.NodeType{}
	for _, d := range types {
		known[d.Type] = spec.NodeType{Type: d.Type, Short: d.Short, Doc: d.Doc, Config: d.Config, Output: d.Output, Outcomes: d.Outcomes, Bad: d.Bad}
	}
	names := make([]string, 0, len(types)+len(declared))
	for _, d := range types {
		names = append(names, d.Type)
	}
	for name, t := range declared {
		if _, there := known[name]; !there {
			known[name] = t
			names = append(names, name)
		}
	}
	return spec.Options{
		File:      file,
		Types:     func(name string) (spec.NodeType, bool) { t, ok := known[name]; return t, ok },
		TypeNames: func() []string { return names },
	}
}
