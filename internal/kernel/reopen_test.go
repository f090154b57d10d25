package kernel

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// nested is a foreach of scopes whose first step can be undone, and a step behind it.
func nested(tolerate string) *model.Workflow {
	undoable := func(id, by string) model.Node {
		n := call(id)
		n.Compensate = by
		return n
	}
	in := model.Scope{Graph: model.Graph{
		Start: []string{"a"}, Nodes: []model.Node{undoable("a", "undo"), call("b"), call("undo")}, Edges: []model.Edge{{From: "a", On: "else", To: "b"}},
	}}
	item := model.Scope{Graph: model.Graph{
		Start: []string{"r"}, Nodes: []model.Node{undoable("r", "back"), {ID: "in", Type: "scope", Composite: &model.Composite{Scope: &in}}, call("back")},
		Edges: []model.Edge{{From: "r", On: "else", To: "in"}},
	}}
	w := &model.Workflow{Name: "w"}
	w.Root.Graph = model.Graph{
		Start: []string{"e"}, Edges: []model.Edge{{From: "e", On: "else", To: "z"}},
		Nodes: []model.Node{{ID: "e", Type: "foreach", Composite: &model.Composite{
			Items: json.RawMessage("[1,2,3]"), As: "item", Tolerate: tolerate, Scope: &item,
		}}, call("z")},
	}
	return w
}

// play reports results for what is out until the execution has closed, and gives what it reported good ones for.
func (e *execution) play(r *rand.Rand, fails func() bool) (done []string) {
	e.t.Helper()
	for range 1000 {
		e.settle()
		if e.s.Status().Closed() {
			return done
		}
		out := e.s.Tasks()
		if len(out) == 0 {
			e.t.Fatalf("nothing is out\n%s", e.dump())
		}
		step := out[r.IntN(len(out))].Step
		if _, node, _ := splitPath(step); node != "undo" && node != "back" && fails() {
			e.report(step, model.Result{Error: &model.Error{Code: "boom"}})
			continue
		}
		e.ok(step, `1`)
		done = append(done, step)
	}
	e.t.Fatalf("it does not end\n%s", e.dump())
	return nil
}

// TestReopened: from any step of an execution that has closed a fork goes on to its end or is refused with a reason.
// What its plan keeps is not done again, and nothing that was undone is kept.
func TestReopened(t *testing.T) {
	reopened, refusals := 0, map[string]int{}
	for seed := range uint64(24) {
		r := rand.New(rand.NewPCG(seed, 9))
		e := newExecution(t, nested([]string{"", "1", "3"}[seed%3]))
		e.start(`null`)
		e.play(r, func() bool { return r.IntN(6) == 0 })
		var entries []Entry
		var steps []string
		undone := map[string]bool{}
		for i, body := range e.journal {
			ops, err := Decode(body)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range ops {
				switch o.kind {
				case opStep:
					steps = append(steps, o.path)
				case opUndone:
					undone[o.text] = true
				}
			}
			entries = append(entries, Entry{uint64(i + 1), e.ats[i], ops})
		}
		for n, step := range steps {
			f, refused := NewFork(entries, 0, []string{step}, false)
			if refused != nil {
				refusals[refused.Code]++
				continue
			}
			reopened += len(f.Reopened)
			start := f.Start
			start.ID, start.Fork = record.NewID(e.now, uint64(n), 7), f
			in := Input{Kind: InStart, Start: &start}
			p, err := ForeseeFork(e.d, in, e.env)
			if err != nil {
				t.Fatalf("seed %d, from %s: %v\n%s", seed, step, err, e.dump())
			}
			next := newExecution(t, e.d.w)
			next.now = e.now
			next.feed(in)
			done := next.play(r, func() bool { return false })
			for _, kept := range p.Kept {
				if undone[kept] || slices.Contains(done, kept) {
					t.Fatalf("seed %d, from %s: %s was to be kept\n%s\n%s", seed, step, kept, e.dump(), next.dump())
				}
			}
			if !slices.Contains(p.Again, step) && !slices.Contains(p.Cancelled, step) {
				t.Fatalf("seed %d: %s does not run again: %+v\n%s", seed, step, p, e.dump())
			}
		}
	}
	if reopened < 200 {
		t.Errorf("only %d composites went on; refused: %v", reopened, refusals)
	}
	t.Logf("%d composites went on; refused: %v", reopened, refusals)
}
