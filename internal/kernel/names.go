package kernel

import (
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"

	"github.com/pawl-dev/pawl/internal/nearest"
)

// place says where an expression stands, and so which names it may use.
type place uint8

const (
	atScope    place = iota // output or vars of a scope, tags of the workflow
	atNode                  // configuration and conditions of a node, before it runs
	atConfig                // configuration of an effect node: late values too
	atEdge                  // conditions of edges and retries: output, outcome, error
	atResult                // output, set, log, tags of a node: result
	atMatch                 // match of a wait: signal
	atComplete              // complete of a composite: good, failed, done, total
	atPass                  // while and until of a loop: index, last
)

// use is one expression or template and what it reads.
type use struct {
	node  string
	def   *nodeDef  // nil where it belongs to a scope
	scope *scopeDef // of a scope's template, where it is known
	field string
	at    place
	refs  []expr.Ref
}

var everywhere = []string{"input", "vars", "nodes", "execution", "trigger", "config"}

var extra = map[place][]string{
	atConfig:   {"secrets", "task"},
	atEdge:     {"output", "outcome", "error"},
	atResult:   {"result", "outcome", "error"},
	atMatch:    {"signal"},
	atComplete: {"good", "failed", "done", "total"},
	atPass:     {"index", "last", "output", "outcome"},
	atScope:    {"result"},
}

// checkNames checks what expressions read against what there is: names, variables, and nodes that can have ended.
func (c *compiler) checkNames() {
	for _, u := range c.uses {
		known := u.known()
		for _, ref := range u.refs {
			c.checkRef(u, ref, known)
		}
	}
}

// known lists the root names an expression may use.
func (u *use) known() []string {
	known := slices.Concat(everywhere, extra[u.at])
	for sd := u.from(); sd != nil && sd.owner != nil; sd = sd.parent {
		known = append(known, "index")
		switch sd.owner.kind {
		case kindForeach:
			known = append(known, "item")
			if as := sd.owner.m.Composite.As; as != "" {
				known = append(known, as)
			}
		case kindLoop:
			known = append(known, "last")
		}
	}
	return known
}

// from is the scope in which the names of the expression are looked up.
func (u *use) from() *scopeDef {
	if u.def != nil {
		return u.def.scope
	}
	return u.scope
}

func (c *compiler) checkRef(u *use, ref expr.Ref, known []string) {
	if len(ref) == 0 {
		return
	}
	if !slices.Contains(known, ref[0]) {
		hint := nearest.Hint(ref[0], known)
		if hint == "" {
			hint = "names are input, vars, nodes, execution, trigger and config"
		}
		if ref[0] == "secrets" || ref[0] == "task" {
			hint = "secrets and task are known only when a task is dispatched: use them in the configuration of an effect node"
		}
		c.fault(Fault{Code: "unknown_name", Node: u.node, Field: u.field, Offset: -1, Message: "there is no name " + ref[0] + " here", Hint: hint})
		return
	}
	if len(ref) < 2 {
		return
	}
	switch ref[0] {
	case "nodes":
		c.checkNodeRef(u, ref)
	case "vars":
		c.checkVar(u, ref[1])
	}
}

func (c *compiler) checkVar(u *use, name string) {
	var have []string
	for sd := u.from(); sd != nil; sd = sd.parent {
		for _, v := range sd.vars {
			if v.name == name {
				return
			}
			have = append(have, v.name)
		}
	}
	if u.from() == nil {
		return
	}
	c.fault(Fault{Code: "unknown_variable", Node: u.node, Field: u.field, Offset: -1, Message: "no scope around declares the variable " + name, Hint: hintOr(nearest.Hint(name, have), "declare it under vars")})
}

func hintOr(hint, otherwise string) string {
	if hint != "" {
		return hint
	}
	return otherwise
}

func (c *compiler) checkNodeRef(u *use, ref expr.Ref) {
	target := c.d.nodes[ref[1]]
	if target == nil {
		c.fault(Fault{Code: "unknown_node", Node: u.node, Field: u.field, Offset: -1, Message: "there is no node " + ref[1], Hint: nearest.Hint(ref[1], slices.Sorted(maps.Keys(c.d.nodes)))})
		return
	}
	if u.def == nil {
		return
	}
	// The reader's own node, or the composite around it, in the scope of the target.
	at := u.def
	for at != nil && at.scope != target.scope {
		at = at.scope.owner
	}
	if at == nil {
		c.fault(Fault{Code: "unknown_node", Node: u.node, Field: u.field, Offset: -1, Message: ref[1] + " is inside another scope, whose steps are not seen from here", Hint: "give that composite an output"})
		return
	}
	if len(ref) < 3 || at == target && (u.at == atEdge || u.at == atResult) {
		return
	}
	switch ref[2] {
	case "output", "outcome", "error", "errors":
	default:
		return
	}
	if !canPrecede(target, at) {
		c.fault(Fault{Code: "not_before", Node: u.node, Field: u.field, Offset: -1, Message: ref[1] + " cannot have ended before " + at.m.ID, Hint: "nothing leads from " + ref[1] + " to " + at.m.ID})
	}
}

// canPrecede reports whether a step of a can have ended when one of b begins: a path leads from a to b.
func canPrecede(a, b *nodeDef) bool {
	return a.scope.g.Leads(a.index, b.index)
}

func signalNames(w *model.Workflow) []string { return slices.Sorted(maps.Keys(w.Signals)) }
