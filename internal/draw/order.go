package draw

import (
	"cmp"
	"slices"
)

// sweeps bounds the search for an order with few crossings; the best order seen is kept.
const sweeps = 8

// orderAll arranges the vertices of each rank so that few edges cross. It begins with written order and keeps it
// where nothing is gained.
func (p *plan) orderAll() {
	p.orderPorts()
	best, kept := p.crossings(), p.snapshot()
	for i := range sweeps {
		if best == 0 {
			break
		}
		p.sweep(i%2 == 0)
		p.orderPorts()
		if n := p.crossings(); n < best {
			best, kept = n, p.snapshot()
		}
	}
	p.ranks = kept
	p.number()
	p.orderPorts()
	for _, v := range p.vertices {
		v.setPorts()
	}
}

func (p *plan) snapshot() [][]*vertex {
	out := make([][]*vertex, len(p.ranks))
	for i, r := range p.ranks {
		out[i] = slices.Clone(r)
	}
	return out
}

// sweep sorts each rank by the mean place of its neighbours above (down) or below.
func (p *plan) sweep(down bool) {
	above := p.sources()
	for i := range p.ranks {
		r := p.ranks[i]
		if !down {
			r = p.ranks[len(p.ranks)-1-i]
		}
		place := map[*vertex]float64{}
		for _, v := range r {
			place[v] = mean(v, above, down)
		}
		slices.SortStableFunc(r, func(a, b *vertex) int { return cmp.Compare(place[a], place[b]) })
		for j, v := range r {
			v.order = j
		}
	}
}

func mean(v *vertex, above map[*vertex][]*port, down bool) float64 {
	sum, n := 0.0, 0
	if down {
		for _, o := range above[v] {
			sum += o.place()
			n++
		}
	} else {
		for _, o := range v.ports {
			for _, t := range o.next {
				sum += float64(t.order)
				n++
			}
		}
	}
	if n == 0 {
		return float64(v.order)
	}
	return sum / float64(n)
}

// place is the position of a port among all ports of its rank, in vertices.
func (p *port) place() float64 {
	i := slices.Index(p.from.ports, p)
	return float64(p.from.order) + float64(i+1)/float64(len(p.from.ports)+1) - 0.5
}

// sources maps every vertex to the ports of the rank above that lead to it.
func (p *plan) sources() map[*vertex][]*port {
	out := map[*vertex][]*port{}
	for _, v := range p.vertices {
		for _, o := range v.ports {
			for _, t := range o.next {
				out[t] = append(out[t], o)
			}
		}
	}
	return out
}

// orderPorts turns the ports of each vertex towards their targets; those that only go back come last, where the
// lanes are.
func (p *plan) orderPorts() {
	at := func(o *port) float64 {
		if len(o.next) == 0 {
			return 1e9
		}
		sum := 0.0
		for _, t := range o.next {
			sum += float64(t.order)
		}
		return sum / float64(len(o.next))
	}
	for _, v := range p.vertices {
		slices.SortStableFunc(v.ports, func(a, b *port) int { return cmp.Compare(at(a), at(b)) })
	}
}

// crossings counts pairs of edges between neighbouring ranks that cross.
func (p *plan) crossings() int {
	n := 0
	for _, r := range p.ranks {
		type edge struct {
			from float64
			to   int
		}
		var edges []edge
		for _, v := range r {
			for _, o := range v.ports {
				for _, t := range o.next {
					edges = append(edges, edge{o.place(), t.order})
				}
			}
		}
		for i, a := range edges {
			for _, b := range edges[i+1:] {
				if (a.from-b.from)*float64(a.to-b.to) < 0 {
					n++
				}
			}
		}
	}
	return n
}
