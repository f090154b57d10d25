package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/expr"
)

// bodies works out what the bodies that run as children read from around them, and refuses what they can't do.
func (c *compiler) bodiesOfChildren() {
	for _, u := range c.uses {
		for sd := u.from(); sd != nil; sd = sd.parent {
			if o := sd.owner; o != nil && o.kind == kindForeach && o.comp.m.Mode == modeChildren {
				for _, ref := range u.refs {
					c.captures(u, o, ref)
				}
			}
		}
	}
	for _, n := range c.d.nodes { // sorted: faults are sorted by place
		c.checkInChild(n)
	}
}

// captures notes what a reference in the body of foreach o takes from outside.
func (c *compiler) captures(u *use, o *nodeDef, ref expr.Ref) {
	d := o.comp
	if len(ref) == 0 {
		return
	}
	switch ref[0] {
	case "trigger":
		d.readsTrigger = true
		return
	case "input":
		if len(ref) == 1 {
			d.readsInput = true
			return
		}
		note(&d.inputKeys, ref[1])
		return
	case "vars", "nodes":
		if len(ref) < 2 {
			c.fault(Fault{Code: "bad_config", Node: u.node, Field: u.field, Offset: -1, Message: "in a body that runs as children, what is read from " + ref[0] + " must be named", Hint: "such as " + ref[0] + ".x"})
			return
		}
	case "config", "execution", "item", "index", "result", "output", "outcome", "error", "signal", "secrets", "task", d.m.As:
		return
	default:
		note(&d.outerNames, ref[0])
		return
	}
	if ref[0] == "vars" {
		if !declaredWithin(u.from(), d.body, ref[1]) {
			note(&d.outerVars, ref[1])
		}
		return
	}
	if n := c.d.nodes[ref[1]]; n != nil && !within(n.scope, d.body) {
		note(&d.outerNodes, ref[1])
	}
}

func note(list *[]string, name string) {
	if i, found := slices.BinarySearch(*list, name); !found {
		*list = slices.Insert(*list, i, name)
	}
}

// declaredWithin reports whether a scope from sd outwards to body declares the variable.
func declaredWithin(sd, body *scopeDef, name string) bool {
	for ; sd != nil; sd = sd.parent {
		if slices.ContainsFunc(sd.vars, func(v varDef) bool { return v.name == name }) {
			return true
		}
		if sd == body {
			return false
		}
	}
	return false
}

// within reports whether sd is body or inside it.
func within(sd, body *scopeDef) bool {
	for ; sd != nil; sd = sd.parent {
		if sd == body {
			return true
		}
	}
	return false
}

// checkInChild refuses what a body that runs as children can't reach.
func (c *compiler) checkInChild(n *nodeDef) {
	for sd := n.scope; sd != nil; sd = sd.parent {
		o := sd.owner
		if o == nil || o.kind != kindForeach || o.comp.m.Mode != modeChildren {
			continue
		}
		for _, a := range n.set {
			if !declaredWithin(n.scope, sd, a.name) {
				c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: "set/" + a.name, Offset: -1, Message: "the body of " + o.m.ID + " runs as children and can't set the variable " + a.name + " outside it", Hint: "give the body an output"})
			}
		}
		if of := c.d.nodes[n.end.of]; n.kind == kindEnd && of != nil && !within(of.scope, sd) {
			c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: "end/of", Offset: -1, Message: "the body of " + o.m.ID + " runs as children and can't end " + n.end.of})
		}
		return
	}
}
