package draw

import (
	"fmt"
	"html"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// The size of one character cell in pixels, and the margin around the picture.
const (
	cellW  = 8
	cellH  = 18
	margin = 16
)

const svgStyle = `
  :root { color-scheme: light dark; --ink: #1f2328; --soft: #6e7781; --line: #8c959f; --fill: #ffffff; --back: #f6f8fa; --frame: #eef1f4; --control: #fff8e6; --bad: #cf222e; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #8d96a0; --line: #6e7681; --fill: #161b22; --back: #0d1117; --frame: #12171e; --control: #241d0c; --bad: #ff7b72; } }
  text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: var(--soft); }
  .id { fill: var(--ink); font-weight: 600; }
  .label { font-size: 11.5px; stroke: var(--back); stroke-width: 4px; paint-order: stroke; }
  .back { fill: var(--back); }
  .effect { fill: var(--fill); stroke: var(--line); }
  .control { fill: var(--control); stroke: var(--line); }
  .frame { fill: var(--frame); stroke: var(--line); }
  .aside { fill: none; stroke: var(--line); stroke-dasharray: 4 3; }
  .line { fill: none; stroke: var(--line); stroke-width: 1.4; }
  .head { fill: var(--line); }
  .dot { fill: var(--ink); }
  .bad { fill: var(--bad); }
`

// SVG draws w as one self-contained SVG document that follows the reader's light or dark theme. It loads nothing.
func SVG(w *model.Workflow) string {
	s := layoutAll(w)
	pw, ph := s.w*cellW+2*margin, s.h*cellH+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`+"\n",
		pw, ph, pw, ph, html.EscapeString("workflow "+w.Name))
	fmt.Fprintf(&b, "<title>%s</title>\n<style>%s</style>\n", html.EscapeString(strings.TrimSpace(w.Name+" "+w.Version)), svgStyle)
	fmt.Fprintf(&b, `<rect class="back" width="%d" height="%d"/>`+"\n", pw, ph)
	for _, x := range s.boxes {
		svgBox(&b, x)
	}
	for _, l := range s.lines {
		svgLine(&b, l)
	}
	for _, x := range s.boxes {
		svgText(&b, x)
	}
	for _, l := range s.labels {
		svgString(&b, "label", "middle", middle(l.x), row(l.y), l.text)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// middle is the pixel column of the centre of cell x; row the baseline of text in row y.
func middle(x int) int { return margin + x*cellW + cellW/2 }
func row(y int) int    { return margin + y*cellH + 13 }

var svgClass = map[shape]string{shapeEffect: "effect", shapeControl: "control", shapeFrame: "frame", shapeAside: "aside"}

func svgBox(b *strings.Builder, x box) {
	switch x.shape {
	case shapeStart:
		fmt.Fprintf(b, `<circle class="dot" cx="%d" cy="%d" r="5"/>`+"\n", middle(x.x), margin+x.y*cellH+cellH/2)
		return
	case shapeStop:
		fmt.Fprintf(b, `<rect class="dot" x="%d" y="%d" width="9" height="9"/>`+"\n", middle(x.x)-4, margin+x.y*cellH+4)
		return
	case shapeFail:
		return
	}
	radius := 3
	if x.shape != shapeEffect && x.shape != shapeAside {
		radius = 10
	}
	fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="%d"/>`+"\n", svgClass[x.shape],
		middle(x.x), margin+x.y*cellH+cellH/2, (x.w-1)*cellW, (x.h-1)*cellH, radius)
}

func svgText(b *strings.Builder, x box) {
	switch x.shape {
	case shapeStart, shapeStop:
		return
	case shapeFail:
		svgString(b, "bad", "middle", middle(x.x)+(x.w-1)*cellW/2, row(x.y), x.text[0])
		return
	case shapeFrame:
		svgString(b, "id", "start", middle(x.x)+cellW+4, row(x.y)+12, x.title)
		for i, t := range x.text {
			svgString(b, "", "start", middle(x.x)+cellW+4, row(x.y+1+i)+12, t)
		}
		return
	}
	for i, t := range x.text {
		class := ""
		if i == 0 {
			class = "id"
		}
		svgString(b, class, "middle", middle(x.x)+(x.w-1)*cellW/2, row(x.y+1+i), t)
	}
}

func svgString(b *strings.Builder, class, anchor string, x, y int, s string) {
	fmt.Fprintf(b, `<text class="%s" text-anchor="%s" x="%d" y="%d">%s</text>`+"\n", class, anchor, x, y, html.EscapeString(s))
}

// bendRadius rounds the corners of lines, in pixels.
const bendRadius = 5

func svgLine(b *strings.Builder, l line) {
	pts := make([]point, 0, len(l.points))
	for i, p := range l.points {
		q := point{middle(p.x), margin + p.y*cellH + cellH/2}
		if i == len(l.points)-1 && l.arrow {
			q.y += cellH / 2
		}
		if n := len(pts); n == 0 || pts[n-1] != q {
			pts = append(pts, q)
		}
	}
	if len(pts) < 2 {
		return
	}
	fmt.Fprintf(b, `<path class="line" d="M%d %d`, pts[0].x, pts[0].y)
	for i := 1; i < len(pts)-1; i++ {
		in, out := towards(pts[i], pts[i-1]), towards(pts[i], pts[i+1])
		fmt.Fprintf(b, "L%d %dQ%d %d %d %d", in.x, in.y, pts[i].x, pts[i].y, out.x, out.y)
	}
	end := pts[len(pts)-1]
	fmt.Fprintf(b, `L%d %d"/>`+"\n", end.x, end.y)
	if l.arrow {
		tip := end.y + cellH/2
		fmt.Fprintf(b, `<path class="head" d="M%d %dl-4 -8h8z"/>`+"\n", end.x, tip)
	}
}

// towards is the point a little way from a on the straight run to b.
func towards(a, b point) point {
	step := func(from, to int) int {
		switch {
		case to > from:
			return from + min(bendRadius, (to-from)/2)
		case to < from:
			return from - min(bendRadius, (from-to)/2)
		}
		return from
	}
	return point{step(a.x, b.x), step(a.y, b.y)}
}
