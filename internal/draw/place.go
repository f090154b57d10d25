package draw

import "slices"

// Gaps in cells between neighbours of a rank.
const (
	gapBox  = 3
	gapBend = 2
)

// placeX finds columns: every vertex moves as close as its neighbours allow to the mean of what it is connected to.
// With the order of each rank fixed, one rank is a least-squares problem that pooling solves exactly.
func (p *plan) placeX() {
	for _, r := range p.ranks {
		x := 0
		for i, v := range r {
			if i > 0 {
				x += gap(r[i-1], v)
			}
			v.x = x
			x += v.w
		}
	}
	above := p.sources()
	for range 12 {
		for _, r := range p.ranks {
			p.settle(r, above, true, true)
		}
		for _, r := range slices.Backward(p.ranks) {
			p.settle(r, above, true, true)
		}
	}
	for _, r := range p.ranks {
		p.settle(r, above, true, false)
	}
	p.shiftToZero()
}

func gap(a, b *vertex) int {
	if a.bend || b.bend {
		return gapBend
	}
	return gapBox
}

// settle moves one rank. up and down say which neighbours pull.
func (p *plan) settle(r []*vertex, above map[*vertex][]*port, up, down bool) {
	type block struct{ sum, weight, n float64 }
	var blocks []block
	offsets := make([]int, len(r))
	for i, v := range r {
		if i > 0 {
			offsets[i] = offsets[i-1] + r[i-1].w + gap(r[i-1], v)
		}
		want, weight := v.want(above[v], up, down)
		blocks = append(blocks, block{(want - float64(offsets[i])) * weight, weight, 1})
		for n := len(blocks); n > 1 && blocks[n-2].sum/blocks[n-2].weight > blocks[n-1].sum/blocks[n-1].weight; n-- {
			a, b := blocks[n-2], blocks[n-1]
			blocks = append(blocks[:n-2], block{a.sum + b.sum, a.weight + b.weight, a.n + b.n})
		}
	}
	i := 0
	for _, b := range blocks {
		at := round(b.sum / b.weight)
		for range int(b.n) {
			r[i].x = at + offsets[i]
			i++
		}
	}
}

// want is where v would like its left side to be, and how much.
func (v *vertex) want(above []*port, up, down bool) (x, weight float64) {
	sum := 0.0
	pull := func(at int, w float64) {
		sum += float64(at) * w
		weight += w
	}
	if up {
		for _, o := range above {
			pull(o.col()-v.w/2, strength(o.from, v)/float64(len(o.next)))
		}
	}
	if down {
		for _, o := range v.ports {
			for _, t := range o.next {
				pull(t.inX()-o.x, strength(v, t)/float64(len(o.next)))
			}
		}
	}
	if weight == 0 {
		return float64(v.x), 0.01
	}
	return sum / weight, weight
}

// strength keeps long edges straight before short ones.
func strength(a, b *vertex) float64 {
	switch {
	case a.bend && b.bend:
		return 8
	case a.bend || b.bend:
		return 3
	}
	return 1
}

func round(f float64) int {
	if f < 0 {
		return -round(-f)
	}
	return int(f + 0.5)
}

func (p *plan) shiftToZero() {
	least := 1 << 30
	for _, v := range p.vertices {
		least = min(least, v.x)
	}
	for _, v := range p.vertices {
		v.x -= least
		p.width = max(p.width, v.x+v.w)
	}
}
