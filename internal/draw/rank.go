package draw

import "slices"

// rankAll puts every vertex on a rank below everything that leads to it, edges that close a cycle apart.
func (p *plan) rankAll() {
	p.findBackEdges()
	order := p.topological()
	for _, v := range order {
		for _, o := range v.ports {
			for _, t := range o.to {
				if !slices.Contains(o.back, t) {
					t.rank = max(t.rank, v.rank+1)
				}
			}
		}
	}
	p.sinkAsides()
	p.addBends()
}

// findBackEdges walks depth first in written order; an edge to a vertex still being walked closes a cycle.
func (p *plan) findBackEdges() {
	const walking, done = 1, 2
	state := map[*vertex]int{}
	var walk func(v *vertex)
	walk = func(v *vertex) {
		state[v] = walking
		for _, o := range v.ports {
			for _, t := range o.to {
				switch state[t] {
				case walking:
					o.back = append(o.back, t)
				case 0:
					walk(t)
				}
			}
		}
		state[v] = done
	}
	for _, v := range p.vertices {
		if state[v] == 0 {
			walk(v)
		}
	}
}

// topological lists the vertices so that forward edges lead to later ones.
func (p *plan) topological() []*vertex {
	var out []*vertex
	seen := map[*vertex]bool{}
	var visit func(v *vertex)
	visit = func(v *vertex) {
		if seen[v] {
			return
		}
		seen[v] = true
		for _, o := range slices.Backward(v.ports) {
			for _, t := range slices.Backward(o.to) {
				if !slices.Contains(o.back, t) {
					visit(t)
				}
			}
		}
		out = append(out, v)
	}
	for _, v := range slices.Backward(p.vertices) {
		visit(v)
	}
	slices.Reverse(out)
	return out
}

// sinkAsides moves compensations to a rank of their own at the bottom.
func (p *plan) sinkAsides() {
	last := 0
	for _, v := range p.vertices {
		if v.shape != shapeAside {
			last = max(last, v.rank)
		}
	}
	for _, v := range p.vertices {
		if v.shape == shapeAside {
			v.rank = last + 1
		}
	}
}

// addBends fills the ranks and gives every edge over more than one rank a bend on each rank between. Edges to one
// target share their bends, so that many handlers look like one bus.
func (p *plan) addBends() {
	type key struct {
		target *vertex
		rank   int
	}
	bends := map[key]*vertex{}
	var bend func(t *vertex, rank int) *vertex
	bend = func(t *vertex, rank int) *vertex {
		if rank == t.rank {
			return t
		}
		if b := bends[key{t, rank}]; b != nil {
			return b
		}
		b := &vertex{bend: true, rank: rank, w: 1, target: t}
		b.ports = []*port{{from: b, to: []*vertex{t}}}
		bends[key{t, rank}] = b
		p.vertices = append(p.vertices, b)
		b.ports[0].next = []*vertex{bend(t, rank+1)}
		return b
	}
	for _, v := range slices.Clone(p.vertices) {
		for _, o := range v.ports {
			for _, t := range o.to {
				if slices.Contains(o.back, t) {
					continue
				}
				n := bend(t, v.rank+1)
				if !slices.Contains(o.next, n) {
					o.next = append(o.next, n)
				}
			}
		}
	}
	for _, v := range p.vertices {
		for len(p.ranks) <= v.rank {
			p.ranks = append(p.ranks, nil)
		}
		p.ranks[v.rank] = append(p.ranks[v.rank], v)
	}
	p.number()
}

func (p *plan) number() {
	for _, r := range p.ranks {
		for i, v := range r {
			v.order = i
		}
	}
}
