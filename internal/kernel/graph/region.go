package graph

import "slices"

// findRegions finds the strongly connected components with a cycle (Tarjan 1972, without recursion so that a long
// chain cannot exhaust the stack) and sorts edges into inner, entry and exit.
func (g *Graph) findRegions() {
	t := tarjan{g: g, index: make([]int, len(g.Nodes)), low: make([]int, len(g.Nodes)), on: make([]bool, len(g.Nodes))}
	for n := range g.Nodes {
		if t.index[n] == 0 {
			t.visit(n)
		}
	}
	// Regions are numbered by their first node in written order, so that the numbering does not depend on the search.
	slices.SortFunc(t.found, func(a, b []int) int { return a[0] - b[0] })
	for i, nodes := range t.found {
		g.Regions = append(g.Regions, Region{Nodes: nodes})
		for _, n := range nodes {
			g.Nodes[n].Region = i
			if g.Nodes[n].start {
				g.Regions[i].Starts = append(g.Regions[i].Starts, n)
			}
		}
	}
	for i := range g.Edges {
		g.sortEdge(i)
	}
}

func (g *Graph) sortEdge(i int) {
	e := &g.Edges[i]
	from, to := g.Nodes[e.From].Region, -1
	if e.To >= 0 {
		to = g.Nodes[e.To].Region
	}
	if from >= 0 && from == to {
		e.Inner = true
		return
	}
	if from >= 0 {
		g.Regions[from].Exit = append(g.Regions[from].Exit, int32(i))
	}
	if to >= 0 {
		g.Regions[to].Entry = append(g.Regions[to].Entry, int32(i))
	}
}

type tarjan struct {
	g       *Graph
	index   []int
	low     []int
	on      []bool
	stack   []int
	counter int
	found   [][]int
}

type frame struct{ node, next int }

func (t *tarjan) visit(root int) {
	frames := []frame{t.enter(root)}
	for len(frames) > 0 {
		f := &frames[len(frames)-1]
		out := t.g.Nodes[f.node].Out
		if f.next == len(out) {
			t.leave(f.node)
			frames = frames[:len(frames)-1]
			if len(frames) > 0 {
				up := frames[len(frames)-1].node
				t.low[up] = min(t.low[up], t.low[f.node])
			}
			continue
		}
		to := t.g.Edges[out[f.next]].To
		f.next++
		switch {
		case to < 0:
		case t.index[to] == 0:
			frames = append(frames, t.enter(to))
		case t.on[to]:
			t.low[f.node] = min(t.low[f.node], t.index[to])
		}
	}
}

func (t *tarjan) enter(n int) frame {
	t.counter++
	t.index[n], t.low[n] = t.counter, t.counter
	t.stack = append(t.stack, n)
	t.on[n] = true
	return frame{node: n}
}

func (t *tarjan) leave(n int) {
	if t.low[n] != t.index[n] {
		return
	}
	at := slices.Index(t.stack, n)
	nodes := slices.Clone(t.stack[at:])
	t.stack = t.stack[:at]
	for _, m := range nodes {
		t.on[m] = false
	}
	if len(nodes) == 1 && !t.g.loops(n) {
		return
	}
	slices.Sort(nodes)
	t.found = append(t.found, nodes)
}

func (g *Graph) loops(n int) bool {
	for _, e := range g.Nodes[n].Out {
		if g.Edges[e].To == n {
			return true
		}
	}
	return false
}
