package draw

import (
	"slices"

	"github.com/pawl-dev/pawl/model"
)

// vertex is a box to place, or a bend: the point where a long edge passes a rank.
type vertex struct {
	node  *model.Node // nil for bends and terminals
	bend  bool
	shape shape
	text  []string
	inner *scene
	// w and h in cells; h counts the row of labels under the box.
	w, h   int
	boxH   int
	ports  []*port
	rank   int
	x, y   int
	order  int
	target *vertex // of a bend: where its edge leads
}

// port is one place at the bottom of a vertex where edges leave.
type port struct {
	from  *vertex
	label string
	to    []*vertex // as written
	back  []*vertex // targets at the same or a higher rank
	next  []*vertex // what the port leads to in the next rank: targets or bends
	x     int       // column, relative to the vertex
}

// inX is the column where edges enter v.
func (v *vertex) inX() int { return v.x + v.w/2 }

func (p *port) col() int { return p.from.x + p.x }

// plan is one graph on its way to a scene.
type plan struct {
	vertices []*vertex // in written order
	ranks    [][]*vertex
	byID     map[string]*vertex
	width    int
}

// newPlan makes the vertices and ports of g; root adds the start marker.
func newPlan(g *model.Graph, root bool) *plan {
	p := &plan{byID: map[string]*vertex{}}
	if root || len(g.Start) > 1 {
		p.addStart()
	}
	for i := range g.Nodes {
		p.addNode(&g.Nodes[i])
	}
	if len(p.vertices) > 0 && p.vertices[0].shape == shapeStart {
		start := p.vertices[0]
		out := &port{from: start}
		for _, id := range g.Start {
			if v := p.byID[id]; v != nil {
				out.to = append(out.to, v)
			}
		}
		start.ports = []*port{out}
	}
	for i := range g.Nodes {
		p.addPorts(g, p.byID[g.Nodes[i].ID])
	}
	p.markAsides(g)
	return p
}

func (p *plan) addStart() {
	p.vertices = append(p.vertices, &vertex{shape: shapeStart, text: []string{"●"}, w: 1, h: 1, boxH: 1})
}

func (p *plan) addNode(n *model.Node) {
	v := &vertex{node: n, shape: shapeOf(n), text: describe(n)}
	if v.shape == shapeFrame {
		v.inner = frame(n)
		v.w, v.boxH = v.inner.w, v.inner.h
	} else {
		for _, l := range v.text {
			v.w = max(v.w, width(l))
		}
		v.w += 4
		v.boxH = len(v.text) + 2
	}
	p.vertices = append(p.vertices, v)
	p.byID[n.ID] = v
}

// addPorts groups the edges of v: one port for each entry of a choice, one for each fork.
func (p *plan) addPorts(g *model.Graph, v *vertex) {
	type key struct {
		on    string
		entry int
	}
	ports := map[key]*port{}
	for _, e := range g.Edges {
		if e.From != v.node.ID {
			continue
		}
		choice := isChoice(g, e.From, e.On)
		k := key{on: e.On}
		if choice {
			k.entry = e.Entry
		}
		out := ports[k]
		if out == nil {
			out = &port{from: v, label: edgeLabel(e, choice)}
			ports[k] = out
			v.ports = append(v.ports, out)
		}
		out.to = append(out.to, p.target(e.To))
	}
	v.fitPorts()
}

func isChoice(g *model.Graph, from, on string) bool {
	return slices.ContainsFunc(g.Edges, func(e model.Edge) bool {
		return e.From == from && e.On == on && e.When != ""
	})
}

// target finds the vertex an edge leads to; stop and fail get a small one of their own for each edge, so that no
// line crosses the picture only to end.
func (p *plan) target(id string) *vertex {
	if v := p.byID[id]; v != nil {
		return v
	}
	v := &vertex{shape: shapeStop, text: []string{"■"}, w: 1, h: 1, boxH: 1}
	if id == model.ToFail {
		v.shape, v.text, v.w = shapeFail, []string{"✗ fail"}, 6
	}
	p.vertices = append(p.vertices, v)
	return v
}

// fitPorts makes v wide enough for its labels.
func (v *vertex) fitPorts() {
	need, labelled := 0, false
	for _, o := range v.ports {
		need += max(width(o.label), 1) + 2
		labelled = labelled || o.label != ""
	}
	if len(v.ports) > 1 {
		v.w = max(v.w, need+2)
	}
	if len(v.ports) == 1 {
		v.w = max(v.w, need)
	}
	v.h = v.boxH
	if labelled {
		v.h++
	}
}

// setPorts spreads the ports over the bottom of v, left to right.
func (v *vertex) setPorts() {
	if len(v.ports) == 1 {
		v.ports[0].x = v.w / 2
		return
	}
	need := 0
	for _, o := range v.ports {
		need += max(width(o.label), 1)
	}
	slack := v.w - 2 - need
	x := 1
	for i, o := range v.ports {
		w := max(width(o.label), 1)
		gap := slack * (i + 1) / (len(v.ports) + 1)
		o.x = x + gap + w/2
		x += w
	}
}

// markAsides marks the nodes that stand apart, without any edge, and where no token starts: compensations.
func (p *plan) markAsides(g *model.Graph) {
	reached := map[*vertex]bool{}
	for _, id := range g.Start {
		reached[p.byID[id]] = true
	}
	for _, v := range p.vertices {
		for _, o := range v.ports {
			for _, t := range o.to {
				reached[t] = true
			}
		}
	}
	for _, v := range p.vertices {
		if v.node != nil && !reached[v] && len(v.ports) == 0 && v.shape != shapeFrame {
			v.shape = shapeAside
		}
	}
}
