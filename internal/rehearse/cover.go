package rehearse

import (
	"cmp"
	"slices"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
)

// Coverage says which nodes had a step and which edges were taken, per workflow.
type Coverage struct{ Workflows []*Covered }

// Covered is the coverage of one workflow version.
type Covered struct {
	Workflow string
	Version  string
	Nodes    []CoveredNode
	Edges    []CoveredEdge

	def   *kernel.Definition
	node  map[string]int
	edges map[model.Edge]int
}

// CoveredNode counts the steps of a node.
type CoveredNode struct {
	Node  string `json:"node"`
	Steps int    `json:"steps"`
}

// CoveredEdge counts how often an edge was taken.
type CoveredEdge struct {
	From string `json:"from"`
	On   string `json:"on"`
	When string `json:"when,omitempty"`
	To   string `json:"to"`
	// Taken counts.
	Taken int `json:"taken"`
}

// String is "from -on-> to", with the condition where there is one.
func (e CoveredEdge) String() string {
	s := e.From + " -" + e.On + "-> " + e.To
	if e.When != "" {
		s += " when " + e.When
	}
	return s
}

func (c *Coverage) add(w *model.Workflow) { c.Workflows = append(c.Workflows, coverageOf(w)) }

// coverageOf lists the nodes and edges of a workflow as they are written.
func coverageOf(w *model.Workflow) *Covered {
	v := &Covered{Workflow: w.Name, Version: cmp.Or(w.Version, FirstVersion), node: map[string]int{}, edges: map[model.Edge]int{}}
	v.def, _ = kernel.Compile(w)
	v.scope(&w.Root)
	return v
}

func (v *Covered) scope(s *model.Scope) {
	v.graph(&s.Graph)
	if s.Finally != nil {
		v.graph(s.Finally)
	}
}

func (v *Covered) graph(g *model.Graph) {
	for _, e := range g.Edges {
		if !idle(g, &e) {
			v.edges[e] = len(v.Edges)
			v.Edges = append(v.Edges, CoveredEdge{From: e.From, On: e.On, When: e.When, To: e.To})
		}
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		v.node[n.ID] = len(v.Nodes)
		v.Nodes = append(v.Nodes, CoveredNode{Node: n.ID})
		if c := n.Composite; c != nil {
			if c.Scope != nil {
				v.scope(c.Scope)
			}
			for j := range c.Branches {
				v.scope(&c.Branches[j].Scope)
			}
		}
	}
}

// idle reports whether an edge is for what is left of the good outcomes and none is left: a list goes on to the
// following node by such an edge, also where next names everything.
func idle(g *model.Graph, e *model.Edge) bool {
	if e.On != model.OnElse {
		return false
	}
	good := []string{model.Success}
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.ID == e.From && len(n.Outcomes) > 0 {
			good = slices.DeleteFunc(slices.Clone(n.Outcomes), func(o string) bool { return model.Bad(o) || slices.Contains(n.Bad, o) })
		}
	}
	return !slices.ContainsFunc(good, func(o string) bool {
		return !slices.ContainsFunc(g.Edges, func(other model.Edge) bool { return other.From == e.From && other.On == o })
	})
}

// mark counts what an execution went through.
func (c *Coverage) mark(x *Execution) {
	i := slices.IndexFunc(c.Workflows, func(v *Covered) bool { return v.Workflow == x.Workflow && v.Version == x.Version })
	if i < 0 {
		return
	}
	for j := range x.Events {
		c.Workflows[i].event(&x.Events[j])
	}
}

func (v *Covered) event(e *kernel.Event) {
	at, known := v.node[e.Node]
	switch {
	case !known:
	case e.Type == "step_scheduled":
		v.Nodes[at].Steps++
	case e.Type == "edges":
		for _, i := range e.Taken {
			edge, _ := v.def.EdgeOf(e.Node, i)
			if at, ok := v.edges[edge]; ok {
				v.Edges[at].Taken++
			}
		}
	}
}

// Missing are the nodes without a step and the edges that were never taken, in the order of the definition.
func (v *Covered) Missing() (nodes, edges []string) {
	for _, n := range v.Nodes {
		if n.Steps == 0 {
			nodes = append(nodes, n.Node)
		}
	}
	for _, e := range v.Edges {
		if e.Taken == 0 {
			edges = append(edges, e.String())
		}
	}
	return nodes, edges
}
