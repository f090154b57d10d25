package pawl_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/sqlite"
)

const holding = `
workflow: w
version: 1.0.0
vars: {n: 0}
nodes:
  - hold: {signal: go}
  - last: {signal: never}
`

func waiting(t *testing.T, s store.Opener, n int) *pawl.Engine {
	t.Helper()
	eng, err := pawl.Open(t.Context(), s, pawl.Options{Workers: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close(context.Background()) })
	if _, err := eng.Deploy(t.Context(), pawl.Text("w.yaml", []byte(holding))); err != nil {
		t.Fatal(err)
	}
	for range n {
		if _, err := eng.Start(t.Context(), "w", nil); err != nil {
			t.Fatal(err)
		}
	}
	return eng
}

func settled(t *testing.T, eng *pawl.Engine, id string, state pawl.BulkState, found, done int) *pawl.BulkProgress {
	t.Helper()
	p, err := eng.Bulks().Wait(t.Context(), id)
	if err != nil || p.State != state || p.Found != found || p.Done != done {
		t.Fatalf("the bulk %s: %+v %v; want %s, %d found, %d done", id, p, err, state, found, done)
	}
	return p
}

// paused counts how often each execution was paused.
func paused(t *testing.T, eng *pawl.Engine) (times []int) {
	t.Helper()
	page, err := eng.List(t.Context(), pawl.Filter{Workflow: "w", Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range page.Executions {
		n := 0
		for ev, err := range eng.History(t.Context(), x.ID, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if ev.Type == "paused" {
				n++
			}
		}
		times = append(times, n)
	}
	return times
}

// TestBulkOutlivesItsProcess: a bulk that waits after its canary is there when the store is opened again, goes on where
// it stood, and nothing is done twice.
func TestBulkOutlivesItsProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bulk.db")
	eng := waiting(t, sqlite.Open(file), 230)
	spec := pawl.BulkSpec{ID: "b", Filter: pawl.Filter{Workflow: "w"}, Do: pawl.BulkVerb{Verb: "pause"}, Canary: 104}
	if _, err := eng.Bulks().Start(t.Context(), spec, pawl.By("ada"), pawl.Why("a test")); err != nil {
		t.Fatal(err)
	}
	settled(t, eng, "b", pawl.BulkPaused, 104, 104)
	if err := eng.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := pawl.Open(t.Context(), sqlite.Open(file), pawl.Options{Workers: -1, Bulks: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close(context.Background()) })
	settled(t, again, "b", pawl.BulkPaused, 104, 104)
	if err := again.Bulks().Resume(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	p := settled(t, again, "b", pawl.BulkDone, 230, 230)
	if p.Do.Verb != "pause" || p.Filter.Workflow != "w" {
		t.Errorf("it tells %+v", p)
	}
	for i, n := range paused(t, again) {
		if n != 1 {
			t.Errorf("execution %d was paused %d times", i, n)
		}
	}
	if p, err = again.Bulks().Start(t.Context(), spec); err != nil || p.State != pawl.BulkDone {
		t.Errorf("the same again: %+v %v", p, err)
	}
	spec.Do.Verb = "cancel"
	if _, err = again.Bulks().Start(t.Context(), spec); pawl.Code(err) != pawl.CodeKeyConflict {
		t.Errorf("something else under the same name: %v", err)
	}
}

// TestBulkStops: what is paused and stopped does no more, and other executions are listed without it.
func TestBulkStops(t *testing.T) {
	eng := waiting(t, memory.Open(), 10)
	bulks := eng.Bulks()
	if _, err := bulks.Start(t.Context(), pawl.BulkSpec{ID: "b", Filter: pawl.Filter{Workflow: "w"}, Do: pawl.BulkVerb{Verb: "pause"}, Canary: 4}); err != nil {
		t.Fatal(err)
	}
	settled(t, eng, "b", pawl.BulkPaused, 4, 4)
	if err := bulks.Pause(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	if err := bulks.Stop(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	settled(t, eng, "b", pawl.BulkStopped, 4, 4)
	if err := bulks.Resume(t.Context(), "b"); pawl.Code(err) != pawl.CodeNotPaused {
		t.Errorf("resume of a stopped bulk: %v", err)
	}
	if all, err := bulks.List(t.Context()); err != nil || len(all) != 1 || all[0].ID != "b" {
		t.Errorf("the bulks: %+v %v", all, err)
	}
	if page, err := eng.List(t.Context(), pawl.Filter{}); err != nil || len(page.Executions) != 10 {
		t.Errorf("%d executions %v", len(page.Executions), err)
	}
	if _, err := bulks.Get(t.Context(), "c"); pawl.Code(err) != pawl.CodeNotFound {
		t.Errorf("a bulk that is not there: %v", err)
	}
}

// TestBulkPausesAfterRefusals counts what could not be done by its code, and bears so many more once it was resumed.
func TestBulkPausesAfterRefusals(t *testing.T) {
	eng := waiting(t, memory.Open(), 120)
	_, err := eng.Bulks().Start(t.Context(), pawl.BulkSpec{
		ID: "b", Filter: pawl.Filter{Statuses: []model.Status{model.Running}}, PauseAfter: 2, Do: pawl.BulkVerb{Verb: "retry", Step: "hold"},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := settled(t, eng, "b", pawl.BulkPaused, 100, 0)
	if p.Refused != 100 || p.Codes[pawl.CodeNotFailed] != 100 || len(p.Refusals) != 100 {
		t.Fatalf("%+v", p)
	}
	if err := eng.Bulks().Resume(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	if p = settled(t, eng, "b", pawl.BulkDone, 120, 0); len(p.Refusals) != 100 || p.Codes[pawl.CodeNotFailed] != 120 {
		t.Errorf("%d refusals are kept, %v", len(p.Refusals), p.Codes)
	}
}

// TestBulkVerbs does every verb, after its plan has said what it will do.
func TestBulkVerbs(t *testing.T) {
	for _, c := range []struct {
		do   pawl.BulkVerb
		plan string // kept, again, cancelled, ends, repeats
		want string // the status, and the step it is at
	}{
		{pawl.BulkVerb{Verb: "cancel"}, "0 0 1 0 0", "cancelled"},
		{pawl.BulkVerb{Verb: "terminate"}, "0 0 1 0 0", "terminated"},
		{pawl.BulkVerb{Verb: "pause"}, "0 0 0 0 0", "paused hold"},
		{pawl.BulkVerb{Verb: "skip", Step: "hold"}, "0 0 0 1 0", "running last"},
		{pawl.BulkVerb{Verb: "complete", Step: "hold", Data: 1}, "0 0 0 1 0", "running last"},
		{pawl.BulkVerb{Verb: "fail", Message: "no"}, "0 0 1 0 0", "failed"},
		{pawl.BulkVerb{Verb: "move", Step: "hold", To: "last"}, "0 0 1 0 0", "running last"},
		{pawl.BulkVerb{Verb: "vars", Vars: []pawl.Change{{Var: "n", Value: 1}}}, "0 0 0 0 0", "running hold"},
		{pawl.BulkVerb{Verb: "signal", Signal: "go"}, "0 0 0 1 0", "running last"},
		{pawl.BulkVerb{Verb: "migrate", Version: "2.0.0"}, "0 0 0 0 0", "running hold"},
		{pawl.BulkVerb{Verb: "fork"}, "0 0 0 0 0", "running hold"},
	} {
		t.Run(c.do.Verb, func(t *testing.T) {
			eng := waiting(t, memory.Open(), 2)
			if _, err := eng.Deploy(t.Context(), pawl.Text("w2.yaml", []byte("workflow: w\nversion: 2.0.0\nvars: {n: 0}\nnodes: [{hold: {signal: go}}]\n"))); err != nil {
				t.Fatal(err)
			}
			spec := pawl.BulkSpec{ID: "b", Filter: pawl.Filter{Workflow: "w"}, Do: c.do}
			p, err := eng.Bulks().Plan(t.Context(), spec, 1)
			if err != nil || p.Found != 2 || p.Sampled != 1 || p.Done != 1 {
				t.Fatalf("the plan: %+v %v", p, err)
			}
			if got := fmt.Sprint(p.Kept, p.Again, p.Cancelled, p.Ends, p.Repeats); got != c.plan {
				t.Errorf("it would keep, run again, cancel, end and repeat %s, want %s", got, c.plan)
			}
			if _, err := eng.Bulks().Start(t.Context(), spec); err != nil {
				t.Fatal(err)
			}
			settled(t, eng, "b", pawl.BulkDone, 2, 2)
			page, err := eng.List(t.Context(), pawl.Filter{Workflow: "w"})
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range page.Executions {
				got, err := eng.Get(t.Context(), x.ID)
				if err != nil {
					t.Fatal(err)
				}
				at := string(got.Status)
				for _, s := range got.Steps {
					if s.Status == model.StepWaiting {
						at += " " + s.Path
					}
				}
				if at != c.want {
					t.Errorf("it is %s, want %s", at, c.want)
				}
			}
		})
	}
}

// TestBulkRefusesWhatItCannotDo before it begins.
func TestBulkRefusesWhatItCannotDo(t *testing.T) {
	eng := waiting(t, memory.Open(), 0)
	for _, v := range []pawl.BulkVerb{{}, {Verb: "eat"}, {Verb: "skip"}, {Verb: "route", Step: "a"}, {Verb: "vars"}, {Verb: "signal"}, {Verb: "migrate"}} {
		if _, err := eng.Bulks().Start(t.Context(), pawl.BulkSpec{Do: v}); pawl.Code(err) != pawl.CodeInvalid {
			t.Errorf("%+v: %v", v, err)
		}
	}
}

// TestBulkLeavesEntitiesAlone: a filter that names what the engine brings along selects nothing.
func TestBulkLeavesEntitiesAlone(t *testing.T) {
	eng := waiting(t, memory.Open(), 1)
	for _, f := range []pawl.Filter{{Workflow: "pawl.bulk"}, {IDPrefix: "0"}} {
		spec := pawl.BulkSpec{Filter: f, Do: pawl.BulkVerb{Verb: "pause"}}
		p, err := eng.Bulks().Start(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := eng.Bulks().Plan(t.Context(), spec, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := settled(t, eng, p.ID, pawl.BulkDone, plan.Found, plan.Found); got.Refused > 0 {
			t.Errorf("%+v", got)
		}
		if f.Workflow != "" && plan.Found > 0 {
			t.Errorf("a bulk selects %d bulks", plan.Found)
		}
	}
}
