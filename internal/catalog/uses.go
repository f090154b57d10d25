package catalog

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Uses are the workflows that the nodes of w start, in written order, each once. What a definition names by an
// expression, and what functions start, cannot be seen.
func Uses(w *model.Workflow) []record.Use {
	var c collector
	c.scope(&w.Root)
	return c.uses
}

type collector struct{ uses []record.Use }

func (c *collector) scope(s *model.Scope) {
	c.graph(&s.Graph)
	if s.Finally != nil {
		c.graph(s.Finally)
	}
}

func (c *collector) graph(g *model.Graph) {
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Type == "send" {
			c.send(n.With)
		}
		if n.Composite == nil {
			continue
		}
		c.child(n.Composite.Child)
		if n.Composite.Scope != nil {
			c.scope(n.Composite.Scope)
		}
		for j := range n.Composite.Branches {
			c.scope(&n.Composite.Branches[j].Scope)
		}
	}
}

func (c *collector) child(raw json.RawMessage) {
	var child struct{ Name, Version string }
	if json.Unmarshal(raw, &child) == nil {
		c.add(child.Name, child.Version)
	}
}

// send starts its target only if it says so.
func (c *collector) send(raw json.RawMessage) {
	var send struct {
		To    json.RawMessage
		Start bool
	}
	var to struct{ Workflow string }
	if json.Unmarshal(raw, &send) == nil && send.Start && json.Unmarshal(send.To, &to) == nil {
		c.add(to.Workflow, "")
	}
}

func (c *collector) add(workflow, constraint string) {
	u := record.Use{Workflow: workflow, Constraint: constraint}
	if workflow == "" || strings.Contains(workflow, "${") || slices.Contains(c.uses, u) {
		return
	}
	c.uses = append(c.uses, u)
}
