package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/model"
)

// The reference interpreter of LANGUAGE 2 and 3: what must have happened when a graph without failures has come to
// its end, worked out node by node in topological order, without any state of a running scope.
type oracle struct {
	w     *model.Graph
	g     *graph.Graph
	edges []graph.Mark
	steps map[string]int // by node, number of steps
	bad   bool           // some outcome has no edge, or two entries: the scope fails
	long  bool
}

func outcomeOf(node string, run int, seed uint64) string {
	h := fnv64([]byte(fmt.Sprint(seed, run)), node)
	return []string{"success", "x", "y", "error"}[h>>20%4]
}

// next gives the edges that the run-th step of node takes; ok is false where nothing fits.
func (o *oracle) next(n int, outcome string) (taken []int32, ok bool) {
	find := func(on string) bool {
		return slices.ContainsFunc(o.w.Edges, func(e model.Edge) bool { return e.From == o.w.Nodes[n].ID && e.On == on })
	}
	key := outcome
	switch {
	case find(outcome):
	case outcome != "error" && find("else"):
		key = "else"
	case find("any"):
		key = "any"
	default:
		onlyBad := !slices.ContainsFunc(o.w.Edges, func(e model.Edge) bool { return e.From == o.w.Nodes[n].ID && e.On != "error" })
		return nil, outcome != "error" && onlyBad
	}
	entry, choice := -1, slices.ContainsFunc(o.w.Edges, func(e model.Edge) bool {
		return e.From == o.w.Nodes[n].ID && e.On == key && e.When != ""
	})
	for i, e := range o.w.Edges {
		if e.From != o.w.Nodes[n].ID || e.On != key || e.When == "false" {
			continue
		}
		if choice && !o.w.Nodes[n].SplitAll && entry >= 0 && e.Entry != entry {
			break
		}
		entry = e.Entry
		taken = append(taken, int32(i))
	}
	return taken, len(taken) > 0
}

func (o *oracle) run(seed uint64) {
	done := map[int]bool{}
	for progress := true; progress && !o.bad && !o.long; {
		progress = false
		for n := range o.g.Nodes {
			unit := []int{n}
			in, joins := o.g.Nodes[n].In, o.g.Nodes[n].Join.N
			start := slices.Contains(o.g.Start, n)
			if r := o.g.Nodes[n].Region; r >= 0 {
				unit, in = o.g.Regions[r].Nodes, o.g.Regions[r].Entry
			}
			if done[unit[0]] || slices.ContainsFunc(in, func(e int32) bool { return o.edges[e] == graph.Undecided }) {
				continue
			}
			done[unit[0]], progress = true, true
			taken := slices.DeleteFunc(slices.Clone(in), func(e int32) bool { return o.edges[e] != graph.Taken })
			o.unit(unit, taken, joins, start, seed)
		}
	}
}

func (o *oracle) unit(unit []int, taken []int32, joins int, start bool, seed uint64) {
	at := unit[0]
	count := len(taken)
	if len(unit) > 1 || o.g.Nodes[at].Region >= 0 {
		entry := -1
		meet := func(n int) { o.bad = o.bad || entry >= 0 && entry != n; entry = n }
		for _, s := range o.g.Regions[o.g.Nodes[at].Region].Starts {
			meet(s)
			count++
		}
		for _, e := range taken {
			meet(o.g.Edges[e].To)
		}
		if at = entry; at >= 0 {
			joins = o.g.Nodes[at].Join.N
		}
	} else if start {
		count++
	}
	exits := o.g.Nodes[unit[0]].Out
	if r := o.g.Nodes[unit[0]].Region; r >= 0 {
		exits = o.g.Regions[r].Exit
	}
	for _, e := range exits {
		o.edges[e] = graph.Dead
	}
	if count == 0 || o.bad {
		return
	}
	unreachable := joins > 0 && count < joins
	for hop := 0; ; hop++ {
		if o.long = hop > 40; o.long {
			return
		}
		id := o.w.Nodes[at].ID
		o.steps[id]++
		outcome := outcomeOf(id, o.steps[id], seed)
		if unreachable && hop == 0 {
			outcome = model.Unreachable
		}
		taken, ok := o.next(at, outcome)
		if outcome == model.Unreachable {
			taken, ok = o.nextBad(at)
		}
		if !ok {
			o.bad = true
			return
		}
		if len(taken) == 1 && o.g.Edges[taken[0]].Inner {
			at = o.g.Edges[taken[0]].To
			continue
		}
		for _, e := range taken {
			o.edges[e] = graph.Taken
		}
		return
	}
}

// nextBad follows a bad word that only any can take.
func (o *oracle) nextBad(n int) ([]int32, bool) {
	if slices.ContainsFunc(o.w.Edges, func(e model.Edge) bool { return e.From == o.w.Nodes[n].ID && e.On == "any" }) {
		was := o.w.Nodes[n].ID
		taken, ok := (&oracle{w: &model.Graph{Nodes: o.w.Nodes, Edges: onlyAny(o.w.Edges, was)}, g: o.g}).next(n, "error")
		return taken, ok
	}
	return nil, false
}

// onlyAny renames the edges of a node that are not under any, so that only those fit.
func onlyAny(edges []model.Edge, from string) []model.Edge {
	edges = slices.Clone(edges)
	for i := range edges {
		if edges[i].From == from && edges[i].On != "any" {
			edges[i].On = "never"
		}
	}
	return edges
}

func randomGraph(r *rand.Rand) *model.Workflow {
	w := &model.Workflow{Name: "random"}
	g := &w.Root.Graph
	n := 2 + r.IntN(7)
	for i := range n {
		node := call(fmt.Sprintf("n%d", i))
		node.With = nil
		node.SplitAll = r.IntN(6) == 0
		g.Nodes = append(g.Nodes, node)
	}
	g.Start = []string{"n0"}
	for i := range n {
		for _, on := range []string{"else", "any", "x", "error"}[:1+r.IntN(4)] {
			entries := r.IntN(3)
			for entry := range entries {
				e := model.Edge{From: g.Nodes[i].ID, On: on, Entry: entry}
				if entries > 1 && r.IntN(2) == 0 {
					e.When = []string{"true", "false"}[r.IntN(2)]
				}
				to := i + 1 + r.IntN(n)
				if r.IntN(8) == 0 {
					to = r.IntN(i + 1)
				}
				e.To = model.ToStop
				if to < n {
					e.To = g.Nodes[to].ID
				}
				g.Edges = append(g.Edges, e)
			}
		}
		g.Nodes[i].Join.N = max(0, r.IntN(4)-1)
	}
	return w
}

// checkAgainstOracle runs one random graph with its results in random order. It reports whether the graph was one
// that the oracle speaks of.
func checkAgainstOracle(t *testing.T, seed uint64) bool {
	r := rand.New(rand.NewPCG(seed, 1))
	w := randomGraph(r)
	g, faults := graph.New(&w.Root.Graph, nil)
	if slices.ContainsFunc(faults, func(f graph.Fault) bool { return !f.Warn }) {
		return false
	}
	o := &oracle{w: &w.Root.Graph, g: g, edges: make([]graph.Mark, len(g.Edges)), steps: map[string]int{}}
	o.run(seed)
	if o.bad || o.long {
		return false
	}
	e := newExecution(t, w)
	e.start(`null`)
	for e.s.root != nil {
		tasks := e.s.Tasks()
		if len(tasks) == 0 {
			t.Fatalf("seed %d: a token was lost\n%s", seed, e.dump())
		}
		task := tasks[r.IntN(len(tasks))]
		st := e.s.stepAt(task.Step)
		if st == nil {
			t.Fatalf("seed %d: %v outstanding, but there is no such step\n%s", seed, task, e.dump())
		}
		outcome := outcomeOf(st.node, int(st.run), seed)
		res := model.Result{Outcome: outcome}
		if outcome == "error" {
			res = model.Result{Error: &model.Error{Code: "e"}}
		}
		e.feed(Input{Kind: InResult, Step: task.Step, Attempt: task.Attempt, Result: &res})
	}
	if e.s.status != model.Completed {
		t.Fatalf("seed %d: %s %v\n%s", seed, e.s.status, e.s.failure, e.dump())
	}
	steps, marks := e.traced(len(g.Edges))
	if fmt.Sprint(steps) != fmt.Sprint(o.steps) {
		t.Fatalf("seed %d: steps %v, the oracle says %v\n%s", seed, steps, o.steps, e.dump())
	}
	for i := range g.Edges {
		if got := marks[i]; !g.Edges[i].Inner && got != o.edges[i] {
			t.Fatalf("seed %d: edge %d is %d, the oracle says %d\n%s", seed, i, got, o.edges[i], e.dump())
		}
	}
	return true
}

// traced reads steps and marks of the root scope from the journal, and that no edge was decided twice.
func (e *execution) traced(edges int) (map[string]int, []graph.Mark) {
	steps, marks := map[string]int{}, make([]graph.Mark, edges)
	decide := func(list []int32, m graph.Mark) {
		for _, i := range list {
			if !e.d.root.g.Edges[i].Inner && marks[i] != graph.Undecided {
				e.t.Fatalf("edge %d was decided twice\n%s", i, e.dump())
			}
			marks[i] = m
		}
	}
	for _, body := range e.journal {
		ops, _ := Decode(body)
		for _, o := range ops {
			switch o.kind {
			case opStep:
				_, node, _ := splitPath(o.path)
				steps[node]++
			case opEdges:
				decide(o.taken, graph.Taken)
				decide(o.dead, graph.Dead)
			}
		}
	}
	return steps, marks
}

func TestGraphsAgreeWithTheReferenceInterpreter(t *testing.T) {
	checked, regions := 0, 0
	for seed := range uint64(30000) {
		if checkAgainstOracle(t, seed) {
			checked++
			g, _ := graph.New(&randomGraph(rand.New(rand.NewPCG(seed, 1))).Root.Graph, nil)
			regions += len(g.Regions)
		}
	}
	t.Logf("%d graphs agreed, %d regions among them", checked, regions)
	if checked < 500 || regions < 200 {
		t.Fatalf("only %d graphs with %d regions could be checked", checked, regions)
	}
}

func FuzzGraphs(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkAgainstOracle(t, seed) })
}
