package draw

import (
	"cmp"
	"slices"
)

// wire is one net of a channel: where it enters from above or from a lane, and where it leaves.
type wire struct {
	id     int
	from   *port   // nil where it comes from the lane
	lane   int     // column of the lane it comes from or ends in, -1 if none
	back   *vertex // where that lane leads
	to     []point // ends below; y is the last row
	arrows []bool
	track  int // -1: straight down
	lo, hi int
}

// router turns placed vertices into a scene.
type router struct {
	p        *plan
	channels [][]*wire // channel i lies above rank i
	tracks   []int
	top      []int // first row of a rank
	height   []int
	lanes    map[*vertex]int
	nets     int
}

// route finds rows for ranks and tracks, and draws the lines.
func (p *plan) route() *scene {
	r := &router{p: p, lanes: map[*vertex]int{}, channels: make([][]*wire, len(p.ranks)+1)}
	r.wireUp()
	r.stack()
	s := &scene{w: p.width, h: r.top[len(p.ranks)]}
	for _, v := range p.vertices {
		s.w = max(s.w, r.lanes[v]+1)
	}
	for _, v := range p.vertices {
		r.drawVertex(s, v)
	}
	for i, ws := range r.channels {
		for _, w := range ws {
			r.drawWire(s, i, w)
		}
	}
	r.drawLanes(s)
	return s
}

// wireUp lists the nets of every channel.
func (r *router) wireUp() {
	r.findLanes()
	for i, rank := range r.p.ranks {
		for _, v := range rank {
			for _, o := range v.ports {
				r.wirePort(i+1, o)
			}
			if lane, ok := r.lanes[v]; ok {
				r.addWire(i, &wire{lane: lane, back: v, to: []point{{x: v.inX()}}, arrows: []bool{true}})
			}
		}
	}
}

func (r *router) wirePort(channel int, o *port) {
	w := &wire{from: o, lane: -1}
	for _, t := range o.next {
		w.to = append(w.to, point{x: t.inX()})
		w.arrows = append(w.arrows, !t.bend)
	}
	for _, t := range o.back[:min(len(o.back), 1)] {
		w.lane, w.back = r.lanes[t], t
	}
	r.addWire(channel, w)
	// A fork that goes back to several nodes is refused when it is deployed, but can be looked at before.
	for _, t := range o.back[min(len(o.back), 1):] {
		r.addWire(channel, &wire{from: o, lane: r.lanes[t], back: t})
	}
}

func (r *router) addWire(channel int, w *wire) {
	w.id = r.nets
	r.nets++
	w.lo, w.hi = 1<<30, -1
	grow := func(x int) { w.lo, w.hi = min(w.lo, x), max(w.hi, x) }
	if w.from != nil {
		grow(w.from.col())
	}
	if w.lane >= 0 {
		grow(w.lane)
	}
	for _, t := range w.to {
		grow(t.x)
	}
	w.track = -1
	r.channels[channel] = append(r.channels[channel], w)
}

// findLanes gives every target of a back edge an upright lane, right of what lies between the two ends.
func (r *router) findLanes() {
	type span struct{ lo, hi int }
	spans := map[*vertex]span{}
	var targets []*vertex
	for _, v := range r.p.vertices {
		for _, o := range v.ports {
			for _, t := range o.back {
				if _, ok := spans[t]; !ok {
					targets = append(targets, t)
					spans[t] = span{t.rank, v.rank}
				}
				spans[t] = span{t.rank, max(spans[t].hi, v.rank)}
			}
		}
	}
	for i, t := range targets {
		x := r.p.rightOf(spans[t].lo, spans[t].hi) + 2
		for _, other := range targets[:i] {
			if spans[other].lo <= spans[t].hi+1 && spans[t].lo <= spans[other].hi+1 {
				x = max(x, r.lanes[other]+2)
			}
		}
		r.lanes[t] = x
	}
}

// rightOf is the rightmost column that anything uses between the channels above rank lo and below rank hi.
func (p *plan) rightOf(lo, hi int) int {
	x := 0
	for _, v := range p.vertices {
		if v.rank >= lo && v.rank <= hi {
			x = max(x, v.x+v.w-1)
		}
		if v.rank == hi+1 {
			x = max(x, v.inX())
		}
		if v.rank == lo-1 {
			for _, o := range v.ports {
				x = max(x, o.col())
			}
		}
	}
	return x
}

// stack gives every rank its rows, with room for the tracks between.
func (r *router) stack() {
	y := 0
	for i := range r.channels {
		n := assignTracks(r.channels[i])
		r.tracks = append(r.tracks, y)
		y += n
		if i == len(r.p.ranks) {
			r.top = append(r.top, y)
			break
		}
		if i > 0 {
			y++ // the row of arrow heads
		} else if len(r.channels[0]) > 0 {
			y++
		}
		h := 0
		for _, v := range r.p.ranks[i] {
			h = max(h, v.h)
		}
		for _, v := range r.p.ranks[i] {
			v.y = y
		}
		r.top = append(r.top, y)
		r.height = append(r.height, h)
		y += h
	}
}

// assignTracks gives every net that is not straight a row, counted from the top of the channel, and returns how many
// rows there are. A net that comes down in the column where another goes down must turn off above it; beyond that,
// the order with fewer crossings wins.
func assignTracks(ws []*wire) int {
	var todo, done []*wire
	for _, w := range ws {
		if w.lo != w.hi {
			todo = append(todo, w)
		}
	}
	slices.SortStableFunc(todo, func(a, b *wire) int { return cmp.Compare(a.lo, b.lo) })
	rows := 0
	for len(todo) > 0 {
		i := nextWire(todo)
		w := todo[i]
		todo = slices.Delete(todo, i, i+1)
		w.track = lowestTrack(w, done)
		rows = max(rows, w.track+1)
		done = append(done, w)
	}
	return rows
}

// nextWire picks the net to lie above all others of todo. In a knot the first does: two lines then share a piece.
func nextWire(todo []*wire) int {
	best, least := 0, 1<<30
	for i, w := range todo {
		if slices.ContainsFunc(todo, func(o *wire) bool { return above(o, w) }) {
			continue
		}
		cost := 0
		for _, o := range todo {
			if o != w {
				cost += w.crossed(o) - o.crossed(w)
			}
		}
		if cost < least {
			best, least = i, cost
		}
	}
	return best
}

// above reports whether a must turn off above b.
func above(a, b *wire) bool {
	return a != b && a.from != nil && slices.ContainsFunc(b.to, func(t point) bool { return t.x == a.from.col() })
}

// crossed counts the crossings that appear where w lies above b.
func (w *wire) crossed(b *wire) int {
	n := 0
	for _, t := range w.to {
		if t.x > b.lo && t.x < b.hi {
			n++
		}
	}
	if b.from != nil && b.from.col() > w.lo && b.from.col() < w.hi {
		n++
	}
	return n
}

func lowestTrack(w *wire, done []*wire) int {
	track := 0
	for _, d := range done {
		if above(d, w) || clash(d, w) {
			track = max(track, d.track+1)
		}
	}
	return track
}

// clash reports whether two nets on one track would touch. Nets to one and the same target may.
func clash(a, b *wire) bool {
	if a.lo > b.hi || b.lo > a.hi {
		return false
	}
	same := len(a.to) == 1 && len(b.to) == 1 && a.to[0].x == b.to[0].x
	bothBack := len(a.to) == 0 && len(b.to) == 0 && a.lane == b.lane
	return !same && !bothBack
}

func (r *router) drawVertex(s *scene, v *vertex) {
	if v.bend {
		return
	}
	for _, o := range v.ports {
		if o.label != "" {
			s.labels = append(s.labels, label{x: o.col(), y: v.y + v.boxH, text: o.label})
		}
	}
	if v.inner != nil {
		s.add(v.inner, v.x, v.y, s.nets()+r.nets)
		return
	}
	s.boxes = append(s.boxes, box{x: v.x, y: v.y, w: v.w, h: v.boxH, shape: v.shape, text: v.text})
}

func (r *router) drawWire(s *scene, channel int, w *wire) {
	row := r.tracks[channel] + max(w.track, 0)
	start := point{w.lane, row}
	if w.from != nil {
		start = point{w.from.col(), w.from.bottom()}
	}
	for i, t := range w.to {
		end := point{t.x, r.top[channel] - 1}
		if !w.arrows[i] {
			end.y++
		}
		points := []point{start, {start.x, row}, {t.x, row}, end}
		if w.track < 0 {
			points = []point{start, end}
		}
		s.lines = append(s.lines, line{net: w.id, points: points, arrow: w.arrows[i]})
	}
	if w.from != nil && w.lane >= 0 {
		s.lines = append(s.lines, line{net: w.id, points: []point{start, {start.x, row}, {w.lane, row}}})
	}
}

// bottom is the row where the lines of p begin: the lower border of its box.
func (p *port) bottom() int {
	if p.from.bend {
		return p.from.y
	}
	return p.from.y + p.from.boxH - 1
}

// drawLanes joins the ends of each lane with one upright line.
func (r *router) drawLanes(s *scene) {
	for _, v := range r.p.vertices {
		x, ok := r.lanes[v]
		if !ok {
			continue
		}
		lo, hi := 1<<30, -1
		for i, ws := range r.channels {
			for _, w := range ws {
				if w.back == v {
					row := r.tracks[i] + max(w.track, 0)
					lo, hi = min(lo, row), max(hi, row)
				}
			}
		}
		s.lines = append(s.lines, line{net: r.nets, points: []point{{x, hi}, {x, lo}}})
		r.nets++
	}
}
