package acceptance

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
)

// broken is a definition file that must be refused with a fault of that code.
type broken struct {
	name, text, code string
	// ext of the file where it is not yaml.
	ext string
}

// definitions are what the issue names. Each calls its workflow w.
func definitions() []broken {
	rep := strings.Repeat
	head := "workflow: w\nnodes:\n  - a: {call: double, args: 1}\n"
	bomb := head + "ui:\n  a0: &a0 [x]\n"
	for i := 1; i < 40; i++ {
		bomb += fmt.Sprintf("  a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	forks := "workflow: w\nnodes:\n  a: {call: x, next: b}\n  b: {call: x, next: [c, d]}\n  c: {call: x, next: a}\n  d: {call: x, next: a}\n  z: {call: x, next: a}\n"
	return []broken{
		{name: "broken_yaml", text: "workflow: w\nnodes: [a: {call: x}\n", code: "syntax"},
		{name: "open_quote", text: head + "owner: \"shop\n", code: "syntax"},
		{name: "broken_json", text: `{"workflow": "w", "nodes": {"a": {"call": "x"}`, code: "syntax", ext: "json"},
		{name: "10_MB", text: head + "description: " + rep("x", 10<<20), code: "too_large"},
		{name: "10000_deep", text: head + "ui: " + rep("[", 10_000) + rep("]", 10_000) + "\n", code: "too_deep"},
		{name: "10000_deep_json", text: `{"workflow":"w","nodes":{"a":{"call":"x"}},"ui":` + rep(`{"a":`, 10_000) + "1" + rep("}", 10_001), code: "too_deep", ext: "json"},
		{name: "deep_expression", text: "workflow: w\nnodes: {a: {if: '" + rep("(", 10_000) + "1" + rep(")", 10_000) + "', call: x}}\n", code: "expression_too_complex"},
		{name: "alias_bomb", text: bomb, code: "alias"},
		{name: "alias_of_itself", text: head + "ui: &a [*a]\n", code: "alias"},
		{name: "duplicate_key", text: head + "owner: x\nowner: y\n", code: "duplicate_key"},
		{name: "duplicate_key_json", text: `{"workflow":"w","workflow":"v","nodes":{"a":{"call":"x"}}}`, code: "duplicate_key", ext: "json"},
		{name: "duplicate_node", text: head + "  - a: {call: double}\n", code: "duplicate_id"},
		{name: "unknown_key", text: head + "ownr: x\n", code: "unknown_key"},
		{name: "unknown_key_of_a_node", text: "workflow: w\nnodes:\n  - a: {call: double, retyr: 3}\n", code: "unknown_key"},
		{name: "unknown_type", text: "workflow: w\nnodes: {a: {teleport: {}}}\n", code: "unknown_type"},
		{name: "wrong_type", text: "workflow: w\nnodes: 42\n", code: "wrong_type"},
		{name: "wrong_type_of_retry", text: "workflow: w\nnodes: {a: {call: x, retry: {max_attempts: many}}}\n", code: "wrong_type"},
		{name: "forking_cycle", text: forks, code: "fork_in_cycle"},
		{name: "two_entries", text: "workflow: w\nstart: [a, b]\nnodes:\n  a: {call: x, next: b}\n  b: {call: x, next: a}\n", code: "two_entries"},
		{name: "two_starts", text: "workflow: w\nnodes:\n  a: {call: x, next: c}\n  b: {call: x, next: c}\n  c: {call: x}\n", code: "several_starts"},
		{name: "missing_node", text: "workflow: w\nnodes:\n  a: {call: x, next: nowhere}\n", code: "unknown_node"},
		{name: "unreachable_node", text: "workflow: w\nnodes:\n  a: {call: x}\n  b: {call: x, next: c}\n  c: {call: x, next: b}\n", code: "unreachable_node"},
		{name: "invalid_UTF-8", text: head + "owner: \xff\xfe\n", code: "encoding"},
		{name: "NUL", text: head + "owner: \"\x00\"\n", code: "encoding"},
		{name: "nothing", text: "", code: "empty"},
	}
}

func (b broken) file() string {
	if b.ext == "" {
		return b.name + ".yaml"
	}
	return b.name + "." + b.ext
}

// TestS30_BrokenDefinitionsAreNotDeployed: every fault has a place, a code and a text; nothing of the file is kept.
func TestS30_BrokenDefinitionsAreNotDeployed(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ctx := t.Context()
	for _, b := range definitions() {
		t.Run(b.name, func(t *testing.T) {
			_, err := h.eng.Deploy(ctx, pawl.Text(b.file(), []byte(b.text)))
			var faults pawl.Faults
			if !errors.Is(err, pawl.ErrFaults) || !errors.As(err, &faults) {
				t.Fatalf("got %.300v", err)
			}
			if !slices.ContainsFunc(faults, func(f pawl.Fault) bool { return f.Code == b.code && !f.Warn }) {
				t.Errorf("no fault has the code %s: %.500v", b.code, faults)
			}
			for _, f := range faults {
				if f.File != b.file() || f.Line < 1 || f.Column < 1 || f.Message == "" || len(f.Message) > 500 {
					t.Errorf("an incomplete fault: %.700v", f)
				}
			}
			_, err = h.eng.Start(ctx, "w", nil)
			refuses(t, "starting it", err, pawl.CodeNotFound)
		})
	}
	h.endures()
}

// TestS30_AGoodWorkflowBesideABrokenOne: a file is deployed as a whole or not at all.
func TestS30_AGoodWorkflowBesideABrokenOne(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	text := "workflow: good\nnodes: {a: {set: {}}}\n---\nworkflow: bad\nnodes: {a: {set: {}, next: nowhere}}\n"
	_, err := h.eng.Deploy(t.Context(), pawl.Text("two.yaml", []byte(text)))
	refuses(t, "the file", err, pawl.CodeFaults)
	_, err = h.eng.Start(t.Context(), "good", nil)
	refuses(t, "the good one", err, pawl.CodeNotFound)
	h.endures()
}

// TestF25_VersionWithOtherContent: a version never changes, for those that start and for those that run.
func TestF25_VersionWithOtherContent(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	v := func(version, out string) string {
		return "workflow: v\nversion: " + version + "\nnodes:\n  - hold: {signal: go}\n  - say: {end: {output: " + out + "}}\n"
	}
	h.deploy(v("1.0.0", "one"))
	old := h.start("v", nil)
	for _, again := range []string{v("1.0.0", "two"), v("1.0.0", "one") + "timeout: 1m\n"} {
		_, err := h.eng.Deploy(t.Context(), pawl.Text("v.yaml", []byte(again)))
		refuses(t, "other content", err, pawl.CodeVersionExists)
	}
	d, err := h.eng.Deploy(t.Context(), pawl.Text("v.yaml", []byte("# the same\n"+v("1.0.0", "one"))))
	if err != nil || !d.Versions[0].Unchanged {
		t.Errorf("equal content: %+v, %v", d, err)
	}
	young := h.start("v", nil)
	h.deploy(v("1.1.0", "two"))
	newest := h.start("v", nil)
	h.reopen()
	for run, want := range map[*pawl.Run]string{old: "one", young: "one", newest: "two"} {
		if err := h.run(run).Signal(t.Context(), "go", nil); err != nil {
			t.Fatal(err)
		}
		if got, err := pawl.Result[string](t.Context(), h.run(run)); err != nil || got != want {
			t.Errorf("%q, %v instead of %q", got, err, want)
		}
	}
	h.endures()
}

// TestS30_FaultsThatOnlyShowWhenItRuns: a cycle that is entered at two places, a choice that nothing fits, an
// expression over what isn't there. Each ends or parks its own execution with a code.
func TestS30_FaultsThatOnlyShowWhenItRuns(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	for name, c := range map[string]struct {
		text, code string
		status     model.Status
	}{
		"two-entries": {`
nodes:
  s: {set: {}, next: [a, b]}
  a: {set: {}, next: [{when: input == 0, to: stop}, b]}
  b: {set: {}, next: a}
`, "two_entries", model.Failed},
		"no-edge":       {"\nnodes: {a: {set: {}, next: [{when: input == 0, to: b}]}, b: {set: {}}}\n", "no_edge", model.Failed},
		"no-case":       {"\nnodes: {a: {switch: {cases: [{when: input == 0, outcome: x}]}, next: {x: b}}, b: {set: {}}}\n", "no_case", model.Failed},
		"expression":    {"\nnodes: {a: {call: double, args: '${ input.n.m + 1 }'}}\n", "expression", model.Failed},
		"on-an-edge":    {"\nnodes: {a: {set: {}, next: [{when: input.n > 1, to: b}, c]}, b: {set: {}}, c: {set: {}}}\n", "expression", model.Parked},
		"of-the-output": {"\nnodes: {a: {set: {}}}\noutput: '${ 1 / (input - 1) }'\n", "expression", model.Parked},
		"of-a-node":     {"\nnodes: {a: {set: {}, output: '${ input / 0 }'}}\n", "expression", model.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			h.deploy("workflow: " + name + c.text)
			run := h.start(name, 1)
			event := "failed"
			if c.status == model.Parked {
				event = "parked"
			}
			ev := h.comesTo(run, event)
			x, err := run.Get(t.Context())
			if err != nil || x.Status != c.status || x.Error == nil || x.Error.Code != c.code || ev.Error == nil || ev.Error.Code != c.code {
				t.Errorf("%+v %+v, %+v, %v", x, x.Error, ev.Error, err)
			}
		})
	}
	h.endures()
}
