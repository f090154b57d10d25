package pawl_test

import (
	"context"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

const sick = `
workflow: parks
version: 1.0.0
on_failure: park
nodes: {a: {call: fails}}
---
workflow: holds
version: 1.0.0
nodes: {a: {call: hangs, limits: [{name: door, concurrency: 1}]}}
---
workflow: ticks
version: 1.0.0
triggers: [{every: 1h, name: hourly}]
nodes: {a: {set: {}}}
---
workflow: calls
version: 1.0.0
nodes: {a: {workflow: {name: kid}}}
---
workflow: kid
version: 1.0.0
nodes: {a: {set: {}}}
`

// TestDoctor makes everything sick that can be, one after the other: each finding names it and how to mend it.
func TestDoctor(t *testing.T) {
	eng, ctx := open(t, memory.Open(), pawl.Options{}), t.Context()
	begun, release := make(chan struct{}), make(chan struct{})
	for name, f := range map[string]func(context.Context, struct{}) (int, error){
		"fails": func(context.Context, struct{}) (int, error) {
			return 0, &pawl.Error{Code: "broken", Message: "it is broken"}
		},
		"hangs": func(context.Context, struct{}) (int, error) { close(begun); <-release; return 0, nil },
	} {
		if err := pawl.Register(eng, name, f); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { close(release) })
	deploy(t, eng, sick)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	finds := func(check string, state pawl.FindingState, words ...string) {
		t.Helper()
		found, err := eng.Doctor(ctx)
		must(err)
		for _, f := range found {
			if text := f.Text + " " + f.Fix + " " + strings.Join(f.Executions, " "); f.Check == check && f.State == state && containsAll(text, words) {
				return
			}
		}
		t.Errorf("no %s of %s says %q: %+v", state, check, words, found)
	}
	finds("store", pawl.FindingWarning, "memory")
	finds("clock", pawl.FindingOK)
	finds("executions", pawl.FindingOK, "none is parked")
	finds("limits", pawl.FindingOK, "0 limits")
	finds("schedules", pawl.FindingOK, "1 schedules")
	finds("definitions", pawl.FindingOK, "5 active")

	parked := start(t, eng, "parks", nil)
	if _, err := parked.Wait(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	finds("executions", pawl.FindingProblem, "one execution is parked", "pawl retry", parked.ID())

	holder := start(t, eng, "holds", nil)
	<-begun
	must(eng.Pause(ctx, holder.ID()))
	finds("executions", pawl.FindingWarning, "one execution is paused", "pawl resume", holder.ID())
	door, err := eng.Limits().Get(ctx, "door", "")
	must(err)
	must(eng.Pause(ctx, door.Execution))
	finds("limits", pawl.FindingWarning, "door is paused", door.Execution)

	must(eng.Schedules().Pause(ctx, "ticks", "hourly"))
	finds("schedules", pawl.FindingWarning, "ticks hourly is paused", "pawl schedule resume ticks hourly")

	must(eng.Retire(ctx, "kid", "1.0.0", pawl.Force("to see what happens")))
	finds("definitions", pawl.FindingProblem, "calls 1.0.0 starts the workflow kid", "deploy kid")
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}
