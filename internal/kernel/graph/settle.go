package graph

// Mark is the state of an edge in one scope.
type Mark byte

// The marks of an edge.
const (
	Undecided Mark = iota
	Taken
	Dead
)

// RegionState is the state of a region in one scope.
type RegionState byte

// The states of a region.
const (
	RegionIdle   RegionState = iota // no token has entered
	RegionActive                    // the token moves inside
	RegionLeft                      // the token left or ended
	RegionDead
)

// Scope is the marking of a graph in one running scope, as [Graph.Settle] reads and changes it. Every change must be
// visible to the next read.
type Scope interface {
	Mark(edge int32) Mark
	// Started reports whether the node has a step in this scope.
	Started(node int) bool
	Region(r int) RegionState
	// Kill marks edges dead.
	Kill(edges []int32)
	// SetRegion changes a region's state.
	SetRegion(r int, s RegionState)
	// Start starts a step of the node; with unreachable the step ends so at once.
	Start(node int, unreachable bool)
	// Absorb notes that a token reached a node or region that had already started.
	Absorb(node int)
	// Merge tells a node with join: each that one of its incoming edges was decided, or that the graph starts there;
	// with token the edge was taken.
	Merge(node int, token bool)
	// TwoEntries fails the scope: the taken entry edges of region r lead to different nodes.
	TwoEntries(r int)
}

// Open starts the start nodes of a fresh scope.
func (g *Graph) Open(s Scope) {
	for _, n := range g.Start {
		if r := g.Nodes[n].Region; r >= 0 {
			g.settleRegion(s, r)
			continue
		}
		switch {
		case g.Nodes[n].Join.Each:
			s.Merge(n, true)
		case len(g.Nodes[n].In) == 0:
			s.Start(n, false)
		}
	}
}

// Settle works out what follows from edges that have just been decided: joins that fire, nodes and regions that die,
// and so on outwards. Edges to stop and fail and inner edges are left to the caller.
func (g *Graph) Settle(s Scope, decided []int32) {
	for _, e := range decided {
		g.settleEdge(s, e)
	}
}

func (g *Graph) settleEdge(s Scope, e int32) {
	edge := &g.Edges[e]
	if edge.To < 0 || edge.Inner {
		return
	}
	if r := g.Nodes[edge.To].Region; r >= 0 {
		if s.Region(r) != RegionIdle {
			if s.Mark(e) == Taken {
				s.Absorb(edge.To)
			}
			return
		}
		g.settleRegion(s, r)
		return
	}
	g.settleNode(s, edge.To, s.Mark(e) == Taken)
}

func (g *Graph) settleNode(s Scope, n int, token bool) {
	node := &g.Nodes[n]
	if node.Join.Each {
		s.Merge(n, token)
		return
	}
	if s.Started(n) {
		if token {
			s.Absorb(n)
		}
		return
	}
	taken, undecided := g.count(s, node.In)
	if node.start {
		taken++
	}
	switch {
	case taken == 0 && undecided == 0:
		if len(node.Out) == 0 || s.Mark(node.Out[0]) == Dead {
			return
		}
		s.Kill(node.Out)
		g.Settle(s, node.Out)
	case node.Join.N > 0 && taken >= node.Join.N:
		s.Start(n, false)
	case node.Join.N > 0 && taken > 0 && taken+undecided < node.Join.N:
		s.Start(n, true)
	case node.Join.N == 0 && undecided == 0:
		s.Start(n, false)
	}
}

// Tokens counts the tokens that have come to node n so far; more is false when none can come any more.
func (g *Graph) Tokens(s Scope, n int) (tokens int, more bool) {
	node := &g.Nodes[n]
	tokens, undecided := g.count(s, node.In)
	if node.start {
		tokens++
	}
	return tokens, undecided > 0
}

func (g *Graph) count(s Scope, edges []int32) (taken, undecided int) {
	for _, e := range edges {
		switch s.Mark(e) {
		case Taken:
			taken++
		case Undecided:
			undecided++
		}
	}
	return taken, undecided
}

func (g *Graph) settleRegion(s Scope, r int) {
	reg := &g.Regions[r]
	taken, undecided := g.count(s, reg.Entry)
	entry, two := g.entry(s, reg)
	taken += len(reg.Starts)
	if taken == 0 {
		if undecided == 0 {
			s.SetRegion(r, RegionDead)
			s.Kill(reg.Exit)
			g.Settle(s, reg.Exit)
		}
		return
	}
	need := g.Nodes[entry].Join.N
	switch {
	case need == 0 && undecided > 0, need > 0 && taken < need && taken+undecided >= need:
		return
	case two:
		s.SetRegion(r, RegionLeft)
		s.TwoEntries(r)
	default:
		s.SetRegion(r, RegionActive)
		s.Start(entry, taken < need)
	}
}

// entry is the node that the taken entry edges lead to; two is set where they disagree.
func (g *Graph) entry(s Scope, reg *Region) (node int, two bool) {
	node = -1
	meet := func(n int) {
		two = two || (node >= 0 && node != n)
		if node < 0 {
			node = n
		}
	}
	for _, n := range reg.Starts {
		meet(n)
	}
	for _, e := range reg.Entry {
		if s.Mark(e) == Taken {
			meet(g.Edges[e].To)
		}
	}
	return node, two
}

// Leave is called when the region's token leaves through taken exits or ends (taken empty): every other exit dies.
// It returns the exits to kill, appended to dst.
func (g *Graph) Leave(dst []int32, r int, taken []int32) []int32 {
	for _, e := range g.Regions[r].Exit {
		keep := true
		for _, t := range taken {
			keep = keep && t != e
		}
		if keep {
			dst = append(dst, e)
		}
	}
	return dst
}
