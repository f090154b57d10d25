package draw

import (
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// Text draws w with box-drawing characters. Every line ends with a newline and has no trailing blanks.
func Text(w *model.Workflow) string {
	s := layoutAll(w)
	c := newCanvas(s.w, s.h)
	for _, b := range s.boxes {
		c.box(b)
	}
	for _, l := range s.lines {
		c.line(l)
	}
	for _, l := range s.lines {
		if l.arrow {
			end := l.points[len(l.points)-1]
			c.put(end.x, end.y, "▼")
		}
	}
	for _, b := range s.boxes {
		c.boxText(b)
	}
	for _, l := range s.labels {
		c.put(max(l.x-width(l.text)/2, 0), l.y, l.text)
	}
	return c.String()
}

// The four arms of a line in one cell.
const (
	up = 1 << iota
	down
	left
	right
)

// cell is what lies on one place: at most one upright and one level net, and text over them.
type cell struct {
	arms    [2]uint8 // of the first and second net that came
	nets    [2]int
	style   style
	text    rune
	covered bool // the second half of a wide character
}

type style uint8

const (
	plain style = iota
	dashed
	rounded
)

type canvas struct {
	w, h  int
	cells []cell
}

func newCanvas(w, h int) *canvas { return &canvas{w: w, h: h, cells: make([]cell, w*h)} }

func (c *canvas) at(x, y int) *cell {
	if x < 0 || y < 0 || x >= c.w || y >= c.h {
		return &cell{}
	}
	return &c.cells[y*c.w+x]
}

// arm adds arms of a net to a cell. Borders are net -1 and join with every line.
func (c *canvas) arm(x, y, net int, arms uint8) {
	p := c.at(x, y)
	switch {
	case p.arms[0] == 0 || p.nets[0] == net || p.nets[0] == -1:
		p.arms[0] |= arms
		if p.nets[0] != -1 {
			p.nets[0] = net
		}
	case p.arms[1] == 0 || p.nets[1] == net:
		p.arms[1] |= arms
		p.nets[1] = net
	default:
		p.arms[0] |= arms
	}
}

func (c *canvas) line(l line) {
	for i := 1; i < len(l.points); i++ {
		c.segment(l.points[i-1], l.points[i], l.net)
	}
}

func (c *canvas) segment(a, b point, net int) {
	if a.x == b.x {
		if a.y > b.y {
			a, b = b, a
		}
		for y := a.y; y < b.y; y++ {
			c.arm(a.x, y, net, down)
			c.arm(a.x, y+1, net, up)
		}
		return
	}
	if a.x > b.x {
		a, b = b, a
	}
	for x := a.x; x < b.x; x++ {
		c.arm(x, a.y, net, right)
		c.arm(x+1, a.y, net, left)
	}
}

func (c *canvas) box(b box) {
	switch b.shape {
	case shapeStart, shapeStop, shapeFail:
		return
	}
	st := map[shape]style{shapeControl: rounded, shapeFrame: rounded, shapeAside: dashed}[b.shape]
	x2, y2 := b.x+b.w-1, b.y+b.h-1
	for _, s := range [][2]point{
		{{b.x, b.y}, {x2, b.y}}, {{b.x, y2}, {x2, y2}}, {{b.x, b.y}, {b.x, y2}}, {{x2, b.y}, {x2, y2}},
	} {
		c.segment(s[0], s[1], -1)
	}
	for x := b.x; x <= x2; x++ {
		c.at(x, b.y).style, c.at(x, y2).style = st, st
	}
	for y := b.y; y <= y2; y++ {
		c.at(b.x, y).style, c.at(x2, y).style = st, st
	}
}

func (c *canvas) boxText(b box) {
	if b.title != "" {
		c.put(b.x+2, b.y, " "+b.title+" ")
		for i, t := range b.text {
			c.put(b.x+2, b.y+1+i, t)
		}
		return
	}
	top := b.y
	if b.h > 1 {
		top++
	}
	for i, t := range b.text {
		c.put(b.x+(b.w-width(t))/2, top+i, t)
	}
}

func (c *canvas) put(x, y int, s string) {
	for _, r := range s {
		w := runeWidth(r)
		if w == 0 {
			continue
		}
		c.at(x, y).text = r
		if w == 2 {
			c.at(x+1, y).covered = true
		}
		x += w
	}
}

// String writes the rows.
func (c *canvas) String() string {
	var out strings.Builder
	for y := range c.h {
		var row strings.Builder
		for x := range c.w {
			if p := c.at(x, y); !p.covered {
				row.WriteRune(p.rune())
			}
		}
		out.WriteString(strings.TrimRight(row.String(), " "))
		out.WriteByte('\n')
	}
	return out.String()
}

// rune is the character of a cell. Where two nets cross, the upright one runs over the level one.
func (p *cell) rune() rune {
	if p.text != 0 {
		return p.text
	}
	arms := p.arms[0]
	if p.arms[1] != 0 {
		arms |= p.arms[1]
		if straight(p.arms[0]) && straight(p.arms[1]) && p.arms[0] != p.arms[1] {
			arms = up | down
		}
	}
	r := lineRunes[arms]
	if p.nets[0] == -1 {
		r = p.style.border(r)
	}
	return r
}

func straight(arms uint8) bool { return arms == up|down || arms == left|right }

var lineRunes = [16]rune{
	0: ' ', up: '│', down: '│', up | down: '│', left: '─', right: '─', left | right: '─',
	up | right: '╰', up | left: '╯', down | right: '╭', down | left: '╮',
	up | down | right: '├', up | down | left: '┤', left | right | down: '┬', left | right | up: '┴',
	up | down | left | right: '┼',
}

// border turns the corners and strokes of a box into those of its style.
func (s style) border(r rune) rune {
	var to map[rune]rune
	switch s {
	case plain:
		to = map[rune]rune{'╰': '└', '╯': '┘', '╭': '┌', '╮': '┐'}
	case dashed:
		to = map[rune]rune{'╰': '└', '╯': '┘', '╭': '┌', '╮': '┐', '─': '╌', '│': '╎'}
	}
	if out, ok := to[r]; ok {
		return out
	}
	return r
}
