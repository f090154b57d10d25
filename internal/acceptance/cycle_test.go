package acceptance

import (
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
)

// endless turns in a circle without ever calling anything.
const endless = `
workflow: endless
vars: {n: 0}
start: [a]
nodes:
  a: {set: {n: {add: 1}}, next: b}
  b: {switch: {cases: [{when: vars.n < 0, outcome: out}], default: again}, next: {again: a, out: stop}}
`

// TestS30_S42_ControlOnlyCycle: an execution that turns in a circle yields to others, can be looked at, paused,
// carried over a restart, and ended.
func TestS30_S42_ControlOnlyCycle(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ctx := t.Context()
	h.deploy(endless)
	run, other := h.startUntold("endless"), h.startUntold("endless")
	h.undisturbed()
	if err := h.eng.Terminate(ctx, other.ID()); err != nil {
		t.Fatal(err)
	}
	if x, err := run.Get(ctx); err != nil || x.Status != model.Running || x.Seq < 2 {
		t.Fatalf("it does not turn: %+v, %v", x, err)
	}
	if err := h.eng.Pause(ctx, run.ID()); err != nil {
		t.Fatal(err)
	}
	x, err := run.Get(ctx)
	if err != nil || x.Status != model.Paused || len(x.Waiting) == 0 || x.Waiting[0].Kind != "paused" {
		t.Errorf("paused: %+v, %v", x, err)
	}
	h.reopen()
	run = h.run(run)
	if err := h.eng.Resume(ctx, run.ID()); err != nil {
		t.Fatal(err)
	}
	h.undisturbed()
	if err := run.Cancel(ctx); err != nil {
		t.Fatal(err)
	}
	if y := h.wait(run); y.Status != model.Cancelled || y.Seq <= x.Seq {
		t.Errorf("ended %s, entry %d after %d", y.Status, y.Seq, x.Seq)
	}
	if y := h.wait(other); y.Status != model.Terminated {
		t.Errorf("ended %s", y.Status)
	}
	h.endures()
}

// startUntold begins an execution whose story is too long to be told twice.
func (h *house) startUntold(workflow string) *pawl.Run {
	h.t.Helper()
	run := h.start(workflow, nil)
	h.known = h.known[:len(h.known)-1]
	return run
}

// TestS30_CycleAtTheBoundOfSteps: nobody stops the circle, so the bound on steps does. The execution is parked with
// the reason, and stays so over a restart.
func TestS30_CycleAtTheBoundOfSteps(t *testing.T) {
	if testing.Short() || raced {
		t.Skip("runs a million steps, which take minutes with the race detector")
	}
	t.Parallel()
	h := build(t, nil)
	ctx := t.Context()
	h.deploy(endless)
	run := h.startUntold("endless")
	parked := func(x *pawl.Execution) bool {
		return x.Status == model.Parked && x.Error != nil && x.Error.Code == "too_many_steps" &&
			len(x.Waiting) > 0 && x.Waiting[0].Kind == "parked"
	}
	x, err := run.Get(ctx)
	for err == nil && x.Status == model.Running { // each answer comes between two transitions
		x, err = run.Get(ctx)
	}
	if err != nil || !parked(x) {
		t.Fatalf("%+v, %v", x, err)
	}
	h.undisturbed()
	h.reopen()
	if y, err := h.run(run).Get(ctx); err != nil || !parked(y) || y.Seq != x.Seq {
		t.Errorf("after a restart: %+v, %v", y, err)
	}
	if err := h.run(run).Cancel(ctx); err != nil {
		t.Error(err)
	}
	h.endures()
}

// TestS30_BoundedCycle: max_runs ends a cycle with an outcome of its own, timeout with an error.
func TestS30_BoundedCycle(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	h.deploy(`
workflow: bounded
vars: {n: 0}
start: [a]
nodes:
  a: {set: {n: {add: 1}}, max_runs: 1500, next: {success: b, exhausted: out}}
  b: {set: {}, next: a}
  out: {end: {outcome: enough, output: "${ vars.n }"}}
`)
	run := h.start("bounded", nil)
	if got, err := pawl.Result[int](t.Context(), run); err != nil || got != 1500 {
		t.Errorf("%d, %v", got, err)
	}
	h.deploy("timeout: 20ms\n" + endless)
	late := h.startUntold("endless")
	if x := h.wait(late); x.Status != model.Failed || x.Error == nil || x.Error.Code != "timeout" {
		t.Errorf("%s %+v", x.Status, x.Error)
	}
	h.endures()
}
