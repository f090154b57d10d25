package draw

import (
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// Mermaid draws w as a Mermaid flowchart, for Markdown pages.
func Mermaid(w *model.Workflow) string {
	m := &mermaid{}
	m.printf(0, "flowchart TD")
	m.graph(1, "", &w.Root.Graph)
	if w.Root.Finally != nil {
		m.cluster(1, "finally", "finally", func() { m.graph(2, "finally.", w.Root.Finally) })
	}
	for _, line := range m.edges {
		m.printf(1, "%s", line)
	}
	return m.b.String()
}

type mermaid struct {
	b     strings.Builder
	edges []string
	ends  int
	ids   map[string]string
}

func (m *mermaid) printf(depth int, format string, args ...any) {
	m.b.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(&m.b, format, args...)
	m.b.WriteByte('\n')
}

// id is a name that Mermaid accepts for a node: its own words and punctuation would be taken as syntax.
func (m *mermaid) id(name string) string {
	if m.ids == nil {
		m.ids = map[string]string{}
	}
	id := m.ids[name]
	if id == "" {
		id = fmt.Sprintf("n%d", len(m.ids)+1)
		m.ids[name] = id
	}
	return id
}

func (m *mermaid) graph(depth int, prefix string, g *model.Graph) {
	if prefix == "" {
		m.printf(depth, "%s((start))", m.id("start of "+prefix))
		for _, s := range g.Start {
			m.edge(m.id("start of "+prefix), m.id(prefix+s), "")
		}
	}
	for i := range g.Nodes {
		m.node(depth, prefix, &g.Nodes[i])
	}
	for _, e := range g.Edges {
		m.modelEdge(depth, prefix, g, e)
	}
}

func (m *mermaid) node(depth int, prefix string, n *model.Node) {
	id := m.id(prefix + n.ID)
	if shapeOf(n) == shapeFrame {
		m.composite(depth, id, n)
		return
	}
	body := quoted(strings.Join(describe(n), "<br/>"))
	if shapeOf(n) == shapeControl {
		m.printf(depth, "%s([%s])", id, body)
		return
	}
	m.printf(depth, "%s[%s]", id, body)
}

func (m *mermaid) composite(depth int, id string, n *model.Node) {
	m.cluster(depth, id, strings.Join(describe(n), " · "), func() {
		for i := range n.Composite.Branches {
			b := &n.Composite.Branches[i]
			m.cluster(depth+1, m.id(n.ID+" branch "+b.Name), b.Name, func() { m.scope(depth+2, n.ID+"."+b.Name, &b.Scope) })
		}
		if n.Composite.Scope != nil {
			m.scope(depth+1, n.ID, n.Composite.Scope)
		}
	})
}

func (m *mermaid) scope(depth int, name string, sc *model.Scope) {
	m.graph(depth, name+".", &sc.Graph)
	if sc.Finally != nil {
		m.cluster(depth, m.id(name+" finally"), "finally", func() { m.graph(depth+1, name+".finally.", sc.Finally) })
	}
}

func (m *mermaid) cluster(depth int, id, title string, body func()) {
	m.printf(depth, "subgraph %s[%s]", id, quoted(title))
	body()
	m.printf(depth, "end")
}

func (m *mermaid) modelEdge(depth int, prefix string, g *model.Graph, e model.Edge) {
	to := m.id(prefix + e.To)
	if e.To == model.ToStop || e.To == model.ToFail {
		m.ends++
		to = fmt.Sprintf("e%d", m.ends)
		m.printf(depth, "%s((%s))", to, e.To)
	}
	m.edge(m.id(prefix+e.From), to, edgeLabel(e, isChoice(g, e.From, e.On)))
}

func (m *mermaid) edge(from, to, label string) {
	if label == "" {
		m.edges = append(m.edges, from+" --> "+to)
		return
	}
	m.edges = append(m.edges, from+" -->|"+quoted(label)+"| "+to)
}

// quoted is a Mermaid string: quotes and markup as entities.
func quoted(s string) string {
	r := strings.NewReplacer("&", "#amp;", `"`, "#quot;", "<br/>", "<br/>", "<", "#lt;", ">", "#gt;")
	return `"` + r.Replace(s) + `"`
}
