package graph

import (
	"slices"
	"strings"
)

// Fault is one thing wrong with a graph.
type Fault struct {
	Code    string
	Message string
	Hint    string
	// Node is the id of the node at fault, "" for the graph; Field is the key under it.
	Node  string
	Field string
	Warn  bool
}

func (g *Graph) check() (faults []Fault) {
	faults = append(faults, g.checkReach()...)
	for i := range g.Nodes {
		faults = append(faults, g.checkChoices(i)...)
		faults = append(faults, g.checkJoin(i)...)
	}
	for i := range g.Regions {
		faults = append(faults, g.checkRegion(i)...)
	}
	return faults
}

func (g *Graph) checkReach() (faults []Fault) {
	seen := g.Reach(g.Start...)
	for i, n := range g.Nodes {
		switch {
		case seen[i]:
		case len(n.In) == 0 && g.detached != nil && g.detached(n.ID):
		case len(n.In) == 0:
			faults = append(faults, Fault{Code: "unreachable_node", Node: n.ID, Message: "nothing leads to " + n.ID, Hint: "name it in start, or in next of another node"})
		default:
			faults = append(faults, Fault{Code: "unreachable_node", Node: n.ID, Message: n.ID + " cannot be reached from the start"})
		}
	}
	return faults
}

// Reach returns, for each node, whether a token at one of from can come to it (from included).
func (g *Graph) Reach(from ...int) []bool {
	seen := make([]bool, len(g.Nodes))
	todo := slices.Clone(from)
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[n] {
			continue
		}
		seen[n] = true
		for _, e := range g.Nodes[n].Out {
			if to := g.Edges[e].To; to >= 0 {
				todo = append(todo, to)
			}
		}
	}
	return seen
}

// Leads reports whether a path of at least one edge goes from node a to node b.
func (g *Graph) Leads(a, b int) bool {
	seen := map[int]bool{}
	todo := []int{a}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, e := range g.Nodes[n].Out {
			to := g.Edges[e].To
			if to == b {
				return true
			}
			if to >= 0 && !seen[to] {
				seen[to] = true
				todo = append(todo, to)
			}
		}
	}
	return false
}

func (g *Graph) checkChoices(n int) (faults []Fault) {
	node := &g.Nodes[n]
	for _, grp := range node.Groups {
		if !grp.Choice || node.SplitAll {
			continue
		}
		for i, e := range grp.Entries {
			if e.When == "" && i < len(grp.Entries)-1 {
				faults = append(faults, Fault{Code: "dead_entry", Node: node.ID, Field: "next", Message: "entries behind an unconditional one are never taken", Hint: "put the entry without when last"})
				break
			}
		}
		if !slices.ContainsFunc(grp.Entries, func(e Entry) bool { return e.When == "" }) {
			faults = append(faults, Fault{Code: "open_choice", Node: node.ID, Field: "next", Message: "no entry is left when no condition holds; the scope would fail with no_edge", Hint: "end the list with an entry without when", Warn: true})
		}
	}
	return faults
}

func (g *Graph) checkJoin(n int) []Fault {
	node := &g.Nodes[n]
	if node.Join.N > len(node.In) {
		return []Fault{{Code: "join_too_many", Node: node.ID, Field: "join", Message: "join waits for more edges than lead here"}}
	}
	return nil
}

func (g *Graph) checkRegion(r int) (faults []Fault) {
	reg := &g.Regions[r]
	if len(reg.Starts) > 1 {
		faults = append(faults, Fault{Code: "two_entries", Node: g.Nodes[reg.Starts[1]].ID, Message: "a cycle moves one token, so it can be started at one node only", Hint: "name one of them in start"})
	}
	for _, n := range reg.Nodes {
		node := &g.Nodes[n]
		for _, grp := range node.Groups {
			forked := node.SplitAll && len(grp.Entries) > 1
			for _, e := range grp.Entries {
				forked = forked || g.forksInside(e.Taken)
			}
			if forked {
				faults = append(faults, Fault{Code: "fork_in_cycle", Node: node.ID, Field: "next", Message: node.ID + " forks inside the cycle " + g.cycle(reg) + ", which moves one token only", Hint: "the edge " + g.backEdge(reg) + " closes the cycle; put the forked part into a parallel"})
			}
		}
	}
	return faults
}

// forksInside: an entry of a region may lead to one target inside or to any number outside, not to both.
func (g *Graph) forksInside(taken []int32) bool {
	inner := 0
	for _, e := range taken {
		if g.Edges[e].Inner {
			inner++
		}
	}
	return inner > 0 && len(taken) > 1
}

func (g *Graph) cycle(r *Region) string {
	ids := make([]string, 0, len(r.Nodes))
	for _, n := range r.Nodes {
		ids = append(ids, g.Nodes[n].ID)
	}
	return strings.Join(ids, ", ")
}

// backEdge names the last inner edge in written order that leads to a node written no later than its source.
func (g *Graph) backEdge(r *Region) string {
	name := ""
	for _, e := range g.Edges {
		if e.Inner && e.To <= e.From && g.Nodes[e.From].Region == g.Nodes[r.Nodes[0]].Region {
			name = g.Nodes[e.From].ID + " -> " + g.Nodes[e.To].ID
		}
	}
	return name
}
