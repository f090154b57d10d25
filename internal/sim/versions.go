package sim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
)

// The versions that every generated workflow has. The second is a small change of the first; see [variant].
const (
	firstVersion  = "1.0.0"
	secondVersion = "2.0.0"
)

// variant is the second version of a workflow, and the new ids of the nodes that it renames. Each change that would not
// compile is left out, so the second version may differ in nothing but its number.
func variant(r *rand.Rand, first *model.Workflow) (second *model.Workflow, renames map[string]string) {
	second = clone(first)
	second.Version = secondVersion
	renames = map[string]string{}
	for range 1 + r.IntN(3) {
		next := clone(second)
		old, now := "", ""
		switch r.IntN(6) {
		case 0, 1:
			addNode(r, next)
		case 2, 3:
			next, old, now = renamed(r, next, len(renames))
		case 4:
			otherInput(r, next)
		default:
			dropNode(r, next)
		}
		if !compiles(next) {
			continue
		}
		second = next
		if old != "" {
			renames[old] = now
		}
	}
	return second, renames
}

func clone(w *model.Workflow) *model.Workflow {
	return parsed(string(mustJSON(w)))
}

func parsed(text string) *model.Workflow {
	out := &model.Workflow{}
	if err := json.Unmarshal([]byte(text), out); err != nil {
		panic(err) // it was written here
	}
	return out
}

func compiles(w *model.Workflow) bool {
	_, faults := kernel.Compile(w)
	return !slices.ContainsFunc(faults, func(f kernel.Fault) bool { return !f.Warn })
}

// graphs lists the graphs of a workflow, outer ones first.
func graphs(g *model.Graph) []*model.Graph {
	out := []*model.Graph{g}
	for i := range g.Nodes {
		c := g.Nodes[i].Composite
		if c == nil {
			continue
		}
		if c.Scope != nil {
			out = append(out, graphs(&c.Scope.Graph)...)
		}
		for k := range c.Branches {
			out = append(out, graphs(&c.Branches[k].Scope.Graph)...)
		}
	}
	return out
}

func anyGraph(r *rand.Rand, w *model.Workflow) *model.Graph {
	all := graphs(&w.Root.Graph)
	return all[r.IntN(len(all))]
}

// addNode lets something more happen after a node.
func addNode(r *rand.Rand, w *model.Workflow) {
	g := anyGraph(r, w)
	after := g.Nodes[r.IntN(len(g.Nodes))].ID
	n := model.Node{ID: fmt.Sprintf("new%d", r.IntN(1000)), Type: "function", With: mustJSON(map[string]any{"name": "work"})}
	if r.IntN(2) == 0 {
		n.Type, n.With = "set", mustJSON(map[string]any{})
	}
	g.Nodes = append(g.Nodes, n)
	g.Edges = append(g.Edges, model.Edge{From: after, On: model.OnElse, To: n.ID, Entry: 9})
}

// renamed calls a node otherwise, wherever it is named. Ids are unique in a generated workflow and no other word is like
// one.
func renamed(r *rand.Rand, w *model.Workflow, nth int) (next *model.Workflow, old, now string) {
	g := anyGraph(r, w)
	old = g.Nodes[r.IntN(len(g.Nodes))].ID
	if i := slices.IndexFunc(g.Nodes, func(n model.Node) bool { return n.Callback }); i >= 0 && r.IntN(2) == 0 {
		old = g.Nodes[i].ID // its token names it as it was
	}
	if strings.HasPrefix(old, "new") || strings.HasPrefix(old, "then") {
		return w, "", "" // the first version does not have it, or calls it otherwise
	}
	now = fmt.Sprintf("then%d", nth)
	text := strings.NewReplacer(`"`+old+`"`, `"`+now+`"`, "nodes."+old+".", "nodes."+now+".").Replace(string(mustJSON(w)))
	return parsed(text), old, now
}

// otherInput gives a task other arguments.
func otherInput(r *rand.Rand, w *model.Workflow) {
	g := anyGraph(r, w)
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Type == "function" && r.IntN(2) == 0 {
			n.With = mustJSON(map[string]any{"name": "work", "args": map[string]any{"n": 1000 + r.IntN(100)}})
		}
	}
}

// dropNode leaves out a node that nothing follows and that undoes nothing.
func dropNode(r *rand.Rand, w *model.Workflow) {
	g := anyGraph(r, w)
	id := g.Nodes[r.IntN(len(g.Nodes))].ID
	follows := slices.ContainsFunc(g.Edges, func(e model.Edge) bool { return e.From == id })
	if follows || slices.ContainsFunc(g.Nodes, func(n model.Node) bool { return n.Compensate == id }) {
		return
	}
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n model.Node) bool { return n.ID == id })
	g.Edges = slices.DeleteFunc(g.Edges, func(e model.Edge) bool { return e.To == id })
}

// define draws the workflows of each namespace and compiles them in both versions.
func (w *world) define() error {
	draw, r := definitions, w.r
	if w.o.plain {
		draw, r = plainDefinitions, rand.New(rand.NewPCG(w.seed, 0xde))
	}
	for _, ns := range namespaces[:w.namespaces] {
		for _, d := range draw(r, w.workflows) {
			ref := engine.DefinitionRef{Namespace: ns, Workflow: d.Name, Version: firstVersion}
			second, renames := variant(w.r, d)
			if err := w.deploy(ref, d); err != nil {
				return err
			}
			w.active[ref] = firstVersion
			w.names = append(w.names, ref)
			w.renames[ref] = renames
			later := ref
			later.Version = secondVersion
			if err := w.deploy(later, second); err != nil {
				return err
			}
			if w.r.IntN(2) == 0 {
				w.after(w.upTo(w.storm), func() { w.active[ref] = secondVersion })
			}
		}
	}
	return nil
}

func (w *world) deploy(ref engine.DefinitionRef, d *model.Workflow) error {
	compiled, faults := kernel.Compile(d)
	for _, f := range faults {
		if !f.Warn {
			return fmt.Errorf("the generator made a workflow that does not compile: %s: node %q: %s", f.Code, f.Node, f.Message)
		}
	}
	w.defs[ref] = compiled
	return nil
}

// anyWorkflow draws a workflow and gives the version that is active.
func (w *world) anyWorkflow() engine.DefinitionRef {
	ref := w.names[w.r.IntN(len(w.names))]
	ref.Version = w.active[ref]
	return ref
}
