package acceptance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/pawltest"
)

// What was measured to go wrong with graphs in five earlier engines, each as a test of this one. The names say what
// went wrong there.

// play runs one workflow on virtual time to its end. mocks answer; a call without one is fine.
func play(t *testing.T, text string, input any, mocks map[string][]pawltest.Answer) *pawltest.Run {
	t.Helper()
	w := pawltest.New(t, pawl.Text("seed.yaml", []byte(text)))
	for name, answers := range mocks {
		w.Mock(name, answers...)
	}
	run := w.Start("w", input)
	if !w.Run() {
		t.Fatalf("it does not end: %q", run.Waiting())
	}
	return run
}

var broken1 = pawltest.Answer{Error: &pawl.Failure{Code: "broken", Message: "it does not work"}}

func endsWith(t *testing.T, run *pawltest.Run, status model.Status, path ...string) {
	t.Helper()
	if run.Status() != status || !slices.Equal(run.Path(), path) {
		t.Errorf("status %s, path %q, error %v; want %s, %q", run.Status(), run.Path(), run.Error(), status, path)
	}
}

// One approval that nobody answered held the only loop, and wrote to the database all the time.
func TestSeedWaitingBlocksOthers(t *testing.T) {
	w := pawltest.New(t, pawl.Text("seed.yaml", []byte(`
workflow: w
input: {wait: boolean}
nodes:
  - which: {switch: {cases: [{when: input.wait, outcome: ask}], default: work}, next: {ask: ask, work: work}}
  - ask: {approval: {title: Well?, assignees: [ada]}, next: {approved: stop, rejected: stop}}
  - work: {call: work}
`)))
	w.Mock("work")
	for range 20 {
		w.Start("w", map[string]bool{"wait": true})
	}
	w.Pass(time.Hour)
	var others []*pawltest.Run
	for range 20 {
		others = append(others, w.Start("w", map[string]bool{"wait": false}))
	}
	w.Pass(time.Second)
	for _, r := range others {
		if r.Status() != model.Completed {
			t.Errorf("behind those that wait it is %s", r.Status())
		}
	}
}

// Waiting wrote an entry for every look: 65 in seven seconds.
func TestSeedWaitingWritesAllTheTime(t *testing.T) {
	h := build(t, nil)
	h.deploy("workflow: w\nnodes: {ask: {approval: {title: Well?, assignees: [ada]}, next: {approved: stop, rejected: stop}}}")
	run := h.start("w", nil)
	h.comesTo(run, "step_scheduled")
	before := len(h.history(run))
	for range 50 {
		if _, err := h.eng.Explain(t.Context(), run.ID()); err != nil {
			t.Fatal(err)
		}
	}
	h.undisturbed()
	if after := len(h.history(run)); after != before {
		t.Errorf("%d events became %d while it waited", before, after)
	}
}

// A node that took longer than its lease of three seconds ran again and again, and never ended.
func TestSeedLongNodeRunsAgain(t *testing.T) {
	w := pawltest.New(t, pawl.Text("seed.yaml", []byte("workflow: w\nnodes: {long: {call: long}}")))
	w.Mock("long", pawltest.Answer{Output: 1, Delay: 90 * time.Minute})
	run := w.Start("w", nil)
	if !w.Run() {
		t.Fatal("it does not end")
	}
	endsWith(t, run, model.Completed, "long")
}

// A node that failed took the edge of success, and the execution was completed.
func TestSeedFailureTakesTheDefaultEdge(t *testing.T) {
	run := play(t, "workflow: w\nnodes: [{first: {call: first}}, {second: {call: second}}]", nil,
		map[string][]pawltest.Answer{"first": {broken1}, "second": {{}}})
	endsWith(t, run, model.Failed, "first: error")
	if run.Error() == nil || run.Error().Code != "broken" {
		t.Errorf("the error is %v", run.Error())
	}
}

// All branches got the result of the one that ended first.
func TestSeedBranchesShareOneResult(t *testing.T) {
	run := play(t, `
workflow: w
nodes:
  - both:
      parallel: {}
      branches:
        a: [{one: {call: one}}]
        b: [{two: {call: two}}]
`, nil, map[string][]pawltest.Answer{"one": {{Output: "A"}}, "two": {{Output: "B", Delay: time.Minute}}})
	var out map[string]string
	if run.Output(&out); out["a"] != "A" || out["b"] != "B" {
		t.Errorf("got %v", out)
	}
}

// Cancelling what waited left it cancelling for good; cancelling what had ended changed its status.
func TestSeedCancelOfAWaitingOneNeverEnds(t *testing.T) {
	h := build(t, nil)
	h.deploy("workflow: w\nnodes: {ask: {signal: go}}")
	run := h.start("w", nil)
	if err := run.Cancel(t.Context()); err != nil {
		t.Fatal(err)
	}
	if x := h.wait(run); x.Status != model.Cancelled {
		t.Errorf("it is %s", x.Status)
	}
	refuses(t, "cancelling it again", run.Cancel(t.Context()), pawl.CodeClosed)
	refuses(t, "a signal that would complete it", run.Signal(t.Context(), "go", nil), pawl.CodeClosed)
	if x := h.wait(run); x.Status != model.Cancelled {
		t.Errorf("then it is %s", x.Status)
	}
}

// An error left the nodes behind it pending, and the run was reported as a success.
func TestSeedFailureIsReportedAsSuccess(t *testing.T) {
	h := build(t, func(eng *pawl.Engine) error {
		return pawl.Register(eng, "fail", func(context.Context, any) (any, error) { return nil, errors.New("no") })
	})
	h.deploy("workflow: w\nstart: [a, b]\nnodes: {a: {call: fail, next: c}, b: {call: double, args: 1, next: c}, c: {call: double, args: 2}}")
	run := h.start("w", nil)
	if _, err := pawl.Result[any](t.Context(), run); pawl.Code(err) != pawl.CodeFailed {
		t.Errorf("the result is %v", err)
	}
	if x := h.wait(run); x.Status != model.Failed || len(x.Waiting) > 0 {
		t.Errorf("it is %s and waits for %v", x.Status, x.Waiting)
	}
	h.doubled.Store(2*h.bystanders - 1) // b may have run
	h.undisturbed()
}

// A cycle was accepted and nothing ran, or it stayed running with no step at all.
func TestSeedCycleRunsNothing(t *testing.T) {
	run := play(t, `
workflow: w
nodes:
  a: {call: a, next: b}
  b: {call: b, next: [{when: nodes.b.runs < 3, to: a}, done]}
  done: {end: {output: "${ nodes.a.runs }"}}
start: [a]
`, nil, map[string][]pawltest.Answer{"a": {{}}, "b": {{}}})
	endsWith(t, run, model.Completed, "a", "b", "a#2", "b#2", "a#3", "b#3", "done")
	_, _, err := pawl.Check(pawl.Text("ring.yaml", []byte("workflow: w\nnodes: {a: {call: a, next: b}, b: {call: b, next: a}}")))
	if !errors.Is(err, pawl.ErrFaults) || !strings.Contains(err.Error(), "start") {
		t.Errorf("a ring without a start gave %v", err)
	}
}

// Executors got no inputs, and what they gave was thrown away.
func TestSeedInputsAndOutputsAreLost(t *testing.T) {
	h := build(t, func(eng *pawl.Engine) error {
		return pawl.Register(eng, "add", func(_ context.Context, in []int) (int, error) { return in[0] + in[1], nil })
	})
	h.deploy(`
workflow: w
input: {n: integer}
start: [left, right]
nodes:
  left: {call: double, args: "${ input.n }", next: sum}
  right: {call: double, args: "${ input.n + 1 }", next: sum}
  sum: {call: add, args: ["${ nodes.left.output }", "${ nodes.right.output }"]}
output: "${ nodes.sum.output }"
`)
	run := h.start("w", map[string]int{"n": 3})
	if got, err := pawl.Result[int](t.Context(), run); err != nil || got != 14 {
		t.Errorf("got %d, %v", got, err)
	}
}

// A deadline of 100 ms took a second, because the script did not look at its context.
func TestSeedDeadlineIsIgnored(t *testing.T) {
	w := pawltest.New(t, pawl.Text("seed.yaml", []byte(`
workflow: w
nodes: {slow: {call: slow, timeout: 100ms, next: {error: late}}, late: {end: {outcome: late, output: "${ nodes.slow.error.code }"}}}
`)))
	w.Mock("slow", pawltest.Answer{Never: true})
	began := w.Now()
	run := w.Start("w", nil)
	if !w.Run() {
		t.Fatal("it does not end")
	}
	if took := w.Now().Sub(began); took > 200*time.Millisecond {
		t.Errorf("it took %s", took)
	}
	var code string
	if run.Output(&code); code != "timeout" || run.Outcome() != "late" {
		t.Errorf("code %q, outcome %s", code, run.Outcome())
	}
}

// Of forty calls one after the other, one succeeded: the answers got mixed up.
func TestSeedAnswersAreMixedUp(t *testing.T) {
	h := build(t, nil)
	h.deploy("workflow: w\nnodes: {a: {call: double, args: \"${ input }\"}}")
	for n := range 40 {
		if got, err := pawl.Result[int](t.Context(), h.start("w", n)); err != nil || got != 2*n {
			t.Fatalf("call %d gave %d, %v", n, got, err)
		}
	}
}

// Versions were compared as text, 1.10.0 before 1.9.0.
func TestSeedVersionsAreComparedAsText(t *testing.T) {
	h := build(t, nil)
	for _, v := range []string{"1.9.0", "1.10.0", "1.2.0"} {
		h.deploy(fmt.Sprintf("workflow: w\nversion: %s\nnodes: {a: {end: {output: %s}}}", v, v))
	}
	if got, err := pawl.Result[string](t.Context(), h.start("w", nil)); err != nil || got != "1.10.0" {
		t.Errorf("starts use %s, %v", got, err)
	}
}

// The rule that dependents must not break never fired where the child came first, then the parent, then the child anew.
func TestSeedDependentsAreForgotten(t *testing.T) {
	h := build(t, nil)
	child := func(version, input string) error {
		_, err := h.eng.Deploy(t.Context(), pawl.Text("child.yaml", []byte("workflow: child\nversion: "+version+"\ninput: "+input+"\nnodes: {a: {set: {}}}")))
		return err
	}
	if err := child("1.0.0", "{n: number}"); err != nil {
		t.Fatal(err)
	}
	h.deploy("workflow: parent\nversion: 1.0.0\nnodes: {a: {send: {to: {workflow: child, key: k}, signal: go, start: true, input: {n: 1}}}}")
	err := child("2.0.0", "{n: number, more: string}")
	refuses(t, "the child's new version", err, pawl.CodeNarrows)
	if err == nil || !strings.Contains(err.Error(), "parent 1.0.0") {
		t.Errorf("%v does not name the parent", err)
	}
	refuses(t, "retiring it", h.eng.Retire(t.Context(), "child", "1.0.0"), pawl.CodeDependents)
}

// Registering a workflow again, as a program does when it restarts, failed.
func TestSeedRestartCannotRegisterAgain(t *testing.T) {
	h := build(t, nil)
	text := "workflow: w\nversion: 1.0.0\nnodes: {a: {signal: go}}"
	h.deploy(text)
	run := h.start("w", nil)
	h.reopen()
	h.deploy(text)
	if err := h.run(run).Signal(t.Context(), "go", nil); err != nil {
		t.Fatal(err)
	}
	if x := h.wait(run); x.Status != model.Completed {
		t.Errorf("it is %s", x.Status)
	}
}

// A failed step with five retries left was never tried again.
func TestSeedRetriesAreLost(t *testing.T) {
	run := play(t, "workflow: w\nnodes: {a: {call: a, retry: 6}}", nil,
		map[string][]pawltest.Answer{"a": {broken1, broken1, broken1, broken1, broken1, {Output: "at last"}}})
	var out string
	if run.Output(&out); out != "at last" || run.Status() != model.Completed {
		t.Errorf("%s, %q", run.Status(), out)
	}
}

// Both branches of a condition ran, one of them although it was skipped.
func TestSeedSkippedBranchRuns(t *testing.T) {
	text := `
workflow: w
nodes:
  which: {switch: {cases: [{when: input > 10, outcome: high}], default: low}, next: {high: high, low: low}}
  high: {call: high, next: after}
  low: {call: low, next: after}
  after: {call: after}
`
	mocks := map[string][]pawltest.Answer{"high": {{}}, "low": {{}}, "after": {{}}}
	endsWith(t, play(t, text, 11, mocks), model.Completed, "which: high", "high", "after")
	endsWith(t, play(t, text, 9, mocks), model.Completed, "which: low", "low", "after")
}

// A built-in node that was not set up panicked and took the process with it.
func TestSeedPanicEndsTheProcess(t *testing.T) {
	h := build(t, func(eng *pawl.Engine) error {
		return pawl.Register(eng, "panic", func(context.Context, any) (any, error) { panic("not set up") })
	})
	h.deploy("workflow: w\nnodes: {a: {call: panic, log: \"about to\"}, missing: {call: nobody}}\nstart: [a, missing]\non_failure: finish")
	x := h.wait(h.start("w", nil))
	if x.Status != model.Failed || x.Error == nil {
		t.Errorf("it is %s, %v", x.Status, x.Error)
	}
	h.undisturbed()
}

// Behind a condition, a node that passed its input on kept the branch in it, so its own edge was not taken.
func TestSeedBranchLeaksThroughNodes(t *testing.T) {
	run := play(t, `
workflow: w
vars: {seen: 0}
nodes:
  - which: {switch: {cases: [{when: "true", outcome: high}]}, output: {branch: "true"}, next: {high: note}}
  - note: {set: {seen: 1}, output: "${ nodes.which.output }"}
  - last: {call: last}
`, nil, map[string][]pawltest.Answer{"last": {{}}})
	endsWith(t, run, model.Completed, "which: high", "note", "last")
}

// Only the node that failed was compensated: after a and b, b failing ran undo-b, and a was never undone.
func TestSeedSagaUndoesTheFailedOneOnly(t *testing.T) {
	run := play(t, `
workflow: w
nodes:
  - a: {call: a, compensate: undo_a}
  - b: {call: b, compensate: undo_b}
  - c: {call: c, compensate: undo_c}
  - undo_a: {call: undo_a}
  - undo_b: {call: undo_b}
  - undo_c: {call: undo_c}
`, nil, map[string][]pawltest.Answer{"a": {{}}, "b": {{}}, "c": {broken1}, "undo_a": {{}}, "undo_b": {{}}, "undo_c": {{}}})
	endsWith(t, run, model.Failed, "a", "b", "c: error", "undo_b", "undo_a")
}

// A start that was refused left an execution behind that ran for ever.
func TestSeedRefusedStartLeavesAnOrphan(t *testing.T) {
	h := build(t, nil)
	h.deploy("workflow: w\ninput: {n: integer}\nnodes: {a: {call: double, args: 1}}")
	_, err := h.eng.Start(t.Context(), "w", map[string]string{"n": "many"})
	refuses(t, "the input", err, pawl.CodeInvalid)
	if n := h.count("w"); n != 0 {
		t.Errorf("there are %d executions", n)
	}
}

// What ran read the definition as it was now, not as it had been started with.
func TestSeedRunningOnesChangeTheirDefinition(t *testing.T) {
	h := build(t, nil)
	text := "workflow: w\nversion: %s\nnodes: [{a: {signal: go}}, {b: {end: {output: %d}}}]"
	h.deploy(fmt.Sprintf(text, "1.0.0", 1))
	run := h.start("w", nil)
	h.deploy(fmt.Sprintf(text, "1.0.1", 2))
	h.reopen()
	run = h.run(run)
	if err := run.Signal(t.Context(), "go", nil); err != nil {
		t.Fatal(err)
	}
	if got, err := pawl.Result[int](t.Context(), run); err != nil || got != 1 {
		t.Errorf("it ended with %d, %v", got, err)
	}
}

// The timeout of a signal was written down and never looked at.
func TestSeedTimeoutOfASignalNeverFires(t *testing.T) {
	run := play(t, `
workflow: w
nodes:
  - ask: {wait: {signal: answer, timeout: 7d}, next: {timeout: silent}}
  - got: {end: {}}
  - silent: {end: {outcome: silent}}
`, nil, nil)
	if run.Outcome() != "silent" {
		t.Errorf("the outcome is %s", run.Outcome())
	}
}
