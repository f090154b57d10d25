package kernel

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/model"
)

// Fault is one thing wrong with a workflow's graphs or expressions, found by [Compile].
type Fault struct {
	Code    string
	Message string
	Hint    string
	// Node is the id of the node at fault, "" for the workflow; Field is the key under it, such as if, next or
	// with/url; Offset is the byte in an expression's source, -1 where there is none.
	Node   string
	Field  string
	Offset int
	// Warn: the workflow runs all the same.
	Warn bool
}

// CodeUnsupported marks constructs of the language that this version can read but not run.
const CodeUnsupported = "unsupported"

// Compile prepares w. Faults without Warn make the definition unusable.
func Compile(w *model.Workflow) (*Definition, []Fault) {
	c := &compiler{d: &Definition{w: w, nodes: map[string]*nodeDef{}}}
	c.undoers = map[string]bool{}
	c.undone = map[string][]*nodeDef{}
	c.findUndoers(&w.Root)
	c.d.root = c.scope(&w.Root, nil, nil, "")
	c.d.tags = c.templates(c.d.root, "", "tags", w.Tags)
	c.d.timeout = c.text("", "timeout", w.Timeout)
	c.d.limits = c.limits(nil, "", w.Limits)
	c.checkUndoers()
	if !slices.ContainsFunc(c.faults, func(f Fault) bool { return !f.Warn }) {
		c.checkNames()
		c.bodiesOfChildren()
	}
	return c.d, c.faults
}

// checkUndoers looks for compensations that are not there.
func (c *compiler) checkUndoers() {
	for _, id := range slices.Sorted(maps.Keys(c.undone)) {
		for _, n := range c.undone[id] {
			if c.d.nodes[id] == nil {
				c.fault(Fault{Code: "unknown_node", Node: n.m.ID, Field: "compensate", Offset: -1, Message: "there is no node " + id})
			}
		}
	}
}

type compiler struct {
	d      *Definition
	faults []Fault
	uses   []*use
	depth  int
	// undoers are the ids of compensations, undone the nodes that each undoes.
	undoers map[string]bool
	undone  map[string][]*nodeDef
}

func (c *compiler) fault(f Fault) { c.faults = append(c.faults, f.asWritten()) }

const maxScopeDepth = 16

func (c *compiler) scope(m *model.Scope, owner *nodeDef, parent *scopeDef, node string) *scopeDef {
	sd := &scopeDef{m: m, owner: owner, parent: parent}
	c.depth++
	defer func() { c.depth-- }()
	if c.depth > maxScopeDepth {
		c.fault(Fault{Code: "too_deep", Node: node, Offset: -1, Message: "scopes are nested deeper than " + strconv.Itoa(maxScopeDepth)})
		return sd
	}
	mg, tails := c.cutTails(&m.Graph)
	g, faults := graph.New(mg, func(id string) bool { return c.undoers[id] })
	sd.tails, sd.edges = tails, mg
	sd.g = g
	broken := false
	for _, f := range faults {
		broken = broken || !f.Warn
		at := f.Node
		if at == "" {
			at = node
		}
		c.fault(Fault{Code: f.Code, Message: f.Message, Hint: f.Hint, Node: at, Field: f.Field, Offset: -1, Warn: f.Warn})
	}
	sd.vars = c.templates(sd, node, "vars", m.Vars)
	for i := range mg.Nodes {
		sd.nodes = append(sd.nodes, c.node(&mg.Nodes[i], sd, i))
	}
	if !broken {
		for i := range g.Nodes {
			if len(g.Nodes[i].Out) == 0 && !c.undoers[g.Nodes[i].ID] {
				sd.sinks = append(sd.sinks, i)
			}
			c.conditions(sd.nodes[i])
		}
	}
	sd.output = c.compiled(use{scope: sd, node: node, field: "output", at: atScope}, m.Output)
	if m.Finally != nil && (owner == nil || owner.kind != kindParallel) {
		sd.finally = c.finally(m, sd, node)
	}
	return sd
}

// finally compiles what runs whenever a scope ends: a composite in that scope. sd is where its names are looked up.
func (c *compiler) finally(m *model.Scope, sd *scopeDef, node string) *nodeDef {
	for i := range m.Graph.Nodes {
		if m.Graph.Nodes[i].ID == typeFinally {
			c.fault(Fault{Code: "reserved", Node: typeFinally, Offset: -1, Message: "a graph with finally has no node of that name", Hint: "give the node another id"})
		}
	}
	n := &nodeDef{m: &model.Node{ID: typeFinally, Type: typeFinally, Composite: &model.Composite{}}, kind: kindScope, scope: sd, index: -1}
	n.comp = &compDef{m: n.m.Composite}
	n.comp.body = c.scope(&model.Scope{Graph: *m.Finally}, n, sd, node)
	return n
}

// findUndoers collects the ids of compensations, wherever they are named.
func (c *compiler) findUndoers(m *model.Scope) {
	graphs := []*model.Graph{&m.Graph}
	if m.Finally != nil {
		graphs = append(graphs, m.Finally)
	}
	for _, g := range graphs {
		for i := range g.Nodes {
			n := &g.Nodes[i]
			if n.Compensate != "" {
				c.undoers[n.Compensate] = true
			}
			if n.Composite != nil && n.Composite.Scope != nil {
				c.findUndoers(n.Composite.Scope)
			}
			for b := 0; n.Composite != nil && b < len(n.Composite.Branches); b++ {
				c.findUndoers(&n.Composite.Branches[b].Scope)
			}
		}
	}
}

func (c *compiler) conditions(n *nodeDef) {
	gn := &n.scope.g.Nodes[n.index]
	n.when = make([][]*expr.Program, len(gn.Groups))
	for i, grp := range gn.Groups {
		n.when[i] = make([]*expr.Program, len(grp.Entries))
		for j, e := range grp.Entries {
			field := "next/" + grp.On + "/" + strconv.Itoa(j) + "/when"
			n.when[i][j] = c.program(n, n.m.ID, field, e.When, atEdge)
		}
	}
}

func (c *compiler) node(m *model.Node, sd *scopeDef, index int) *nodeDef {
	n := &nodeDef{m: m, scope: sd, index: index}
	if c.d.nodes[m.ID] != nil {
		c.fault(Fault{Code: "duplicate_node", Node: m.ID, Offset: -1, Message: "the id " + m.ID + " is used twice; ids are unique in the file"})
	}
	c.d.nodes[m.ID] = n
	n.cond = c.program(n, m.ID, "if", m.If, atNode)
	n.output = c.nodeTemplate(n, "output", m.Output, atResult)
	for _, a := range m.Set {
		n.set = append(n.set, setDef{a.Var, a.Op, c.nodeTemplate(n, "set/"+a.Var, a.Value, atResult)})
		c.use(use{node: m.ID, def: n, field: "set/" + a.Var, at: atNode, refs: []expr.Ref{{"vars", a.Var}}})
	}
	if m.Log != "" {
		n.log = c.textTemplate(n, "log", m.Log, atResult)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Tags)) {
		n.tags = append(n.tags, tagDef{name, c.nodeTemplate(n, "tags/"+name, m.Tags[name], atResult)})
	}
	for i := range m.Retry {
		n.retry = append(n.retry, retryDef{&m.Retry[i], c.program(n, m.ID, "retry", m.Retry[i].When, atEdge)})
	}
	n.timeout = c.nodeText(n, "timeout", m.Timeout)
	n.attemptTimeout = c.nodeText(n, "attempt_timeout", m.AttemptTimeout)
	n.heartbeat = c.nodeText(n, "heartbeat", m.Heartbeat)
	if m.Compensate != "" {
		c.undone[m.Compensate] = append(c.undone[m.Compensate], n)
	}
	n.limits = c.limits(n, m.ID, m.Limits)
	c.kind(n)
	return n
}

func (c *compiler) kind(n *nodeDef) {
	switch n.m.Type {
	case "switch":
		n.kind = kindSwitch
		c.switchNode(n)
	case "set":
		n.kind = kindSet
	case "wait":
		n.kind = kindWait
		c.waitNode(n)
	case "end":
		n.kind = kindEnd
		c.endNode(n)
	case "cancel":
		n.kind = kindCancel
		c.cancelNode(n)
	case "scope":
		n.kind = kindScope
		c.composite(n)
	case "parallel":
		n.kind = kindParallel
		c.composite(n)
	case "foreach":
		n.kind = kindForeach
		c.composite(n)
	case "loop":
		n.kind = kindLoop
		c.composite(n)
	case eachType:
		n.kind = kindEach
		c.composite(n)
	case "approval":
		n.kind = kindApproval
		c.approvalNode(n)
	case "send":
		n.kind = kindSend
		c.sendNode(n)
	case "workflow":
		n.kind = kindChild
		c.childNode(n)
	default:
		n.kind = kindEffect
		c.effectNode(n)
	}
}

// effectNode splits the configuration into its properties, so that a property which is one reference can be kept as
// a reference.
func (c *compiler) effectNode(n *nodeDef) {
	if len(n.m.With) == 0 {
		n.plain = []byte("{}")
		return
	}
	var props map[string]json.RawMessage
	if err := json.Unmarshal(n.m.With, &props); err != nil {
		c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: n.m.Type, Offset: -1, Message: "the configuration is not a map"})
		return
	}
	plain := true
	for _, key := range slices.Sorted(maps.Keys(props)) {
		t := c.nodeTemplate(n, "with/"+key, props[key], atConfig)
		if t == nil {
			plain = false
			continue
		}
		p := propDef{key: key, t: t}
		if ref, ok := t.Ref(); ok {
			p.ref = ref
		}
		plain = plain && t.Const()
		n.props = append(n.props, p)
	}
	if plain {
		n.plain = []byte("{")
		for i, p := range n.props {
			if i > 0 {
				n.plain = append(n.plain, ',')
			}
			n.plain = append(append(appendString(n.plain, p.key), ':'), p.t.Raw()...)
		}
		n.plain = append(n.plain, '}')
	}
}

// templates compiles templates that belong to a scope, in order of name.
func (c *compiler) templates(sd *scopeDef, node, field string, m map[string]json.RawMessage) (defs []varDef) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		u := use{scope: sd, node: node, field: field + "/" + name, at: atScope}
		defs = append(defs, varDef{name, c.compiled(u, m[name])})
	}
	return defs
}

func (c *compiler) nodeTemplate(n *nodeDef, field string, raw json.RawMessage, at place) *expr.Template {
	return c.compiled(use{def: n, node: n.m.ID, field: field, at: at}, raw)
}

func (c *compiler) compiled(u use, raw json.RawMessage) *expr.Template {
	if len(raw) == 0 {
		return nil
	}
	t, err := expr.CompileTemplate(raw)
	if err != nil {
		c.exprFault(u.node, u.field, err)
		return nil
	}
	u.refs = t.Reads()
	c.use(u)
	return t
}

func (c *compiler) textTemplate(n *nodeDef, field, src string, at place) *expr.Template {
	t, err := expr.CompileText(src)
	if err != nil {
		c.exprFault(n.m.ID, field, err)
		return nil
	}
	c.use(use{node: n.m.ID, def: n, field: field, at: at, refs: t.Reads()})
	return t
}

func (c *compiler) nodeText(n *nodeDef, field string, src model.Text) textDef {
	t := c.text(n.m.ID, field, src)
	if t.t != nil {
		c.use(use{node: n.m.ID, def: n, field: field, at: atNode, refs: t.t.Reads()})
	}
	return t
}

// text compiles a duration.
func (c *compiler) text(node, field string, src model.Text) textDef {
	if src == "" {
		return textDef{}
	}
	if !strings.Contains(string(src), "${") {
		ms, err := expr.ParseDuration(string(src))
		if err != nil {
			c.exprFault(node, field, err)
		}
		return textDef{ms: ms}
	}
	t, err := expr.CompileText(string(src))
	if err != nil {
		c.exprFault(node, field, err)
		return textDef{}
	}
	return textDef{t: t}
}

func (c *compiler) program(n *nodeDef, node, field, src string, at place) *expr.Program {
	if src == "" {
		return nil
	}
	p, err := expr.Compile(src)
	if err != nil {
		c.exprFault(node, field, err)
		return nil
	}
	c.use(use{node: node, def: n, field: field, at: at, refs: p.Reads()})
	return p
}

func (c *compiler) exprFault(node, field string, err error) {
	f := Fault{Code: "expression", Message: err.Error(), Node: node, Field: field, Offset: -1}
	var e *expr.Error
	if errors.As(err, &e) {
		f.Code, f.Message, f.Hint, f.Offset = e.Code, e.Message, e.Hint, e.Offset
		f.Field += e.Pointer
	}
	c.fault(f)
}

func (c *compiler) use(u use) { c.uses = append(c.uses, &u) }
