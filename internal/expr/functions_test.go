package expr

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata and the reference page")

func TestExamplesOfFunctions(t *testing.T) {
	for _, f := range Functions() {
		if f.Doc == "" || f.Group == "" || !strings.HasPrefix(f.Signature, f.Name+"(") {
			t.Errorf("%s is not documented: %+v", f.Name, f)
		}
		if f.Example == "" {
			if fn := find(f.Name); !fn.drawn {
				t.Errorf("%s has no example", f.Name)
			}
			continue
		}
		if got, err := evalJSON(nil, f.Example); err != nil || got != f.Result {
			t.Errorf("%s: %s gives %s, %v; want %s", f.Name, f.Example, got, err, f.Result)
		}
	}
}

// TestGoldenFunctions: the list of functions is a contract with definitions that are stored; it only grows.
func TestGoldenFunctions(t *testing.T) {
	var b strings.Builder
	for _, f := range Functions() {
		b.WriteString(f.Signature + "\n")
	}
	golden(t, filepath.Join("testdata", "functions.txt"), b.String())
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is stale; run go test ./internal/expr -update, and look at what changed", path)
	}
}

const (
	docPath  = "../../docs/reference/expressions.md"
	docBegin = "<!-- functions: written by go test ./internal/expr -update -->\n"
	docEnd   = "<!-- end of functions -->\n"
)

// reference writes the chapter on functions.
func reference() string {
	var b strings.Builder
	for _, group := range []string{groupEach, groupList, groupMap, groupText, groupNumber, groupType, groupTime, groupOther} {
		fmt.Fprintf(&b, "\n### %s\n\n| function | what it gives | example |\n| --- | --- | --- |\n", group)
		for _, f := range table {
			if f.Group == group {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", cell(f.Signature), cell(f.Doc), exampleCell(f.Function))
			}
		}
	}
	return b.String() + "\n"
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

func exampleCell(f Function) string {
	if f.Example == "" {
		return ""
	}
	return "`" + cell(f.Example) + "` is `" + cell(f.Result) + "`"
}

// TestReferencePage: the page holds every function as it is, and its examples are true.
func TestReferencePage(t *testing.T) {
	page, err := os.ReadFile(docPath)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), docBegin)
	_, after, ok2 := strings.Cut(rest, docEnd)
	if !ok || !ok2 {
		t.Fatal("the page has no place for the functions")
	}
	golden(t, docPath, before+docBegin+reference()+docEnd+after)
	checkExamples(t, before+after)
}

// checkExamples evaluates every line "expression => result" of the page's code blocks. A result in quotes after
// "error" is a part of the message.
func checkExamples(t *testing.T, page string) {
	names := mapNames{}
	for name, raw := range map[string]string{
		"input": `{"customer": "Ada", "note": null, "items": [{"name": "pen", "price": 3, "qty": 10}, {"name": "ink", "price": 7.5, "qty": 0}]}`,
		"nodes": `{"charge": {"output": {"id": "c-7"}, "outcome": "success"}}`,
	} {
		v, err := Decode([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		names[name] = v
	}
	n := 0
	for line := range strings.Lines(page) {
		src, want, ok := strings.Cut(strings.TrimSpace(line), " => ")
		if !ok {
			continue
		}
		n++
		var got string
		var err error
		if strings.Contains(src, "${") {
			got, err = evalText(&Context{Names: names}, strings.TrimSpace(src))
		} else {
			got, err = evalJSON(&Context{Names: names}, strings.TrimSpace(src))
		}
		if text, failed := strings.CutPrefix(want, "error: "); failed {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: got %s, %v; want an error with %q", src, got, err, text)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", src, got, err, want)
		}
	}
	if n < 30 {
		t.Errorf("the page has %d examples", n)
	}
}

func evalText(c *Context, src string) (string, error) {
	t, err := CompileText(strings.Trim(src, `"`))
	if err != nil {
		return "", err
	}
	b, _, err := t.Append(nil, c)
	return string(b), err
}

// TestFunctionsTakeAnything: no function panics, whatever its arguments, and all failures are coded and point at the
// call.
func TestFunctionsTakeAnything(t *testing.T) {
	palette := []any{
		nil, true, int64(0), int64(3), int64(math.MinInt64), int64(math.MaxInt64), -1.5, 1e308, "", "a,b", "grün %Y 2026-01-01", []any{}, []any{int64(2), 1.5},
		[]any{"b", "a"}, []any{nil, "x", []any{int64(1)}}, []any{[]any{"k", int64(1)}}, map[string]any{}, map[string]any{"a": int64(1), "b": nil}, lazy{"a": "x"}, lazy{"broken": nil},
	}
	predicates := []string{"#", ".a", "# > 1", "#index", "#key", "true", "null", "[#]", "string(#)", "1 / 0"}
	for _, f := range table {
		var sources []string
		most := f.max
		if most < 0 {
			most = 3
		}
		for n := f.min; n <= most; n++ {
			if f.each == nil || n < 2 {
				sources = append(sources, f.Name+"("+strings.Join([]string{"v0", "v1", "v2"}[:n], ", ")+")")
				continue
			}
			for _, p := range predicates {
				args := []string{"v0", p, "v2"}[:n]
				sources = append(sources, f.Name+"("+strings.Join(args, ", ")+")")
			}
		}
		for _, src := range sources {
			p, err := Compile(src)
			if err != nil {
				t.Errorf("%s: %v", src, err)
				continue
			}
			tryAll(t, p, palette)
		}
	}
}

// tryAll evaluates p with every choice of values for the names v0 to v2 that it reads.
func tryAll(t *testing.T, p *Program, palette []any) {
	t.Helper()
	var names []string
	for _, r := range p.Reads() {
		names = append(names, r[0])
	}
	slices.Sort(names)
	total := 1
	for range names {
		total *= len(palette)
	}
	for i := range total {
		values := mapNames{}
		for _, name := range names {
			values[name] = palette[i%len(palette)]
			i /= len(palette)
		}
		v, err := p.Eval(&Context{Names: values, Cost: 10_000})
		if err == nil {
			if _, err := Append(nil, v); err != nil && codeOf(err) != CodeRead {
				t.Errorf("%s over %v gives no value: %v", p.Source(), values, err)
			}
			continue
		}
		if e, ok := err.(*Error); !ok || e.Code == "" || e.Source != p.Source() {
			t.Errorf("%s over %v: %#v", p.Source(), values, err)
		}
	}
}

// TestOperatorsTakeAnything is the same for operators.
func TestOperatorsTakeAnything(t *testing.T) {
	palette := []any{nil, true, int64(0), int64(-7), int64(math.MinInt64), int64(math.MaxInt64), -1.5, 0.0, 1e308, "", "grün", []any{}, []any{int64(2), "x"}, map[string]any{"a": int64(1)}, lazy{"a": "x"}, lazy{"broken": nil}}
	for _, src := range []string{
		"v0 + v1", "v0 - v1", "v0 * v1", "v0 / v1", "v0 % v1", "v0 ** v1", "v0 == v1", "v0 != v1", "v0 < v1", "v0 <= v1", "v0 > v1", "v0 >= v1", "v0 in v1", "v0 not in v1", "v0 contains v1", "v0 startsWith v1", "v0 endsWith v1", "v0 matches v1",
		"v0 ?? v1", "v0 && v1", "v0 || v1", "v0[v1]", "v0[v1:]", "v0[:v1]", "v0[v1:v2]", "v0.a", "v0.a.b", "v0?.a", "-v0", "+v0", "not v0", "v0 ? v1 : v2", "v0..v1", "[v0, v1]", "{a: v0}", "{(v0): v1}", "let x = v0; x.a",
	} {
		p, err := Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		tryAll(t, p, palette)
	}
}

func BenchmarkCondition(b *testing.B) {
	p, err := Compile("output.body.risk > 0.8")
	if err != nil {
		b.Fatal(err)
	}
	c := &Context{Names: mapNames{"output": map[string]any{"body": map[string]any{"risk": 0.9}}}}
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := p.Bool(c); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}

// TestConditionIsCheap: the budget of the kernel's transition has room for two allocations of a condition.
func TestConditionIsCheap(t *testing.T) {
	p, err := Compile("output.body.risk > 0.8 && output.status == 200")
	if err != nil {
		t.Fatal(err)
	}
	c := &Context{Names: mapNames{"output": map[string]any{"status": int64(200), "body": map[string]any{"risk": 0.9}}}}
	if n := testing.AllocsPerRun(100, func() {
		if ok, err := p.Bool(c); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}); n > 2 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkFilter(b *testing.B) {
	p, err := Compile("sum(filter(input.items, .qty > 0), .price * .qty)")
	if err != nil {
		b.Fatal(err)
	}
	items := make([]any, 100)
	for i := range items {
		items[i] = map[string]any{"qty": int64(i % 3), "price": 2.5}
	}
	c := &Context{Names: mapNames{"input": map[string]any{"items": items}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Eval(c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile("len(nodes.clean.output) > 100 && (input.note ?? true)"); err != nil {
			b.Fatal(err)
		}
	}
}
