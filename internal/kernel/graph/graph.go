// Package graph is the law of tokens in one graph: which edges an outcome takes, when a join starts its node, how
// dead paths spread and how a cycle (a region) looks from outside (LANGUAGE 2 and 3).
//
// It is pure and knows neither steps nor expressions: conditions are evaluated by the caller.
package graph

import (
	"slices"

	"github.com/pawl-dev/pawl/model"

	"github.com/pawl-dev/pawl/internal/nearest"
)

// Targets that are no nodes.
const (
	Stop = -1
	Fail = -2
)

// Graph is a compiled [model.Graph]. Nodes and edges are named by their index in the model.
type Graph struct {
	Nodes   []Node
	Edges   []Edge
	Regions []Region
	// Start are the nodes where a token begins, in written order.
	Start []int
	// CanFork: more than one token may exist at a time.
	CanFork bool
	index   map[string]int

	detached func(id string) bool
}

// Node is a vertex with its edges.
type Node struct {
	ID string
	// In are the incoming edges, Out all outgoing ones, in written order.
	In, Out []int32
	Groups  []Group
	// Region is the index in Graph.Regions, -1 outside of any cycle.
	Region   int
	Join     model.Join
	SplitAll bool
	start    bool
}

// Group is the ordered list of entries for one outcome key of a node.
type Group struct {
	On     string
	Choice bool
	// Entries in written order.
	Entries []Entry
}

// Entry is one alternative: all its edges are taken together, the others of the node die.
type Entry struct {
	When string
	// Taken are this entry's edges; Dead are all other outgoing edges of the node.
	Taken, Dead []int32
}

// Edge is one arrow.
type Edge struct {
	From, To int
	On       string
	// Inner edges lead from a region into the same region; they carry a moving token and are never decided.
	Inner bool
}

// Region is a strongly connected set of nodes with a cycle; from outside it is one node.
type Region struct {
	Nodes []int
	// Entry edges come from outside, Exit edges leave.
	Entry, Exit []int32
	// Starts are start nodes of the graph inside; they count as taken entry edges.
	Starts []int
}

// Lookup returns the index of a node id.
func (g *Graph) Lookup(id string) (int, bool) {
	n, ok := g.index[id]
	return n, ok
}

// Group returns the entries that outcome follows at node n: the outcome's own key, else the key else (good
// outcomes), else the key any. good tells which. ok is false where no key fits. A withdrawn token follows its own
// key only.
func (g *Graph) Group(n int, outcome string, good bool) (grp *Group, ok bool) {
	node := &g.Nodes[n]
	fallback := -1
	for i := range node.Groups {
		switch on := node.Groups[i].On; {
		case on == outcome:
			return &node.Groups[i], true
		case outcome == model.Withdrawn:
		case on == model.OnElse && good:
			fallback = i
		case on == model.OnAny && fallback < 0:
			fallback = i
		}
	}
	if fallback < 0 {
		return nil, false
	}
	return &node.Groups[fallback], true
}

// EndsQuietly reports whether a good outcome that no key names ends the token: the node has no edges, or all of them
// are for bad outcomes.
func (g *Graph) EndsQuietly(n int, bad func(string) bool) bool {
	for _, grp := range g.Nodes[n].Groups {
		if grp.On != model.Withdrawn && !bad(grp.On) {
			return false
		}
	}
	return true
}

// New compiles m. The graph is usable only if no fault is returned. detached tells the nodes that no edge leads to and
// that do not start either, because they undo others; nil: there are none.
func New(m *model.Graph, detached func(id string) bool) (*Graph, []Fault) {
	g := &Graph{detached: detached, index: make(map[string]int, len(m.Nodes))}
	var faults []Fault
	for i := range m.Nodes {
		n := &m.Nodes[i]
		if _, twice := g.index[n.ID]; twice {
			faults = append(faults, Fault{Code: "duplicate_node", Node: n.ID, Message: "two nodes have the id " + n.ID})
			continue
		}
		g.index[n.ID] = i
		g.Nodes = append(g.Nodes, Node{ID: n.ID, Region: -1, Join: n.Join, SplitAll: n.SplitAll})
	}
	if len(faults) > 0 {
		return g, faults
	}
	faults = append(faults, g.addEdges(m)...)
	faults = append(faults, g.addStart(m)...)
	if len(faults) > 0 {
		return g, faults
	}
	g.findRegions()
	g.CanFork = g.canFork()
	return g, g.check()
}

func (g *Graph) addEdges(m *model.Graph) (faults []Fault) {
	choices := map[[2]string]bool{} // lists in which an entry has a condition
	for _, e := range m.Edges {
		if e.When != "" {
			choices[[2]string{e.From, e.On}] = true
		}
	}
	for i, e := range m.Edges {
		from, ok := g.index[e.From]
		if !ok {
			faults = append(faults, Fault{Code: "unknown_node", Node: e.From, Message: "an edge begins at " + e.From + ", which is no node of this graph"})
			continue
		}
		to, fault := g.target(e)
		if fault != nil {
			faults = append(faults, *fault)
			continue
		}
		g.Edges = append(g.Edges, Edge{From: from, To: to, On: e.On})
		n := &g.Nodes[from]
		n.Out = append(n.Out, int32(len(g.Edges)-1))
		if to >= 0 {
			g.Nodes[to].In = append(g.Nodes[to].In, int32(len(g.Edges)-1))
		}
		n.addEntry(m.Edges, i, int32(len(g.Edges)-1), choices[[2]string{e.From, e.On}])
	}
	for i := range g.Nodes {
		g.Nodes[i].finishEntries()
	}
	return faults
}

func (g *Graph) target(e model.Edge) (int, *Fault) {
	switch e.To {
	case model.ToStop:
		return Stop, nil
	case model.ToFail:
		return Fail, nil
	}
	if to, ok := g.index[e.To]; ok {
		return to, nil
	}
	return 0, &Fault{Code: "unknown_node", Node: e.From, Field: "next", Message: "next of " + e.From + " leads to " + e.To + ", which is no node of this graph", Hint: nearest.Hint(e.To, g.ids())}
}

func (g *Graph) ids() []string {
	ids := make([]string, len(g.Nodes))
	for i := range g.Nodes {
		ids[i] = g.Nodes[i].ID
	}
	return ids
}

// addEntry puts edge number i, which is all[source], into its group. Entries of a fork are merged into one: all are taken.
func (n *Node) addEntry(all []model.Edge, source int, i int32, choice bool) {
	e := all[source]
	at := slices.IndexFunc(n.Groups, func(g Group) bool { return g.On == e.On })
	if at < 0 {
		n.Groups = append(n.Groups, Group{On: e.On, Choice: choice})
		at = len(n.Groups) - 1
	}
	grp := &n.Groups[at]
	last := len(grp.Entries) - 1
	if last >= 0 && (!grp.Choice || sameEntry(all, e, grp.Entries[last].Taken)) {
		grp.Entries[last].Taken = append(grp.Entries[last].Taken, i)
		return
	}
	grp.Entries = append(grp.Entries, Entry{When: e.When, Taken: []int32{i}})
}

func sameEntry(all []model.Edge, e model.Edge, taken []int32) bool {
	o := all[taken[0]]
	return o.From == e.From && o.On == e.On && o.Entry == e.Entry
}

func (n *Node) finishEntries() {
	for gi := range n.Groups {
		for ei := range n.Groups[gi].Entries {
			entry := &n.Groups[gi].Entries[ei]
			for _, o := range n.Out {
				if !slices.Contains(entry.Taken, o) {
					entry.Dead = append(entry.Dead, o)
				}
			}
		}
	}
}

func (g *Graph) addStart(m *model.Graph) (faults []Fault) {
	for _, id := range m.Start {
		n, ok := g.index[id]
		if !ok {
			faults = append(faults, Fault{Code: "unknown_node", Field: "start", Message: "start names " + id + ", which is no node of this graph", Hint: nearest.Hint(id, g.ids())})
			continue
		}
		if !g.Nodes[n].start {
			g.Nodes[n].start = true
			g.Start = append(g.Start, n)
		}
	}
	if len(g.Start) == 0 && len(faults) == 0 {
		faults = append(faults, Fault{Code: "no_start", Message: "the graph has no node to start at", Hint: "a graph that is one cycle needs start: [node]"})
	}
	return faults
}

func (g *Graph) canFork() bool {
	if len(g.Start) > 1 {
		return true
	}
	for _, n := range g.Nodes {
		for _, grp := range n.Groups {
			for _, e := range grp.Entries {
				if len(e.Taken) > 1 || (n.SplitAll && len(grp.Entries) > 1) {
					return true
				}
			}
		}
	}
	return false
}
