package spec

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const reference = "../../docs/reference/definitions.md"

// TestReferenceIsComplete compares the tables of the reference with the tables of keys; -update writes them.
func TestReferenceIsComplete(t *testing.T) {
	page := string(readTest(t, reference))
	want := map[string]string{"codes": codeTable(t)}
	for _, s := range sections() {
		if s.name != "case" && s.name != "entry" && s.name != "graph" {
			want["keys: "+s.name] = keyTable(s)
		}
	}
	for mark, table := range want {
		begin := "<!-- " + mark + " -->\n"
		before, rest, ok := strings.Cut(page, begin)
		got, after, closed := strings.Cut(rest, "<!-- end -->")
		if !ok || !closed {
			t.Errorf("there is no %s", strings.TrimSpace(begin))
			continue
		}
		if got != table && !*update {
			t.Errorf("%s is out of date; run with -update", mark)
		}
		page = before + begin + table + "<!-- end -->" + after
	}
	if *update {
		if err := os.WriteFile(reference, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func keyTable(s *section) string {
	var b strings.Builder
	if s.doc != "" {
		b.WriteString("\n" + s.doc + "\n")
	}
	if s.short != "" {
		b.WriteString("Short: " + s.short + ".\n")
	}
	b.WriteString("\n| key | takes | default | |\n| --- | --- | --- | --- |\n")
	for _, k := range s.keys {
		def := k.def
		if k.must {
			def = "**required**"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s `%s` |\n", k.name, k.takes, def, k.doc, k.example)
	}
	return b.String() + "\n"
}

// codeTable lists the codes with the comments of their constants.
func codeTable(t *testing.T) string {
	f, err := parser.ParseFile(token.NewFileSet(), "fault.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("\n| code | |\n| --- | --- |\n")
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil || spec.Comment == nil {
			t.Errorf("%s has no comment", spec.Names[0].Name)
			return true
		}
		what := strings.TrimSpace(spec.Comment.Text())
		star := ""
		if rest, ok := strings.CutSuffix(what, ": a warning"); ok {
			what, star = rest, " *"
		}
		fmt.Fprintf(&b, "| `%s`%s | %s |\n", code, star, what)
		return true
	})
	return b.String() + "\n"
}

var fence = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestReferenceSnippetsAreRead reads every YAML snippet of the reference. One that is no whole definition is a list of nodes.
func TestReferenceSnippetsAreRead(t *testing.T) {
	found := fence.FindAllStringSubmatch(string(readTest(t, reference)), -1)
	if len(found) < 20 {
		t.Fatalf("only %d snippets", len(found))
	}
	for _, m := range found {
		src := m[1]
		if strings.HasPrefix(src, "- ") {
			src = "workflow: snippet\nnodes:\n  " + strings.ReplaceAll(src, "\n", "\n  ")
		}
		_, faults := CheckAll([]byte(src), testOptions("snippet"))
		for _, f := range faults {
			if f.Code != "unsupported" {
				t.Errorf("%s\n%s", f.Pretty(false), src)
			}
		}
	}
}

// around holds a key of a section in a whole definition; %s is the example.
var around = map[string]string{
	"file":      "workflow: w\nnodes: {done: {end: {}}}\n%s\n",
	"node":      "workflow: w\nnodes:\n  a:\n    call: f\n    %s\n",
	"composite": "workflow: w\nnodes:\n  a:\n    foreach: {items: [1], do: [{b: {call: f}}]}\n    %s\n",
	"defaults":  "workflow: w\ndefaults:\n  %s\nnodes: {done: {end: {}}}\n",
	"policy":    "workflow: w\nnodes:\n  a:\n    call: f\n    retry:\n      max_attempts: 2\n      %s\n",
	"limit":     "workflow: w\nnodes:\n  a:\n    call: f\n    limits:\n      - name: x\n        concurrency: 2\n        %s\n",
	"trigger":   "workflow: w\ntriggers:\n  - every: 1h\n    %s\nnodes: {done: {end: {}}}\n",
	"debounce":  "workflow: w\ntriggers:\n  - every: 1h\n    debounce:\n      quiet: 1s\n      %s\nnodes: {done: {end: {}}}\n",
	"batch":     "workflow: w\ntriggers:\n  - every: 1h\n    batch:\n      size: 2\n      wait: 1s\n      %s\nnodes: {done: {end: {}}}\n",
	"signals":   "workflow: w\nsignals:\n  s:\n    %s\nnodes: {done: {end: {}}}\n",
	"input":     "workflow: w\ninput:\n  schema: {type: object}\n  %s\nnodes: {done: {end: {}}}\n",
	"entry":     "workflow: w\nnodes:\n  a:\n    call: f\n    next:\n      - to: review\n        %s\n  review: {call: f}\n",
	"graph":     "workflow: w\nnodes:\n  s:\n    scope:\n      do:\n        nodes: {a: {call: f}}\n        %s\n",
	"switch":    "workflow: w\nnodes:\n  a:\n    switch:\n      cases: [{when: input.x, outcome: y}]\n      %s\n",
	"case":      "workflow: w\nnodes:\n  a:\n    switch:\n      - when: input.x\n        outcome: y\n        %s\n",
	"set":       "workflow: w\nvars: {x: 1, messages: [], seen: {}, attempts: 0, note: ''}\nnodes:\n  a:\n    set:\n      %s\n",
	"wait":      "workflow: w\nvars: {ready: 1}\nnodes:\n  a:\n    wait:\n      signal: s\n      %s\n",
	"signal":    "workflow: w\nnodes:\n  a:\n    signal:\n      name: s\n      %s\n",
	"approval":  "workflow: w\nnodes:\n  a:\n    approval:\n      title: t\n      %s\n",
	"send":      "workflow: w\nnodes:\n  a:\n    send:\n      to: parent\n      signal: s\n      %s\n",
	"cancel":    "workflow: w\nstart: [a, slow]\nnodes:\n  slow: {call: f}\n  a:\n    cancel:\n      %s\n",
	"end":       "workflow: w\nnodes:\n  a:\n    end:\n      %s\n",
	"scope":     "workflow: w\nnodes:\n  a:\n    scope:\n      do: [{b: {call: f}}]\n      %s\n",
	"parallel":  "workflow: w\nnodes:\n  a:\n    parallel:\n      branches: {x: [{b: {call: f}}]}\n      %s\n",
	"foreach":   "workflow: w\nnodes:\n  a:\n    foreach:\n      items: [1]\n      do: [{b: {call: f}}]\n      %s\n",
	"loop":      "workflow: w\nnodes:\n  a:\n    loop:\n      do: [{b: {call: f}}]\n      max: 3\n      %s\n",
	"workflow":  "workflow: w\nnodes:\n  a:\n    workflow:\n      name: other\n      %s\n",
}

// TestExamplesOfKeysAreRead reads the example of every key where it belongs. It replaces a key of the frame of the same
// name. What the example names elsewhere (a node, a policy) need not be there.
func TestExamplesOfKeysAreRead(t *testing.T) {
	elsewhere := map[string]bool{CodeUnknownNode: true, CodeStart: true, CodeUnknownName: true, CodeMissing: true, CodeTwice: true, CodeNotHere: true, CodeUnused: true, CodeEdge: true, CodeTwoTypes: true, CodeUnnamed: true}
	for _, s := range sections() {
		frame := around[s.name]
		if frame == "" {
			t.Errorf("there is no frame for %s", s.name)
			continue
		}
		for _, k := range s.keys {
			src := fmt.Sprintf(frame, k.example)
			name, _, _ := strings.Cut(k.example, ":")
			if name != k.name && s.name != "set" {
				t.Errorf("the example of %s.%s is %s", s.name, k.name, k.example)
			}
			_, faults := Parse([]byte(src), testOptions("example"))
			for _, f := range faults {
				if f.Code == CodeDuplicate && strings.Contains(f.Message, strconv.Quote(k.name)) || elsewhere[f.Code] {
					continue
				}
				t.Errorf("%s.%s: %s\n%s", s.name, k.name, f, src)
			}
		}
	}
}
