package kernel

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// again runs a closed execution again from its failed steps, to its end, and gives the steps that did something.
func (e *execution) again(fails func() bool) (*execution, []string) {
	e.t.Helper()
	var entries []Entry
	for i, body := range e.journal {
		ops, err := Decode(body)
		if err != nil {
			e.t.Fatal(err)
		}
		entries = append(entries, Entry{uint64(i + 1), e.ats[i], ops})
	}
	f, refused := NewFork(entries, 0, nil, true)
	if refused != nil {
		e.t.Fatalf("%s: %s\n%s", refused.Code, refused.Message, e.dump())
	}
	start := f.Start
	start.ID, start.Fork = record.NewID(e.now, e.s.seq, 7), f
	next := newExecution(e.t, e.d.w)
	next.now = e.now
	next.feed(Input{Kind: InStart, Start: &start})
	return next, next.play(rand.New(rand.NewPCG(1, 1)), fails)
}

func boom() model.Result { return model.Result{Error: &model.Error{Code: "boom"}} }

func never() bool { return false }

// items is a foreach over three whose body is given, and a step behind it.
func items(tolerate string, body model.Scope) *model.Workflow {
	w := &model.Workflow{Name: "w"}
	w.Root.Graph = model.Graph{
		Start: []string{"e"}, Edges: []model.Edge{{From: "e", On: "else", To: "z"}},
		Nodes: []model.Node{{ID: "e", Type: "foreach", Composite: &model.Composite{Items: json.RawMessage("[1,2,3]"), Tolerate: tolerate, Scope: &body}}, call("z")},
	}
	return w
}

func twoSteps() model.Scope {
	return model.Scope{Graph: model.Graph{Start: []string{"a"}, Nodes: []model.Node{call("a"), call("b")}, Edges: []model.Edge{{From: "a", On: "else", To: "b"}}}}
}

// TestRerunOfFailedItems: the failed steps of all failed items run again, what was cancelled goes on, and what ended well
// is kept (LANGUAGE 10).
func TestRerunOfFailedItems(t *testing.T) {
	e := newExecution(t, items("1", twoSteps()))
	e.start(`null`)
	e.ok("e[0]/a", `1`)
	e.ok("e[1]/a", `1`)
	e.report("e[0]/b", boom())
	e.report("e[1]/b", boom())
	e.report("e[2]/a", boom()) // it was asked to stop
	e.wantStatus(model.Failed)
	next, done := e.again(never)
	next.wantStatus(model.Completed)
	slices.Sort(done)
	if want := []string{"e[0]/b#2", "e[1]/b#2", "e[2]/a", "e[2]/b", "z"}; !slices.Equal(done, want) {
		t.Errorf("done %v, want %v\n%s", done, want, next.dump())
	}
}

// TestRerunOfWhatFailedDeepInside also goes wrong once more on its way.
func TestRerunOfWhatFailedDeepInside(t *testing.T) {
	in := twoSteps()
	body := model.Scope{Graph: model.Graph{
		Start: []string{"r"}, Nodes: []model.Node{call("r"), {ID: "in", Type: "scope", Composite: &model.Composite{Scope: &in}}}, Edges: []model.Edge{{From: "r", On: "else", To: "in"}},
	}}
	e := newExecution(t, items("0", body))
	e.start(`null`)
	for _, step := range []string{"e[0]/r", "e[1]/r", "e[2]/r", "e[1]/in/a"} {
		e.ok(step, `1`)
	}
	e.report("e[1]/in/b", boom())
	e.ok("e[0]/in/a", `1`) // although it was asked to stop
	e.report("e[2]/in/a", boom())
	e.wantStatus(model.Failed)
	first := true
	next, _ := e.again(func() bool { was := first; first = false; return was })
	next.wantStatus(model.Failed)
	last, done := next.again(never)
	last.wantStatus(model.Completed)
	for _, step := range []string{"e[0]/r", "e[1]/r", "e[2]/r", "e[1]/in/a"} {
		if slices.Contains(done, step) {
			t.Errorf("%s was done before: %v\n%s", step, done, last.dump())
		}
	}
}

// TestRerunOfWhatNoStepMadeFail runs the composite again as a whole.
func TestRerunOfWhatNoStepMadeFail(t *testing.T) {
	body := model.Scope{Graph: model.Graph{
		Start: []string{"a"}, Nodes: []model.Node{call("a"), {ID: "no", Type: "end", With: json.RawMessage(`{"outcome":"error"}`)}}, Edges: []model.Edge{{From: "a", On: "else", To: "no"}},
	}}
	e := newExecution(t, items("0", body))
	e.start(`null`)
	e.ok("e[0]/a", `1`)
	e.report("e[1]/a", boom())
	e.report("e[2]/a", boom())
	e.wantStatus(model.Failed)
	_, done := e.again(never)
	if !slices.Contains(done, "e#2[0]/a") {
		t.Errorf("done %v", done)
	}
}
