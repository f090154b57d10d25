package draw

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// DOT draws w in the language of Graphviz.
func DOT(w *model.Workflow) string {
	d := &dot{}
	d.printf(0, "digraph %s {", strconv.Quote(w.Name))
	d.printf(1, "compound=true; rankdir=TB; bgcolor=transparent;")
	d.printf(1, `node [shape=box, fontname="monospace", fontsize=11]; edge [fontname="monospace", fontsize=10];`)
	d.printf(1, `" start" [shape=circle, label="", style=filled, fillcolor=black, width=0.15];`)
	d.graph(1, "", &w.Root.Graph)
	for _, s := range w.Root.Graph.Start {
		d.edge(" start", s, &w.Root.Graph, "", "")
	}
	if w.Root.Finally != nil {
		d.cluster(1, "finally", "finally", func() { d.graph(2, "finally.", w.Root.Finally) })
	}
	for _, e := range d.edges {
		d.printf(1, "%s;", e)
	}
	d.printf(0, "}")
	return d.b.String()
}

type dot struct {
	b     strings.Builder
	edges []string
	ends  int
}

func (d *dot) printf(depth int, format string, args ...any) {
	d.b.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&d.b, format, args...)
	d.b.WriteByte('\n')
}

func (d *dot) graph(depth int, prefix string, g *model.Graph) {
	for i := range g.Nodes {
		d.node(depth, prefix, &g.Nodes[i])
	}
	for _, e := range g.Edges {
		to := e.To
		if to == model.ToStop || to == model.ToFail {
			d.ends++
			to = fmt.Sprintf("end %d", d.ends)
			d.printf(depth, "%s [shape=plaintext, label=%s];", strconv.Quote(prefix+to), strconv.Quote(e.To))
		}
		d.edge(prefix+e.From, to, g, prefix, edgeLabel(e, isChoice(g, e.From, e.On)))
	}
}

// edge adds an arrow. An arrow at a composite is drawn at a node inside it and cut at its frame, since Graphviz
// knows arrows between nodes only.
func (d *dot) edge(from, to string, g *model.Graph, prefix, label string) {
	attrs := []string{"label=" + strconv.Quote(label)}
	tail, cluster := anchor(g, prefix, strings.TrimPrefix(from, prefix))
	if cluster != "" {
		attrs = append(attrs, "ltail="+strconv.Quote(cluster))
	}
	head, cluster := anchor(g, prefix, to)
	if cluster != "" {
		attrs = append(attrs, "lhead="+strconv.Quote(cluster))
	}
	d.edges = append(d.edges, fmt.Sprintf("%s -> %s [%s]", strconv.Quote(tail), strconv.Quote(head), strings.Join(attrs, ", ")))
}

// anchor is the Graphviz node that stands for id, and the cluster it is in if id is a composite.
func anchor(g *model.Graph, prefix, id string) (node, cluster string) {
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.ID == id && shapeOf(n) == shapeFrame {
			return prefix + id + " anchor", "cluster " + prefix + id
		}
	}
	return prefix + id, ""
}

func (d *dot) node(depth int, prefix string, n *model.Node) {
	if shapeOf(n) != shapeFrame {
		style := ""
		if shapeOf(n) == shapeControl {
			style = ", style=rounded"
		}
		d.printf(depth, "%s [label=%s%s];", strconv.Quote(prefix+n.ID), strconv.Quote(strings.Join(describe(n), "\n")), style)
		return
	}
	d.cluster(depth, prefix+n.ID, strings.Join(describe(n), "\n"), func() {
		d.printf(depth+1, "%s [shape=point, style=invis];", strconv.Quote(prefix+n.ID+" anchor"))
		for i := range n.Composite.Branches {
			b := &n.Composite.Branches[i]
			d.cluster(depth+1, n.ID+"."+b.Name, b.Name, func() { d.scope(depth+2, n.ID+"."+b.Name, &b.Scope) })
		}
		if n.Composite.Scope != nil {
			d.scope(depth+1, n.ID, n.Composite.Scope)
		}
	})
}

func (d *dot) scope(depth int, name string, sc *model.Scope) {
	d.graph(depth, name+".", &sc.Graph)
	if sc.Finally != nil {
		d.cluster(depth, name+".finally", "finally", func() { d.graph(depth+1, name+".finally.", sc.Finally) })
	}
}

func (d *dot) cluster(depth int, id, title string, body func()) {
	d.printf(depth, "subgraph %s {", strconv.Quote("cluster "+id))
	d.printf(depth+1, "label=%s; style=rounded; fontname=\"monospace\"; fontsize=11;", strconv.Quote(title))
	body()
	d.printf(depth, "}")
}
