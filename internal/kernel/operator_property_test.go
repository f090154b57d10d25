package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// operatedGraph is a random graph, some of its nodes composites of one step.
func operatedGraph(r *rand.Rand) *model.Workflow {
	w := randomGraph(r)
	w.Root.OnFailure = []string{"", "park", "finish"}[r.IntN(3)]
	for i := range w.Root.Graph.Nodes {
		n := &w.Root.Graph.Nodes[i]
		if r.IntN(4) > 0 {
			continue
		}
		inner := call("i" + n.ID)
		inner.With = nil
		n.Type = "foreach"
		n.Composite = &model.Composite{Items: []byte(`[1,2,3]`), Concurrency: 2, Tolerate: "100%", Scope: &model.Scope{Graph: model.Graph{Start: []string{inner.ID}, Nodes: []model.Node{inner}}}}
		if r.IntN(3) == 0 {
			n.Composite.Rest, n.Composite.Complete = "finish", "good >= 1"
		}
	}
	return w
}

// operatorInput draws a command on something that exists, most of the time.
func operatorInput(r *rand.Rand, e *execution) Input {
	var steps []string
	e.s.eachStep(func(st *step) { steps = append(steps, st.path) })
	slices.Sort(steps)
	in := Input{Kind: InRetry + InputKind(r.IntN(int(InVars-InRetry))), By: "ada"}
	if len(steps) > 0 {
		in.Step = steps[r.IntN(len(steps))]
	}
	if in.Kind == InFail && r.IntN(3) > 0 {
		in.Kind = InRetry // most executions would end by it
	}
	nodes := e.d.w.Root.Graph.Nodes
	switch in.Kind {
	case InMove, InRoute:
		in.To = nodes[r.IntN(len(nodes))].ID
		if in.Kind == InMove && r.IntN(3) == 0 {
			in.Step = ""
		}
	case InComplete:
		in.Result = &model.Result{Outcome: []string{"success", "x", "y"}[r.IntN(3)]}
	}
	return in
}

// TestOperatorsAtRandom: whatever operators do to whatever graph, the journal folds, no token is lost and no scope that
// ends well leaves an edge undecided. The harness checks the rest after each transition.
func TestOperatorsAtRandom(t *testing.T) {
	accepted, completed, seeds := map[string]int{}, 0, 20000
	if testing.Short() {
		seeds = 6000
	}
	for seed := range uint64(seeds) {
		if operateAtRandom(t, seed, accepted) {
			completed++
		}
	}
	t.Logf("%d completed, %v", completed, accepted)
	if completed < seeds/60 {
		t.Errorf("only %d executions completed", completed)
	}
	for k := InRetry; k < InVars; k++ {
		if accepted[inputNames[k]] < seeds/600 {
			t.Errorf("%s was accepted %d times only", inputNames[k], accepted[inputNames[k]])
		}
	}
}

func FuzzOperators(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { operateAtRandom(t, seed, map[string]int{}) })
}

func operateAtRandom(t *testing.T, seed uint64, accepted map[string]int) (completed bool) {
	r := rand.New(rand.NewPCG(seed, 2))
	w := operatedGraph(r)
	if _, faults := Compile(w); slices.ContainsFunc(faults, func(f Fault) bool { return !f.Warn }) {
		return false
	}
	e := newExecution(t, w)
	e.start(`null`)
	forks := 0
	for turn := 0; e.s.root != nil; turn++ {
		if turn > 60 {
			e.feed(Input{Kind: InTerminate})
			return false
		}
		tasks := e.s.Tasks()
		if len(tasks) == 0 && e.s.status != model.Parked {
			t.Fatalf("seed %d: a token was lost\n%s", seed, e.dump())
		}
		if len(tasks) == 0 || r.IntN(4) == 0 && turn < 40 {
			in := operatorInput(r, e)
			before := len(e.journal)
			if dec := e.feed(in); dec.Answers[0].Error == nil {
				accepted[inputNames[in.Kind]]++
				if before == len(e.journal) {
					t.Fatalf("seed %d: %s was accepted and not journaled", seed, inputNames[in.Kind])
				}
			}
			continue
		}
		if r.IntN(30) == 0 {
			e = e.forked(r)
			forks++
			continue
		}
		task := tasks[r.IntN(len(tasks))]
		outcome := outcomeOf(task.Step, task.Attempt, seed)
		res := model.Result{Outcome: outcome}
		if outcome == "error" {
			res = model.Result{Error: &model.Error{Code: "e"}}
		}
		e.feed(Input{Kind: InResult, Step: task.Step, Attempt: task.Attempt, Result: &res})
	}
	accepted["fork"] += forks
	if e.s.status != model.Completed {
		return false
	}
	if forks > 0 {
		return true
	}
	e.wantDecided(seed)
	return true
}

// wantDecided reads from the journal that every edge of the root scope was decided, once since it was taken back.
func (e *execution) wantDecided(seed uint64) {
	e.t.Helper()
	g := e.d.root.g
	marks := make([]graph.Mark, len(g.Edges))
	decide := func(list []int32, m graph.Mark) {
		for _, i := range list {
			if !g.Edges[i].Inner && marks[i] != graph.Undecided {
				e.t.Fatalf("seed %d: edge %d was decided twice\n%s", seed, i, e.dump())
			}
			marks[i] = m
		}
	}
	for _, body := range e.journal {
		ops, _ := Decode(body)
		for _, o := range ops {
			scopePath, _, _ := splitPath(o.path)
			switch {
			case o.kind == opReset && o.path == "":
				for _, i := range o.open {
					marks[i] = graph.Undecided
				}
			case o.kind == opEdges && (o.flag && o.path == "" || !o.flag && scopePath == ""):
				decide(o.taken, graph.Taken)
				decide(o.dead, graph.Dead)
			}
		}
	}
	for i, m := range marks {
		if !g.Edges[i].Inner && m == graph.Undecided {
			e.t.Fatalf("seed %d: edge %s was never decided\n%s", seed, fmt.Sprint(i, g.Edges[i]), e.dump())
		}
	}
}

// forked is a fork of the execution as of one of its entries. What is copied shows the same steps, outstanding work and
// marks as the original did then.
func (e *execution) forked(r *rand.Rand) *execution {
	e.t.Helper()
	var entries []Entry
	for i, body := range e.journal {
		ops, err := Decode(body)
		if err != nil {
			e.t.Fatal(err)
		}
		entries = append(entries, Entry{uint64(i + 1), e.ats[i], ops})
	}
	upto := 1 + r.IntN(len(entries))
	f, refused := NewFork(entries, uint64(upto), nil, false)
	if refused != nil && refused.Code == CodeClosing {
		return e // what it asks for is what it says: wait
	}
	if refused != nil {
		e.t.Fatalf("%v\n%s", refused, e.dump())
	}
	then, copied := New(), New()
	for _, entry := range entries[:upto] {
		if err := Apply(then, entry.Seq, entry.At, entry.Ops); err != nil {
			e.t.Fatal(err)
		}
	}
	if err := f.fold(copied); err != nil {
		e.t.Fatalf("%v\n%s", err, e.dump())
	}
	for _, c := range []struct{ was, is any }{
		{slices.Collect(Steps(then)), slices.Collect(Steps(copied))},
		{then.root.marks, copied.root.marks},
		{then.root.regions, copied.root.regions},
		{[]int{then.live, then.tasks, then.root.live, then.root.unfollowed, then.root.leftovers}, []int{copied.live, copied.tasks, copied.root.live, copied.root.unfollowed, copied.root.leftovers}},
	} {
		if a, b := fmt.Sprint(c.was), fmt.Sprint(c.is); a != b {
			e.t.Fatalf("a fork at entry %d is not what it was:\n%s\n%s\n%s", upto, a, b, e.dump())
		}
	}
	start := f.Start
	start.ID, start.Fork = record.NewID(e.now, uint64(len(entries)), 7), f
	next := newExecution(e.t, e.d.w)
	next.now = e.now
	next.feed(Input{Kind: InStart, Start: &start})
	return next
}
