package draw

import "github.com/pawl-dev/pawl/model"

// layout places one graph.
func layout(g *model.Graph, root bool) *scene {
	p := newPlan(g, root)
	p.rankAll()
	p.orderAll()
	p.placeX()
	return p.route()
}

// Layout places a whole workflow: its graph, and below it what runs finally.
func layoutAll(w *model.Workflow) *scene {
	s := layout(&w.Root.Graph, true)
	if w.Root.Finally == nil {
		return s
	}
	return stackScenes(s, framed("finally", nil, layout(w.Root.Finally, false)))
}

// frame draws a composite: its text, then its graph or its branches side by side.
func frame(n *model.Node) *scene {
	lines := describe(n)
	return framed(lines[0], lines[1:], body(n))
}

func body(n *model.Node) *scene {
	c := n.Composite
	if len(c.Branches) == 0 {
		if c.Scope == nil {
			return &scene{}
		}
		return scoped(c.Scope)
	}
	out := &scene{}
	for i := range c.Branches {
		b := framed(c.Branches[i].Name, nil, scoped(&c.Branches[i].Scope))
		if i > 0 {
			out.w += 2
		}
		out.add(b, out.w, 0, out.nets())
		out.w += b.w
		out.h = max(out.h, b.h)
	}
	return out
}

func scoped(sc *model.Scope) *scene {
	s := layout(&sc.Graph, false)
	if sc.Finally == nil {
		return s
	}
	return stackScenes(s, framed("finally", nil, layout(sc.Finally, false)))
}

// framed puts s in a box with a title in its border and lines of text above s.
func framed(title string, lines []string, s *scene) *scene {
	w := max(s.w, width(title)+4)
	for _, l := range lines {
		w = max(w, width(l))
	}
	head := 1
	if len(lines) > 0 {
		head = len(lines) + 2
	}
	out := &scene{w: w + 4, h: s.h + head + 1}
	out.boxes = append(out.boxes, box{w: out.w, h: out.h, shape: shapeFrame, title: title, text: lines})
	out.add(s, (out.w-s.w)/2, head, 0)
	return out
}

func stackScenes(a, b *scene) *scene {
	out := &scene{w: max(a.w, b.w), h: a.h + 1 + b.h}
	out.add(a, (out.w-a.w)/2, 0, 0)
	out.add(b, (out.w-b.w)/2, a.h+1, out.nets())
	return out
}
