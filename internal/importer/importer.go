package importer

import (
	"path"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/nearest"
	"github.com/pawl-dev/pawl/internal/spec"
)

// MaxText bounds what an import may write: a small source can name a large value often.
const MaxText = 4 << 20

// Options say where a definition comes from.
type Options struct {
	// File is the name shown in faults; one that ends in .json is read as strict JSON.
	File string
	// Name of the workflow, for formats that have none. Without it, it comes from the name of the file.
	Name string
}

// Result is an imported definition.
type Result struct {
	// Text is the definition file.
	Text []byte
	// Report tells what became of each construct of the source.
	Report Report
}

// format is one definition language.
type format struct {
	name, about string
	read        func(*job) *val
}

func formats() []format {
	return []format{
		{"dag-engine", "gbasilveira/workflows: a YAML manifest, apiVersion workflows/v1", readDagEngine},
		{"gofi", "robrotheram/gofi: a graph of processes in JSON", readGofi},
		{"parevo", "parevo/flow: a workflow of nodes and edges in JSON", readParevo},
		{"pocketflow", "nuknal/PocketFlowGo: a flow of nodes and actions in JSON or YAML", readPocketFlow},
	}
}

// Formats lists the formats by name.
func Formats() []string {
	var out []string
	for _, f := range formats() {
		out = append(out, f.name)
	}
	return out
}

// job is one import on its way.
type job struct {
	o     Options
	src   *spec.Text
	names *names
	rep   Report
	told  map[spec.Tree]bool
	// within are definitions that stand in texts of the source.
	within []at
}

func newJob(format string, src []byte, o Options) *job {
	j := &job{o: o, src: spec.ReadText(src, o.File), names: newNames(), told: map[spec.Tree]bool{}}
	j.rep.Format, j.rep.File = format, o.File
	return j
}

// Import reads a definition of another engine. The error is spec.Faults, with places in the source.
func Import(name string, src []byte, o Options) (*Result, error) {
	i := slices.IndexFunc(formats(), func(f format) bool { return f.name == name })
	if i < 0 {
		hint := "known: " + strings.Join(Formats(), ", ")
		if best := nearest.Word(name, Formats()); best != "" {
			hint = "did you mean " + best + "?"
		}
		return nil, spec.Faults{{File: o.File, Line: 1, Column: 1, Code: spec.CodeUnknownName, Message: "there is no format " + quote(name), Hint: hint}}
	}
	f := formats()[i]
	j := newJob(f.name, src, o)
	if j.src.Faults().Bad() {
		return nil, j.src.Faults()
	}
	if j.src.Root.Kind() != "map" {
		j.fault(at{j: j, t: j.src.Root}, spec.CodeWrongType, "a definition is a map, this is "+kindName(j.src.Root), "is it a file of "+f.about+"?")
		return nil, j.src.Faults()
	}
	doc := f.read(j)
	if j.src.Faults().Bad() {
		return nil, j.src.Faults()
	}
	for _, x := range append(j.within, j.root()) {
		j.leftovers(x)
	}
	text, ok := write(doc)
	if !ok {
		j.fault(at{j: j, t: j.src.Root}, spec.CodeTooLarge, "the imported definition would be larger than 4 MiB", "a large value is used by many nodes; move it into the input")
		return nil, j.src.Faults()
	}
	j.rep.finish(doc, text, j.src.Faults())
	return &Result{Text: text, Report: j.rep}, nil
}

// root is the whole source.
func (j *job) root() at { return at{j: j, t: j.src.Root} }

// title is the name of the workflow where the source has none.
func (j *job) title() string {
	if j.o.Name != "" {
		return j.o.Name
	}
	base := path.Base(strings.ReplaceAll(j.o.File, "\\", "/"))
	base, _, _ = strings.Cut(base, ".")
	if base == "" || base == "-" || base == "/" {
		return "imported"
	}
	return base
}

// fault reports what makes the source no definition of its format.
func (j *job) fault(x at, code, message, hint string) {
	at := x.t
	if x.inside.Exists() {
		at = x.inside
	}
	j.src.Add(at, spec.Fault{Code: code, Message: message, Hint: hint, Field: x.path})
}
