package acceptance

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
)

// hostile are values that are no input, no signal's data and no result of anything.
func hostile() map[string]any {
	rep := strings.Repeat
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	return map[string]any{
		"a channel":                make(chan int),
		"a function":               func() {},
		"NaN":                      math.NaN(),
		"infinity inside":          map[string]any{"x": []float64{math.Inf(-1)}},
		"a map with odd keys":      map[[2]int]int{{1, 2}: 3},
		"an error of its own":      moody{},
		"invalid UTF-8":            "a\xffb",
		"invalid UTF-8 inside":     map[string]any{"x": []string{"a\xff"}},
		"invalid UTF-8 in a key":   map[string]int{"a\xff": 1},
		"invalid UTF-8 in JSON":    raw("{\"x\":\"\xff\"}"),
		"NUL":                      "a\x00b",
		"NUL inside":               map[string]any{"x": []string{"\x00"}},
		"NUL in JSON":              raw("\"\x00\""),
		"NUL in JSON, escaped":     raw(`{"x":"\u0000"}`),
		"half a surrogate":         raw(`"\ud800"`),
		"broken JSON":              raw(`{"x":`),
		"text behind":              raw(`{} {}`),
		"duplicate keys":           raw(`{"x":1,"x":2}`),
		"duplicate keys, escaped":  raw(`{"x":1,"\u0078":2}`),
		"2^63":                     raw(`[9223372036854775808]`),
		"1e400":                    raw(`{"x":1e400}`),
		"a number of 200 kB":       raw(rep("9", 200_000)),
		"5,000 deep":               raw(rep(`{"a":`, 5_000) + "1" + rep("}", 5_000)),
		"100,000 deep":             raw(rep("[", 100_000) + rep("]", 100_000)),
		"17 MB of text":            rep("x", 17<<20),
		"20 MB of text":            rep("x", 20<<20),
		"17 MB of escapes in JSON": raw(`"` + rep(`\u00e4`, 17<<20/6) + `"`),
	}
}

// moody cannot be written as JSON.
type moody struct{}

// MarshalJSON implements json.Marshaler.
func (moody) MarshalJSON() ([]byte, error) { return nil, errors.New("not today") }

// tooLarge are the codes of values that are refused for their size.
func tooLarge(name string) bool { return strings.Contains(name, "MB of") }

// TestS20_S21_S29_HostileInputs: whether the workflow has a schema, defaults or nothing, what is no input starts
// nothing.
func TestS20_S21_S29_HostileInputs(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	h.deploy("workflow: any\nnodes: {a: {set: {}}}\n")
	h.deploy("workflow: schema\ninput: {schema: {type: [object, array, string, number]}}\nnodes: {a: {set: {}}}\n")
	h.deploy("workflow: defaults\ninput: {schema: {type: [object, array, string, number], properties: {y: {default: 1}}}}\nnodes: {a: {set: {}}}\n")
	h.deploy("workflow: short\ninput: {x: any, y: \"integer = 1\"}\nnodes: {a: {set: {}}}\n")
	for name, v := range hostile() {
		code := pawl.CodeInvalid
		if tooLarge(name) {
			code = pawl.CodePayload
		}
		for _, workflow := range []string{"any", "schema", "defaults"} {
			_, err := h.eng.Start(t.Context(), workflow, v)
			refuses(t, workflow+": "+name, err, code)
		}
		_, err := h.eng.Start(t.Context(), "short", map[string]any{"x": v})
		refuses(t, "short: "+name, err, code)
		_, err = h.eng.Start(t.Context(), "any", nil, pawl.WithSignal("s", v))
		refuses(t, "with a signal: "+name, err, code)
	}
	for _, workflow := range []string{"any", "schema", "defaults", "short"} {
		if n := h.count(workflow); n != 0 {
			t.Errorf("%d executions of %s were started", n, workflow)
		}
	}
	// What is just within the bounds is kept to the byte.
	h.deploy("workflow: echo\nnodes: {a: {set: {}}}\noutput: \"${ input }\"\n")
	for name, in := range map[string]string{
		"text":    strings.Repeat("x", 200<<10),
		"unicode": "\ufffd \U0010ffff \u007f \u2028 \\ufffd \" </script>",
	} {
		run := h.start("echo", in)
		if got, err := pawl.Result[string](t.Context(), run); err != nil || got != in {
			t.Errorf("%s came back in %d bytes, %v", name, len(got), err)
		}
	}
	h.endures()
}

// TestS21_InputsThatBreakTheirSchema: the error names the place; a correct start behind it works.
func TestS21_InputsThatBreakTheirSchema(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	h.deploy(`
workflow: picky
input:
  schema:
    type: object
    required: [id, items]
    additionalProperties: false
    properties:
      id: {type: string, minLength: 1, maxLength: 10}
      items: {type: array, maxItems: 3, items: {type: object, required: [n], properties: {n: {type: integer, minimum: 0}}}}
      kind: {enum: [a, b], default: a}
nodes: {a: {set: {}}}
output: "${ input.kind }"
`)
	for name, c := range map[string]struct{ in, says string }{
		"nothing":          {``, "id"},
		"null":             {`null`, "must be a map"},
		"a list":           {`[]`, "must be a map"},
		"missing":          {`{"id":"x"}`, "items"},
		"wrong type":       {`{"id":7,"items":[]}`, "/id"},
		"inside":           {`{"id":"x","items":[{"n":1},{"n":"2"}]}`, "/items/1/n"},
		"negative":         {`{"id":"x","items":[{"n":-1}]}`, "/items/0/n"},
		"too many":         {`{"id":"x","items":[{"n":1},{"n":1},{"n":1},{"n":1}]}`, "/items"},
		"unknown property": {`{"id":"x","items":[],"itms":[]}`, "itms"},
		"other case":       {`{"id":"x","items":[],"Kind":"a"}`, "Kind"},
		"no word of it":    {`{"id":"x","items":[],"kind":"c"}`, "/kind"},
		"a fraction":       {`{"id":"x","items":[{"n":1.5}]}`, "/items/0/n"},
	} {
		_, err := h.eng.Start(t.Context(), "picky", json.RawMessage(c.in))
		refuses(t, name, err, pawl.CodeInvalid)
		if err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q does not say %s", name, err, c.says)
		}
	}
	if n := h.count("picky"); n != 0 {
		t.Errorf("%d executions were started", n)
	}
	if got, err := pawl.Result[string](t.Context(), h.start("picky", json.RawMessage(`{"id":"x","items":[{"n":1}]}`))); err != nil || got != "a" {
		t.Errorf("a good input: %q, %v", got, err)
	}
	h.endures()
}

// TestS29_HostileNames: keys, ids and reasons that no store could keep, or that nobody could read.
func TestS29_HostileNames(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ctx := t.Context()
	h.deploy("workflow: w\nnodes: {a: {signal: s}}\n")
	run := h.start("w", nil)
	long := strings.Repeat("k", 100_000)
	for name, bad := range map[string]string{"NUL": "a\x00b", "invalid UTF-8": "a\xff", "100 kB": long} {
		for what, opt := range map[string]pawl.StartOption{"key": pawl.Key(bad), "request": pawl.RequestID(bad)} {
			_, err := h.eng.Start(ctx, "w", nil, opt)
			refuses(t, "a "+what+" with "+name, err, pawl.CodeInvalid)
		}
		refuses(t, "a signal named "+name, run.Signal(ctx, bad, nil), pawl.CodeInvalid)
		refuses(t, "a signal id with "+name, run.Signal(ctx, "s", nil, pawl.SignalID(bad)), pawl.CodeInvalid)
		refuses(t, "a request with "+name, run.Signal(ctx, "s", nil, pawl.RequestID(bad)), pawl.CodeInvalid)
		refuses(t, "by "+name, run.Cancel(ctx, pawl.By(bad)), pawl.CodeInvalid)
		refuses(t, "a reason with "+name, run.Cancel(ctx, pawl.Why(bad)), pawl.CodeInvalid)
		_, err := h.eng.Start(ctx, bad, nil)
		refuses(t, "a workflow named "+name, err, pawl.CodeNotFound)
		_, err = h.eng.Start(ctx, "w", nil, pawl.Version(bad))
		refuses(t, "a version named "+name, err, pawl.CodeNotFound)
		_, err = h.eng.Get(ctx, bad)
		refuses(t, "an id with "+name, err, pawl.CodeInvalid)
		if p, err := h.eng.List(ctx, pawl.Filter{Workflow: bad}); err != nil && pawl.Code(err) != pawl.CodeInvalid || len(p.Executions) > 0 {
			t.Errorf("listing %s: %d, %v", name, len(p.Executions), err)
		}
		_, err = h.eng.List(ctx, pawl.Filter{Cursor: bad})
		refuses(t, "a cursor with "+name, err, pawl.CodeInvalid)
	}
	_, err := h.eng.Start(ctx, "", nil)
	refuses(t, "no workflow", err, pawl.CodeNotFound)
	refuses(t, "a signal without a name", run.Signal(ctx, "", nil), pawl.CodeInvalid)
	if x, err := run.Get(ctx); err != nil || x.Seq != 1 {
		t.Errorf("the refused calls left %+v, %v", x, err)
	}
	if n := h.count("w"); n != 1 {
		t.Errorf("%d executions", n)
	}
	h.endures()
}

// TestS28_OddTimes: delays and waits that are negative, or longer than anybody lives.
func TestS28_OddTimes(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	h.deploy("workflow: at-once\nnodes: {a: {set: {}}}\n")
	if x := h.wait(h.start("at-once", nil, pawl.Delay(-time.Hour))); x.Status != "completed" {
		t.Errorf("a negative delay: %+v", x)
	}
	far := h.start("at-once", nil, pawl.Delay(math.MaxInt64))
	if x, err := far.Get(t.Context()); err != nil || x.Status != "pending" {
		t.Errorf("a delay of 292 years: %+v, %v", x, err)
	}
	h.deploy("workflow: waits\nnodes: {a: {wait: {for: '${ input }'}}}\n")
	for in, code := range map[any]string{-5: "", 1e300: "expression", "99999999999999999999d": "expression", "soon": "expression", true: "expression"} {
		x := h.wait(h.start("waits", in))
		if got := x.Error; (got == nil) != (code == "") || got != nil && got.Code != code {
			t.Errorf("a wait for %v ended %s, %+v", in, x.Status, got)
		}
	}
	h.endures()
}
