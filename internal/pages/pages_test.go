package pages

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/rehearse"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node/standard"
)

var update = flag.Bool("update", false, "write the edges and faults that the pages show")

// planned are node types that definitions may use and this program does not have: pages show them, cases mock them.
const planned = "types: {service: {}, ai: {outcomes: [tools]}, sql: {}, notify: {}, lua: {}, grpc: {}, publish: {}}\n"

var plannedNames = []string{"service", "ai", "sql", "notify", "lua", "grpc", "publish"}

// block is one fenced block of a page: yaml, edges or faults. lines are its first and last line within the fences.
type block struct {
	info, text  string
	first, last int
}

// page is a file cut at its fences.
type page struct {
	name   string
	lines  []string
	blocks []block
}

func readPage(t *testing.T, file string) *page {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := &page{name: file, lines: strings.Split(string(raw), "\n")}
	open := -1
	for i, line := range p.lines {
		switch {
		case !strings.HasPrefix(line, "```"):
		case open < 0:
			open = i
		default:
			info := strings.TrimPrefix(p.lines[open], "```")
			p.blocks = append(p.blocks, block{info, strings.Join(p.lines[open+1:i], "\n") + "\n", open + 1, i})
			open = -1
		}
	}
	if open >= 0 {
		t.Fatalf("%s:%d: the block does not end", file, open+1)
	}
	return p
}

// TestPages checks every definition of the pages and plays its cases: no faults but those that a page wants to show.
func TestPages(t *testing.T) {
	files, err := filepath.Glob("../../docs/language/*.md")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, "../../docs/cookbook.md", "../../docs/coming-from.md")
	total := &tally{}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			p := readPage(t, file)
			p.check(t, total)
			if *update {
				p.write(t)
			}
		})
	}
	t.Logf("definitions=%d cases=%d faults=%d waiting=%d", total.definitions, total.cases, total.faults, total.waiting)
	if total.waiting > 0 {
		t.Errorf("%d definitions or cases could not be played", total.waiting)
	}
	if total.definitions < 40 || total.cases < 40 {
		t.Errorf("only %d definitions and %d cases", total.definitions, total.cases)
	}
}

// tally counts what the pages show. waiting are definitions that the compiler calls unsupported: they are read, not run.
type tally struct{ definitions, cases, faults, waiting int }

func (p *page) check(t *testing.T, total *tally) {
	definition, shown, at, played := "", "", 0, true
	for i := range p.blocks {
		b := &p.blocks[i]
		switch first := firstWord(b.text); {
		case b.info == "yaml" && strings.HasPrefix(b.text, "# fault: "):
			total.faults++
			p.wrong(t, b, i)
			definition, played = "", true
		case b.info == "yaml" && first == "workflow":
			if !played && definition != "" && strings.HasSuffix(p.name, "cookbook.md") {
				t.Errorf("%s:%d: the definition has no cases", p.name, at)
			}
			total.definitions++
			definition, shown, at, played = b.text, b.text, b.first, false
			if p.right(t, b) {
				total.waiting++
				definition, played = "", true
			}
		case b.info == "yaml" && (first == "cases" || first == "mocks"):
			played = true
			if definition != "" {
				total.cases += p.play(t, b, definition, total)
			}
		case b.info == "edges":
			p.shown(t, b, i, edges(shown))
		}
	}
}

func firstWord(text string) string {
	for _, line := range strings.Split(text, "\n") {
		if line != "" && line[0] != '#' {
			word, _, _ := strings.Cut(line, ":")
			return word
		}
	}
	return ""
}

func options(file string) spec.Options {
	return spec.Options{File: file, Types: func(name string) (spec.NodeType, bool) {
		for _, d := range standard.Descriptors() {
			if d.Type == name {
				return spec.NodeType{Type: d.Type, Config: d.Config, Output: d.Output, Outcomes: d.Outcomes, Bad: d.Bad}, true
			}
		}
		if name == "ai" {
			return spec.NodeType{Type: name, Outcomes: []string{"tools"}}, true
		}
		return spec.NodeType{Type: name}, slices.Contains(plannedNames, name)
	}}
}

// right checks a definition that is to be good. It reports whether it is one for a later version to run.
func (p *page) right(t *testing.T, b *block) (waiting bool) {
	_, faults := spec.CheckAll([]byte(b.text), options(""))
	for _, f := range faults {
		if f.Code == "unsupported" {
			waiting = true
			continue
		}
		t.Errorf("%s:%d: %s", p.name, b.first+f.Line, f.Pretty(false))
	}
	return waiting
}

// wrong checks a definition that shows a fault, and the message that the page shows for it.
func (p *page) wrong(t *testing.T, b *block, i int) {
	line, _, _ := strings.Cut(b.text, "\n")
	want := strings.TrimPrefix(line, "# fault: ")
	_, faults := spec.CheckAll([]byte(b.text), options(""))
	found, message := false, ""
	for _, f := range faults {
		found = found || f.Code == want
		message += f.Pretty(false)
	}
	if !found {
		t.Errorf("%s:%d: want %s, got %v", p.name, b.first, want, faults)
		return
	}
	if i+1 < len(p.blocks) && p.blocks[i+1].info == "faults" {
		p.shown(t, &p.blocks[i+1], i+1, strings.TrimRight(message, "\n")+"\n")
	}
}

// shown compares a block with what it is to show, or writes it.
func (p *page) shown(t *testing.T, b *block, i int, want string) {
	if *update {
		p.blocks[i].text = want
		return
	}
	if b.text != want {
		t.Errorf("%s:%d: the block is out of date; run with -update. Want\n%s", p.name, b.first, want)
	}
}

// play runs cases on virtual time.
func (p *page) play(t *testing.T, b *block, definition string, total *tally) int {
	cases := b.text
	if !strings.Contains(cases, "\ntypes:") && !strings.HasPrefix(cases, "types:") {
		cases = planned + cases
	}
	s, err := rehearse.Load("page.test.yaml", standard.Descriptors(), func(path string) ([]byte, error) {
		if path == "page.yaml" {
			return []byte(definition), nil
		}
		return []byte(cases), nil
	})
	var faults spec.Faults
	if errors.As(err, &faults) {
		for _, f := range faults {
			t.Errorf("%s:%d: %s", p.name, b.first+f.Line, f.Pretty(false))
		}
		return 0
	}
	if err != nil {
		t.Errorf("%s:%d: %v", p.name, b.first, err)
		return 0
	}
	for i := range s.Spec.Cases {
		r := s.Run(&s.Spec.Cases[i], rehearse.Crash{})
		if !testing.Short() && len(r.Problems) == 0 && !strings.Contains(b.text, "# no crashes: ") {
			r, _ = s.Everywhere(&s.Spec.Cases[i])
		}
		if slices.ContainsFunc(r.Problems, func(p rehearse.Problem) bool { return strings.Contains(p.Text, "in a case yet") }) {
			total.waiting++ // an act that a later version of pawl test can do
			continue
		}
		for _, problem := range r.Problems {
			t.Errorf("%s:%d: %s: %s", p.name, b.first+problem.Line-1, r.Case, problem.Text)
		}
	}
	return len(s.Spec.Cases)
}

// write puts the blocks back into the page.
func (p *page) write(t *testing.T) {
	var out []string
	at := 0
	for _, b := range p.blocks {
		out = append(out, p.lines[at:b.first]...)
		out = append(out, strings.Split(strings.TrimSuffix(b.text, "\n"), "\n")...)
		at = b.last
	}
	out = append(out, p.lines[at:]...)
	if err := os.WriteFile(p.name, []byte(strings.Join(out, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// edges is the compiled form of the workflows of a text: of each graph where it starts, its edges, and what is inside.
func edges(definition string) string {
	docs, _ := spec.CheckAll([]byte(definition), options(""))
	var b strings.Builder
	for _, d := range docs {
		scope(&b, d.Workflow.Name, &d.Workflow.Root)
	}
	return b.String()
}

func scope(b *strings.Builder, name string, s *model.Scope) {
	fmt.Fprintf(b, "%s: start %s\n", name, strings.Join(s.Graph.Start, ", "))
	for _, e := range s.Graph.Edges {
		fmt.Fprintf(b, "  %s -%s-> %s", e.From, e.On, e.To)
		if e.When != "" {
			fmt.Fprintf(b, "  when %s", e.When)
		}
		b.WriteByte('\n')
	}
	if s.Finally != nil {
		scope(b, name+" finally", &model.Scope{Graph: *s.Finally})
	}
	for i := range s.Graph.Nodes {
		n := &s.Graph.Nodes[i]
		rules(b, n)
		c := n.Composite
		if c == nil {
			continue
		}
		if c.Scope != nil {
			scope(b, name+"/"+n.ID, c.Scope)
		}
		for k := range c.Branches {
			scope(b, name+"/"+n.ID+"/"+c.Branches[k].Name, &c.Branches[k].Scope)
		}
	}
}

// rules are those of a node that bear on its edges.
func rules(b *strings.Builder, n *model.Node) {
	var all []string
	switch {
	case n.Join.Each:
		all = append(all, "join each")
	case n.Join.N > 0:
		all = append(all, fmt.Sprintf("join %d", n.Join.N))
	}
	if n.SplitAll {
		all = append(all, "split all")
	}
	if n.Compensate != "" {
		all = append(all, "compensate "+n.Compensate)
	}
	if n.MaxRuns > 0 {
		all = append(all, fmt.Sprintf("max_runs %d", n.MaxRuns))
	}
	if len(all) > 0 {
		fmt.Fprintf(b, "  %s: %s\n", n.ID, strings.Join(all, ", "))
	}
}
