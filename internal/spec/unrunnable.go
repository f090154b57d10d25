package spec

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
)

// unrunnable finds what the model can say and this version would pass over in silence. The words are those of the
// compiler, so that what it comes to refuse itself is told once.
func unrunnable(w *model.Workflow) []kernel.Fault {
	u := &unsupported{}
	if len(w.Limits) > 0 {
		u.add("", "limits", "limits")
	}
	u.graph(&w.Root.Graph)
	return u.faults
}

type unsupported struct{ faults []kernel.Fault }

func (u *unsupported) add(node, field, what string) {
	u.faults = append(u.faults, kernel.Fault{Code: kernel.CodeUnsupported, Node: node, Field: field, Offset: -1, Message: what + " cannot be run by this version"})
}

func (u *unsupported) graph(g *model.Graph) {
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Callback {
			u.add(n.ID, "callback", "callback")
		}
		if n.Composite == nil {
			continue
		}
		if n.Composite.Add != "" || n.Composite.Close != "" {
			u.add(n.ID, "add", "add and close")
		}
		eachScope(n.Composite, func(s *model.Scope) { u.graph(&s.Graph) })
	}
}
