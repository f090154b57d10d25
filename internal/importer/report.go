package importer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/spec"
)

// Verdict is what became of a construct.
type Verdict string

// The verdicts.
const (
	Kept    Verdict = "kept"     // it means the same
	Changed Verdict = "changed"  // it is written or works another way
	Look    Verdict = "look"     // a person must look at it; the definition has a comment there
	Out     Verdict = "left out" // it is not carried over
)

// Item tells about one construct of the source.
type Item struct {
	Line    int     `json:"line"`
	Column  int     `json:"column"`
	From    string  `json:"from"`
	Verdict Verdict `json:"verdict"`
	To      string  `json:"to,omitempty"`
	Note    string  `json:"note,omitempty"`
}

// Report tells what an import did.
type Report struct {
	Format   string `json:"format"`
	File     string `json:"file,omitempty"`
	Workflow string `json:"workflow"`
	Items    []Item `json:"items"`
	// Types are the effect node types that the definition needs, in order.
	Types []string `json:"types,omitempty"`
	// Secrets are those that the definition names.
	Secrets []string `json:"secrets,omitempty"`
	// Faults are what is still wrong with the definition, and Warnings what reading the source noticed.
	Faults   spec.Faults `json:"faults,omitempty"`
	Warnings spec.Faults `json:"warnings,omitempty"`
}

// add records one item, the same only once.
func (r *Report) add(it Item) {
	if n := len(r.Items); n > 0 && r.Items[n-1] == it {
		return
	}
	r.Items = append(r.Items, it)
}

// Count is the number of items with a verdict.
func (r *Report) Count(v Verdict) int {
	n := 0
	for _, it := range r.Items {
		if it.Verdict == v {
			n++
		}
	}
	return n
}

// finish puts the report in order and checks the definition.
func (r *Report) finish(doc *val, text []byte, warnings spec.Faults) {
	slices.SortStableFunc(r.Items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.From, b.From), cmp.Compare(a.Verdict, b.Verdict), cmp.Compare(a.Note, b.Note))
	})
	r.Items = slices.Compact(r.Items)
	type place struct {
		line, col int
		from      string
	}
	used := map[place]bool{}
	for _, it := range r.Items {
		at := place{it.Line, it.Column, it.From}
		used[at] = used[at] || it.Verdict != Out
	}
	// What one use of a value leaves out and another one needs is not left out.
	r.Items = slices.DeleteFunc(r.Items, func(it Item) bool { return it.Verdict == Out && used[place{it.Line, it.Column, it.From}] })
	r.Workflow = doc.get("workflow").text
	r.Warnings = warnings
	docs, faults := spec.CheckAll(text, spec.Options{File: r.Workflow + ".yaml"})
	for _, f := range faults {
		if f.Code != "unsupported" {
			r.Faults = append(r.Faults, f)
		}
	}
	uses := map[string]bool{}
	for _, d := range docs {
		typesOf(d.Workflow, uses)
	}
	r.Types = sorted(uses)
	r.Secrets = secretsIn(string(text))
}

// Text is the report for people.
func (r *Report) Text() string {
	var b strings.Builder
	name := r.File
	if name == "" || name == "-" {
		name = "the definition"
	}
	fmt.Fprintf(&b, "%s (%s) becomes the workflow %s: %d kept, %d changed, %d to look at, %d left out.\n",
		name, r.Format, r.Workflow, r.Count(Kept), r.Count(Changed), r.Count(Look), r.Count(Out))
	if len(r.Types) > 0 {
		fmt.Fprintf(&b, "It uses the node types %s.\n", strings.Join(r.Types, ", "))
	}
	if len(r.Secrets) > 0 {
		fmt.Fprintf(&b, "It reads the secrets %s.\n", strings.Join(r.Secrets, ", "))
	}
	for _, f := range r.Warnings {
		fmt.Fprintf(&b, "note: %s\n", f)
	}
	for _, v := range []Verdict{Look, Out, Changed, Kept} {
		r.section(&b, v)
	}
	if len(r.Faults) > 0 {
		fmt.Fprintf(&b, "\nwhat pawl validate still says\n")
		for _, f := range r.Faults {
			fmt.Fprintf(&b, "  %s\n", f)
		}
	}
	return b.String()
}

func (r *Report) section(b *strings.Builder, v Verdict) {
	title := map[Verdict]string{Look: "to look at", Out: "left out", Changed: "changed", Kept: "kept"}[v]
	for _, it := range r.Items {
		if it.Verdict != v {
			continue
		}
		if title != "" {
			fmt.Fprintf(b, "\n%s\n", title)
			title = ""
		}
		fmt.Fprintf(b, "  %d:%d  %s", it.Line, it.Column, oneLine(it.From))
		if it.To != "" {
			fmt.Fprintf(b, " -> %s", it.To)
		}
		if it.Note != "" {
			fmt.Fprintf(b, ": %s", it.Note)
		}
		b.WriteByte('\n')
	}
}
