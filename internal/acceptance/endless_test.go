package acceptance

import (
	"context"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
)

// TestF44_EndlessWorkKeepsAShortJournal: an execution with many entries keeps some of them, goes on after a restart
// from what is left, and says what is gone; its input and its latest steps are still known.
func TestF44_EndlessWorkKeepsAShortJournal(t *testing.T) {
	t.Parallel()
	h := build(t, func(eng *pawl.Engine) error {
		return pawl.Register(eng, "next", func(_ context.Context, n int) (int, error) { return n + 1, nil })
	})
	h.opts.History = 40
	h.reopen()
	h.deploy(`
workflow: count
input: {to: integer}
vars: {n: 0}
nodes:
  - rise: {loop: {while: vars.n < input.to}, do: [{one: {call: next, args: "${ vars.n }", set: {n: "${ result }"}}}]}
  - hold: {signal: go}
  - again: {loop: {while: vars.n < 2 * input.to}, do: [{two: {call: next, args: "${ vars.n }", set: {n: "${ result }"}}}]}
output: "${ vars.n }"
`)
	run := h.start("count", map[string]int{"to": 200})
	h.comesTo(run, "wait_started")
	short := func() {
		t.Helper()
		var first, last uint64
		for _, ev := range h.history(h.run(run)) {
			if first == 0 {
				if first = ev.Seq; ev.Type != "history_trimmed" || !strings.Contains(ev.Text, "were removed") {
					t.Fatalf("history begins with %+v", ev)
				}
			}
			last = ev.Seq
		}
		if last < 200 || last-first < 40 || last-first > 2*40+20 {
			t.Fatalf("entries %d to %d are left", first, last)
		}
	}
	short()
	h.reopen()
	short()
	if err := h.run(run).Signal(t.Context(), "go", nil); err != nil {
		t.Fatal(err)
	}
	x := h.wait(h.run(run))
	if x.Status != model.Completed || string(x.Output) != "400" {
		t.Fatalf("%+v", x)
	}
	short()
	if at, err := h.eng.GetAt(t.Context(), run.ID(), x.Seq-1); err != nil || at.Status != model.Running || string(at.Input) != `{"to":200}` {
		t.Fatalf("%+v %v", at, err)
	}
	if _, err := h.eng.GetAt(t.Context(), run.ID(), 3); pawl.Code(err) != pawl.CodeNotFound || !strings.Contains(err.Error(), "were removed") {
		t.Fatalf("the state at a removed entry: %v", err)
	}
	h.reopen()
	x, err := h.run(run).Get(t.Context())
	if err != nil || string(x.Input) != `{"to":200}` || string(x.Output) != "400" {
		t.Fatalf("%+v %v", x, err)
	}
	steps := map[string]model.StepStatus{}
	for _, s := range x.Steps {
		steps[s.Path] = s.Status
	}
	for _, path := range []string{"rise", "hold", "again"} {
		if steps[path] != model.StepCompleted {
			t.Errorf("%s is %q in %v", path, steps[path], steps)
		}
	}
	h.endures()
}

// TestF44_TheLimitOnStepsIsTold: an alarm and an event at 20 and at 80 per cent, once each, then the reason for parking.
func TestF44_TheLimitOnStepsIsTold(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	h.opts.MaxSteps = 100
	h.reopen()
	h.deploy("workflow: spin\nvars: {n: 0}\nnodes:\n  - l: {loop: {while: \"true\"}, do: [{s: {set: {n: {add: 1}}}}]}\n")
	run := h.start("spin", nil)
	h.comesTo(run, "parked")
	var told []string
	for _, ev := range h.history(run) {
		if ev.Type == "bound_near" {
			told = append(told, ev.Text)
		}
	}
	if len(told) != 2 || !strings.HasPrefix(told[0], "20 of 100 steps") || !strings.HasPrefix(told[1], "80 of 100 steps") {
		t.Fatalf("%q", told)
	}
	for _, text := range told {
		if n := strings.Count(h.log.String(), text); n != 1 {
			t.Errorf("%q is in the log %d times", text, n)
		}
	}
	x, err := run.Get(t.Context())
	if err != nil || x.Status != model.Parked || x.Error == nil || x.Error.Code != "too_many_steps" {
		t.Fatalf("%+v %v", x, err)
	}
	h.endures()
}
