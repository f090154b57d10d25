package expr

import (
	"encoding/json"
	"strings"
	"testing"
)

func appendTemplate(c *Context, raw string) (string, []Late, error) {
	t, err := CompileTemplate(Raw(raw))
	if err != nil {
		return "", nil, err
	}
	b, late, err := t.Append(nil, c)
	return string(b), late, err
}

func TestTemplateAppend(t *testing.T) {
	c := &Context{Names: fixture(t), Now: 5}
	for _, test := range []struct{ raw, want string }{
		// constants, in key order
		{`{"b": 1.0, "a": [true, null, "x"]}`, `{"a":[true,null,"x"],"b":1}`}, {`"plain"`, `"plain"`}, {`9007199254740993`, `9007199254740993`},
		// one expression keeps its type; anything beside it makes text
		{`"${ input.amount }"`, `250`}, {`"${input.amount}"`, `250`}, {`" ${ input.amount }"`, `" 250"`}, {`"${ input.amount } "`, `"250 "`}, {`"${ input.tags }"`, `["red","blue"]`}, {`"${ input.note }"`, `null`}, {`"${ input.ok }"`, `true`},
		{`"${ input.amount }${ input.rate }"`, `"2500.5"`}, {`"id=${ input.id }, tags=${ input.tags }, by=${ input.by }, none=${ input.note }, n=${ 1.0 }"`, `"id=o-1, tags=[\"red\",\"blue\"], by={\"adam\":2,\"zoe\":1}, none=null, n=1"`},
		{`{"z": "${ nodes.charge }", "a": ["${ 1 + 1 }", {"k": "x${ 1 }"}]}`, `{"a":[2,{"k":"x1"}],"z":{"outcome":"success","output":{"id":"c-7"},"runs":1}}`},
		// escapes
		{`"$${ input.id }"`, `"${ input.id }"`}, {`"$${a}${ 1 }$${b}"`, `"${a}1${b}"`}, {`"$$${ input.id }"`, `"$${ input.id }"`}, {`"$ {x} $x $"`, `"$ {x} $x $"`}, {`"a$"`, `"a$"`},
		// braces, strings and comments inside the expression
		{`"${ {a: {b: 1}}.a }"`, `{"b":1}`}, {`"${ '}' }"`, `"}"`}, {`"${ \"}\\\"}\" }"`, `"}\"}"`}, {"\"${ `}` + 'it' }\"", `"}it"`}, {`"${ 1 /* } */ }"`, `1`}, {`"${ 1 // }\n }"`, `1`}, {`"${ filter([1, 2], {# > 1}) }x"`, `"[2]x"`}, {`"${ '${ not scanned }' }"`, `"${ not scanned }"`},
		// keys are literal
		{`{"a.b": "${ 1 }", "$${x}": 2, "!": "${ 3 }"}`, `{"!":3,"${x}":2,"a.b":1}`},
		{`"${ now() } ${ input.word }"`, `"5 grüße"`},
	} {
		got, late, err := appendTemplate(c, test.raw)
		if err != nil || got != test.want || late != nil {
			t.Errorf("%s\n got %s %v %v\nwant %s", test.raw, got, late, err, test.want)
		}
	}
}

// TestDataIsNeverScanned: ${ } in a value of the data stays text, also after it was inserted.
func TestDataIsNeverScanned(t *testing.T) {
	c := &Context{Names: mapNames{"input": map[string]any{"evil": "${ secrets.x } $${ y }"}, "secrets": map[string]any{"x": "hunter2"}}}
	for raw, want := range map[string]string{
		`"${ input.evil }"`:            `"${ secrets.x } $${ y }"`,
		`"a ${ input.evil }"`:          `"a ${ secrets.x } $${ y }"`,
		`{"k": "${ [input.evil] }"}`:   `{"k":["${ secrets.x } $${ y }"]}`,
		`"${ input.evil + '${ 1 }' }"`: `"${ secrets.x } $${ y }${ 1 }"`,
	} {
		got, late, err := appendTemplate(c, raw)
		if got != want || late != nil || err != nil {
			t.Errorf("%s: got %s %v %v", raw, got, late, err)
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	c := &Context{Names: fixture(t)}
	for _, test := range []struct{ raw, code, pointer, text, at string }{
		{`{"a": ["x", "n ${ inptu.id }"]}`, CodeName, "/a/1", "did you mean input?", "inptu"},
		{`{"a/b~c": "${ input.note + 1 }"}`, CodeNull, "/a~1b~0c", "input.note is null", "+ 1"},
		{`"a ${ 1 + } b"`, CodeSyntax, "", "ends too early", ""},
		{`"${ lne(1) }"`, CodeFunction, "", "did you mean len?", "lne"},
		{`{"a": "${ 1"}`, CodeSyntax, "/a", "write $${ for the text ${", "${ 1"},
		{`{"a": "ü ${ 'x }"}`, CodeSyntax, "/a", "not closed", "'x }"},
		{`"${ }"`, CodeSyntax, "", "empty", ""}, {`"${}"`, CodeSyntax, "", "empty", ""},
		{`{"${ input.id }": 1}`, CodeSyntax, "/${ input.id }", "keys are literal", "${ input.id }"},
		{`{"$${a}": 1, "$${a}": 2}`, CodeBadJSON, "", "twice", ""},
		{`{"a": 1`, CodeBadJSON, "", "it ends", ""},
		{`{"a": "ü ${ secrets.x + input.id }"}`, CodeLateMixed, "/a", "names nothing else", "input.id"},
		{`{"b": "${ 0 }", "a": ["${ 1 / 0 }"]}`, CodeNumber, "/a/0", "division", "/ 0"},
		{`{"b": "ü ${ nodes }"}`, CodeRead, "/b", "the journal is gone", "nodes"},
		{`"ü ${ reduce(1..65, [#acc], 1) }"`, CodeSize, "", "nested", "reduce"},
	} {
		_, _, err := appendTemplate(c, test.raw)
		e, ok := err.(*Error)
		if !ok {
			t.Errorf("%s: no error", test.raw)
			continue
		}
		if e.Code != test.code || e.Pointer != test.pointer || !strings.Contains(e.Error(), test.text) {
			t.Errorf("%s\n got %s at %q\nwant %s ... %s at %q", test.raw, e, e.Pointer, test.code, test.text, test.pointer)
		}
		if e.Offset < 0 || e.Offset > len(e.Source) || !strings.HasPrefix(e.Source[e.Offset:], test.at) {
			t.Errorf("%s: caret at %d of %q, want at %q", test.raw, e.Offset, e.Source, test.at)
		}
	}
}

func TestTemplateShape(t *testing.T) {
	for _, test := range []struct {
		raw, reads, ref, constant string
		programs                  int
	}{
		{`{"b": 1.50, "a": "$${x}"}`, "", "", `{"a":"${x}","b":1.5}`, 0},
		{`"${ nodes.a.output }"`, "nodes.a.output", "nodes.a.output", "", 1},
		{`"${ nodes[\"a-b\"].output.x }"`, "nodes.a-b.output.x", "nodes.a-b.output.x", "", 1},
		{`"${ nodes.a.output[0] }"`, "nodes.a.output", "", "", 1},
		{`"${ nodes.a.output } "`, "nodes.a.output", "", "", 1},
		{`["${ nodes.a.output }"]`, "nodes.a.output", "", "", 1},
		{`"${ 1 }"`, "", "", "", 1},
		{`{"b": "${ x.y } ${ z }", "a": "${ x.y + q }"}`, "x.y q z", "", "", 3},
		{`"${ secrets.x }"`, "secrets.x", "secrets.x", "", 1},
	} {
		tpl, err := CompileTemplate(Raw(test.raw))
		if err != nil {
			t.Fatal(err)
		}
		var reads []string
		for _, r := range tpl.Reads() {
			reads = append(reads, strings.Join(r, "."))
		}
		ref, ok := tpl.Ref()
		if got := strings.Join(ref, "."); got != test.ref || ok != (test.ref != "") {
			t.Errorf("%s: ref %q %v", test.raw, got, ok)
		}
		if got := strings.Join(reads, " "); got != test.reads {
			t.Errorf("%s: reads %q, want %q", test.raw, got, test.reads)
		}
		if len(tpl.Programs()) != test.programs || tpl.Const() != (test.programs == 0) || string(tpl.Raw()) != test.constant {
			t.Errorf("%s: %d programs, const %v %s", test.raw, len(tpl.Programs()), tpl.Const(), tpl.Raw())
		}
	}
}

func TestTemplateValueAndString(t *testing.T) {
	c := &Context{Names: fixture(t)}
	for _, test := range []struct{ raw, value, text string }{
		{`"${ input.amount }ms"`, `"250ms"`, "250ms"}, {`"${ input.amount }"`, `250`, "250"}, {`{"a": "${ input.tags }", "b": [1, "x ${ 1 }"]}`, `{"a":["red","blue"],"b":[1,"x 1"]}`, `{"a":["red","blue"],"b":[1,"x 1"]}`},
		{`"plain"`, `"plain"`, "plain"}, {`5`, `5`, "5"}, {`"${ input.note }"`, `null`, "null"},
	} {
		tpl, err := CompileTemplate(Raw(test.raw))
		if err != nil {
			t.Fatal(err)
		}
		v, err := tpl.Value(c)
		b, _ := Append(nil, v)
		if err != nil || string(b) != test.value {
			t.Errorf("%s: value %s %v", test.raw, b, err)
		}
		if s, err := tpl.String(c); err != nil || s != test.text {
			t.Errorf("%s: text %q %v", test.raw, s, err)
		}
	}
	text, err := CompileText("wait ${ input.amount }ms")
	if err != nil {
		t.Fatal(err)
	}
	if s, err := text.String(c); s != "wait 250ms" || err != nil {
		t.Errorf("got %q %v", s, err)
	}
	failing, err := CompileText("n ${ input.note + 1 }")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := failing.String(c); codeOf(err) != CodeNull {
		t.Errorf("got %v", err)
	}
	late, err := CompileTemplate(Raw(`{"a": ["${ 1 }", "k ${ task.key }"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := late.Value(c); codeOf(err) != CodeLate || err.(*Error).Pointer != "/a/1" {
		t.Errorf("got %v", err)
	}
	if _, err := late.String(c); codeOf(err) != CodeLate {
		t.Errorf("got %v", err)
	}
}

// TestLate: late values are journaled as markers and filled in by the runner, typed where they stand alone.
func TestLate(t *testing.T) {
	c := &Context{Names: fixture(t)}
	runner := mapNames{"secrets": map[string]any{"token": `t"1`, "port": int64(8080), "list": []any{int64(1)}}, "task": map[string]any{"key": "k-9", "attempt": int64(2)}}
	for _, test := range []struct{ raw, journaled, late, resolved string }{
		{`"${ secrets.port }"`, `null`, `[{"path":"","parts":[{"x":"secrets.port"}]}]`, `8080`},
		{`{"z": {"a/b": "Bearer ${ secrets.token }"}, "a": "${ input.id }"}`, `{"a":"o-1","z":{"a/b":null}}`, `[{"path":"/z/a~1b","parts":[{"t":"Bearer "},{"x":"secrets.token"}]}]`, `{"a":"o-1","z":{"a/b":"Bearer t\"1"}}`},
		{`["x", "${ input.id }:${ input.amount }/${ task.key }/${ secrets.list }$${", "${ task.attempt + 1 }"]`, `["x",null,null]`,
			`[{"path":"/1","parts":[{"t":"o-1:250/"},{"x":"task.key"},{"t":"/"},{"x":"secrets.list"},{"t":"${"}]},{"path":"/2","parts":[{"x":"task.attempt + 1"}]}]`,
			`["x","o-1:250/k-9/[1]${",3]`},
		{`{"a": "${ secrets.missing }", "n": null}`, `{"a":null,"n":null}`, `[{"path":"/a","parts":[{"x":"secrets.missing"}]}]`, `{"a":null,"n":null}`},
		{`{"a": 1}`, `{"a":1}`, `null`, `{"a":1}`},
	} {
		got, late, err := appendTemplate(c, test.raw)
		if err != nil {
			t.Errorf("%s: %v", test.raw, err)
			continue
		}
		var enc strings.Builder
		e := json.NewEncoder(&enc)
		e.SetEscapeHTML(false)
		if err := e.Encode(late); err != nil {
			t.Fatal(err)
		}
		if marker := strings.TrimSpace(enc.String()); got != test.journaled || marker != test.late {
			t.Errorf("%s\n got %s %s\nwant %s %s", test.raw, got, marker, test.journaled, test.late)
		}
		resolved, err := Resolve([]byte(got), late, runner)
		if err != nil || string(resolved) != test.resolved {
			t.Errorf("%s: resolved %s %v", test.raw, resolved, err)
		}
	}
}

// TestLateErrorsHideValues: an error of the runner names types, never what a secret holds.
func TestLateErrorsHideValues(t *testing.T) {
	runner := mapNames{"secrets": map[string]any{"word": "hunter2", "map": map[string]any{"hunter2": "hunter2"}, "json": `{"hunter2"`, "re": "(hunter2"}, "task": map[string]any{}}
	for _, x := range []string{
		"int(secrets.word)", "float(secrets.word)", "bool(secrets.word)", "duration(secrets.word)", "date(secrets.word)", "fromJSON(secrets.json)", "fromJSON(secrets.word)", "fromBase64(secrets.word + '!')",
		"secrets.word + 1", "secrets.word > 1", "secrets.word.x", "secrets.map[0]", "'x' matches secrets.re", "extract('x', secrets.re)", "sort([1], secrets.word)", "formatTime(0, '%' + secrets.word)", "date('2020', '%' + secrets.word)", "groupBy([secrets.map], #)", "1 / (len(secrets.word) - 7)", "nothere.x + secrets.word", "fromJSON('{' + toJSON(secrets.word) + ':1,' + toJSON(secrets.word) + ':1}')",
		"fromJSON('[' + secrets.word + ']')", "fromJSON('1e400' + secrets.word)", "duration('5' + secrets.word)", "repeat(secrets.word, -1)", "{(secrets.word): 1}.x.y + 1",
	} {
		_, err := Resolve([]byte(`{"a":null}`), []Late{{Path: "/a", Parts: []Part{{Expr: x}}}}, runner)
		if err == nil {
			t.Errorf("%s: no error", x)
			continue
		}
		if e := err.(*Error); strings.Contains(e.Error()+e.Source+e.Caret(), "hunter") {
			t.Errorf("%s: the error shows the secret: %v", x, err)
		}
	}
	for _, l := range []Late{{Path: "/b"}, {Path: "a"}, {Path: "/a/b"}, {Path: "/a", Parts: []Part{{Expr: "("}}}} {
		if _, err := Resolve([]byte(`{"a":null}`), []Late{l}, runner); err == nil {
			t.Errorf("%v: no error", l)
		}
	}
	if _, err := Resolve([]byte(`[null]`), []Late{{Path: "/x"}}, runner); err == nil {
		t.Error("no error for a wrong index")
	}
	if _, err := Resolve([]byte(`{`), []Late{{Path: "/x"}}, runner); err == nil {
		t.Error("no error for broken JSON")
	}
}

// TestTemplateBudget: the programs of one template share the budget and the sequence of the seed.
func TestTemplateBudget(t *testing.T) {
	raw := `["${ sum(1..100) }", "${ sum(1..100) }"]`
	if _, _, err := appendTemplate(&Context{Cost: 400}, raw); codeOf(err) != CodeCost {
		t.Errorf("got %v", err)
	}
	if got, _, err := appendTemplate(&Context{Cost: 1000}, raw); got != `[5050,5050]` {
		t.Errorf("got %s %v", got, err)
	}
	got, _, err := appendTemplate(&Context{Seed: 3}, `["${ random() }", "${ random() }"]`)
	var two []float64
	if err != nil || json.Unmarshal([]byte(got), &two) != nil || two[0] == two[1] {
		t.Errorf("got %s %v", got, err)
	}
}

func BenchmarkTemplate(b *testing.B) {
	t, err := CompileTemplate(Raw(`{"method":"POST","url":"${ config.payments }/charges","json":{"amount":"${ nodes.reserve.output.total }","items":"${ input.items }"}}`))
	if err != nil {
		b.Fatal(err)
	}
	c := &Context{Names: mapNames{
		"config": map[string]any{"payments": "https://pay.example"}, "input": map[string]any{"items": []any{"a", "b"}},
		"nodes": map[string]any{"reserve": map[string]any{"output": map[string]any{"total": int64(1299)}}},
	}}
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		if dst, _, err = t.Append(dst[:0], c); err != nil {
			b.Fatal(err)
		}
	}
}
