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
		known := c.known(u)
		for _, ref := range u.refs {
			c.checkRef(u, ref, known)
		}
	}
}

// known lists the root names an expression may use.
func (c *compiler) known(u *use) []string {
	known := slices.Concat(everywhere, extra[u.at])
	for _, sd := range c.places(u) {
		if sd.owner == nil {
			continue
		}
		known = append(known, "index")
		switch sd.owner.kind {
		case kindForeach:
			known = append(known, "item")
			if as := sd.owner.m.Composite.As; as != "" {
				known = append(known, as)
			}
		case kindLoop:
			known = append(known, "last")
		case kindScope:
			if sd.owner.m.Type == typeFinally {
				known = append(known, "scope")
			}
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
	for _, sd := range c.places(u) {
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
	if c.undoesBeside(u.def, target) {
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
	if at.m.Type != typeFinally && len(c.undone[at.m.ID]) == 0 && !canPrecede(target, at) {
		c.fault(Fault{Code: "not_before", Node: u.node, Field: u.field, Offset: -1, Message: ref[1] + " cannot have ended before " + at.m.ID, Hint: "nothing leads from " + ref[1] + " to " + at.m.ID})
	}
}

// around lists a scope and those around it. A compensation runs in the scope of the step it undoes, which may be
// further inside than the compensation stands.
func (c *compiler) around(sd *scopeDef) (list []*scopeDef) {
	for ; sd != nil; sd = sd.parent {
		list = append(list, sd)
		if sd.owner != nil {
			list = append(list, c.undoneAround(sd.owner)...)
		}
	}
	return list
}

// places are the scopes in which the names of the expression are looked up.
func (c *compiler) places(u *use) []*scopeDef {
	list := c.around(u.from())
	if u.def != nil {
		list = append(list, c.undoneAround(u.def)...)
	}
	return list
}

func (c *compiler) undoneAround(undoer *nodeDef) (list []*scopeDef) {
	for _, n := range c.undone[undoer.m.ID] {
		for sd := n.scope; sd != nil; sd = sd.parent {
			list = append(list, sd)
		}
	}
	return list
}

// undoesBeside reports whether the reader belongs to a compensation of a step that sees the target.
func (c *compiler) undoesBeside(reader, target *nodeDef) bool {
	for n := reader; n != nil; n = n.scope.owner {
		if slices.Contains(c.undoneAround(n), target.scope) {
			return true
		}
	}
	return false
}

// canPrecede reports whether a step of a can have ended when one of b begins: a path leads from a to b.
func canPrecede(a, b *nodeDef) bool {
	return a.scope.g.Leads(a.index, b.index)
}

func signalNames(w *model.Workflow) []string { return slices.Sorted(maps.Keys(w.Signals)) }
