package kernel

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"

	"github.com/pawl-dev/pawl/internal/nearest"
)

// with reads the configuration of a control node.
func (c *compiler) with(n *nodeDef, into any) {
	if len(n.m.With) == 0 {
		return
	}
	if err := json.Unmarshal(n.m.With, into); err != nil {
		c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: n.m.Type, Offset: -1, Message: "the configuration does not fit: " + err.Error()})
	}
}

func (c *compiler) switchNode(n *nodeDef) {
	var with struct {
		Cases []struct {
			When    string `json:"when"`
			Outcome string `json:"outcome"`
		} `json:"cases"`
		Default string `json:"default"`
	}
	c.with(n, &with)
	for i, k := range with.Cases {
		n.cases = append(n.cases, caseDef{c.program(n, n.m.ID, "switch/cases/"+strconv.Itoa(i)+"/when", k.When, atNode), k.Outcome})
	}
	n.otherwise = with.Default
}

func (c *compiler) waitNode(n *nodeDef) {
	var with struct {
		Arms []struct {
			Name   string          `json:"name"`
			For    json.RawMessage `json:"for"`
			Until  json.RawMessage `json:"until"`
			When   string          `json:"when"`
			Signal string          `json:"signal"`
			Match  string          `json:"match"`
			Count  json.RawMessage `json:"count"`
			Fresh  bool            `json:"fresh"`
		} `json:"arms"`
	}
	c.with(n, &with)
	if len(with.Arms) == 0 {
		c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: "wait", Offset: -1, Message: "a wait needs for, until, when, signal or first"})
	}
	for i, a := range with.Arms {
		field := "wait/arms/" + strconv.Itoa(i)
		n.arms = append(n.arms, armDef{
			name:   a.Name,
			span:   c.nodeTemplate(n, field+"/for", a.For, atNode),
			until:  c.nodeTemplate(n, field+"/until", a.Until, atNode),
			when:   c.program(n, n.m.ID, field+"/when", a.When, atNode),
			signal: a.Signal,
			match:  c.program(n, n.m.ID, field+"/match", a.Match, atMatch),
			count:  c.nodeTemplate(n, field+"/count", a.Count, atNode),
			fresh:  a.Fresh,
		})
		c.knownSignal(n, field, a.Signal)
	}
}

func (c *compiler) approvalNode(n *nodeDef) {
	var with struct {
		Title       json.RawMessage `json:"title"`
		Description json.RawMessage `json:"description"`
		Assignees   json.RawMessage `json:"assignees"`
		Exclude     json.RawMessage `json:"exclude"`
		Quorum      json.RawMessage `json:"quorum"`
		Veto        json.RawMessage `json:"veto"`
		Outcomes    []string        `json:"outcomes"`
		Form        struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"form"`
		Escalate []struct {
			After  json.RawMessage `json:"after"`
			Add    json.RawMessage `json:"add"`
			Notify json.RawMessage `json:"notify"`
		} `json:"escalate"`
	}
	c.with(n, &with)
	if len(with.Outcomes) == 0 {
		with.Outcomes = []string{"approved", model.Rejected}
	}
	t := func(field string, raw json.RawMessage) *expr.Template {
		return c.nodeTemplate(n, "approval/"+field, raw, atNode)
	}
	n.ask = &askDef{
		title: t("title", with.Title), text: t("description", with.Description), assignees: t("assignees", with.Assignees),
		exclude: t("exclude", with.Exclude), quorum: t("quorum", with.Quorum), veto: t("veto", with.Veto), outcomes: with.Outcomes, form: with.Form.Schema,
	}
	for i, e := range with.Escalate {
		at := "escalate/" + strconv.Itoa(i)
		d := escalateDef{after: t(at+"/after", e.After), add: t(at+"/add", e.Add), notify: t(at+"/notify", e.Notify)}
		if d.after == nil {
			c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: "approval/" + at, Offset: -1, Message: "an escalation needs after"})
			continue
		}
		n.ask.escalate = append(n.ask.escalate, d)
	}
}

func (c *compiler) endNode(n *nodeDef) {
	var with struct {
		Of      string          `json:"of"`
		Outcome string          `json:"outcome"`
		Output  json.RawMessage `json:"output"`
		Error   json.RawMessage `json:"error"`
	}
	c.with(n, &with)
	n.end = endDef{of: with.Of, outcome: with.Outcome, output: c.nodeTemplate(n, "end/output", with.Output, atNode), err: c.nodeTemplate(n, "end/error", with.Error, atNode)}
	if n.end.outcome == "" {
		n.end.outcome = model.Success
		if n.end.err != nil {
			n.end.outcome = model.OutcomeErr
		}
	}
	if with.Of == "" || with.Of == endExecution {
		return
	}
	for sd := n.scope; sd != nil; sd = sd.parent {
		if sd.owner != nil && sd.owner.m.ID == with.Of {
			return
		}
	}
	c.fault(Fault{Code: "unknown_node", Node: n.m.ID, Field: "end/of", Offset: -1, Message: with.Of + " is no composite around this node"})
}

// endExecution is the value of end's of that ends all.
const endExecution = "execution"

func (c *compiler) cancelNode(n *nodeDef) {
	var with struct {
		Nodes []string `json:"nodes"`
	}
	c.with(n, &with)
	n.cancel = with.Nodes
	for _, id := range with.Nodes {
		if _, ok := n.scope.g.Lookup(id); !ok && n.scope.tails[id] == "" {
			c.fault(Fault{Code: "unknown_node", Node: n.m.ID, Field: "cancel/nodes", Offset: -1, Message: id + " is no node of this graph"})
		}
	}
}

func (c *compiler) composite(n *nodeDef) {
	m := n.m.Composite
	if m == nil {
		c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: n.m.Type, Offset: -1, Message: "the composite has no body"})
		return
	}
	d := &compDef{m: m}
	n.comp = d
	d.add, d.closing = m.Add, m.Close
	c.feeds(n)
	if m.Scope != nil {
		d.body = c.scope(m.Scope, n, n.scope, n.m.ID)
	}
	var names []string
	for i := range m.Branches {
		d.branches = append(d.branches, c.scope(&m.Branches[i].Scope, n, n.scope, n.m.ID))
		names = append(names, m.Branches[i].Name)
	}
	c.branchFinally(n, d)
	d.names, _ = json.Marshal(names)
	if (n.kind == kindParallel) != (d.body == nil) || n.kind == kindParallel && len(names) == 0 {
		c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: n.m.Type, Offset: -1, Message: "the composite has no body"})
	}
	d.items = c.nodeTemplate(n, "foreach/items", m.Items, atNode)
	if d.items != nil {
		if ref, ok := d.items.Ref(); ok {
			d.itemsRef = ref
		}
	}
	if n.kind == kindForeach && d.items == nil {
		c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: "foreach", Offset: -1, Message: "foreach needs items"})
	}
	d.while = c.program(n, n.m.ID, "loop/while", m.While, atPass)
	d.until = c.program(n, n.m.ID, "loop/until", m.Until, atPass)
	if m.Max != "" {
		d.max.ms, _ = strconv.ParseInt(string(m.Max), 10, 64)
		if strings.Contains(string(m.Max), "${") {
			d.max.t = c.textTemplate(n, "loop/max", string(m.Max), atNode)
		}
	}
	d.complete = c.program(n, n.m.ID, "complete", m.Complete, atComplete)
	if got := atLeast.FindStringSubmatch(m.Complete); got != nil {
		d.need, _ = strconv.Atoi(got[1])
	}
	d.tolerate = c.tolerance(n, m)
}

// feeds checks the signals that feed a foreach.
func (c *compiler) feeds(n *nodeDef) {
	add, closing := n.comp.add, n.comp.closing
	if closing != "" && (add == "" || add == closing) {
		c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: "foreach/close", Offset: -1, Message: "close ends what add feeds", Hint: "name another signal under add"})
	}
	c.knownSignal(n, "foreach/add", add)
	c.knownSignal(n, "foreach/close", closing)
}

// knownSignal checks a signal's name where the workflow declares signals.
func (c *compiler) knownSignal(n *nodeDef, field, name string) {
	if name == "" || len(c.d.w.Signals) == 0 {
		return
	}
	if _, ok := c.d.w.Signals[name]; !ok {
		c.fault(Fault{Code: "unknown_signal", Node: n.m.ID, Field: field, Offset: -1, Message: "signals does not declare " + name, Hint: nearest.Hint(name, signalNames(c.d.w))})
	}
}

// branchFinally compiles what the branches of a parallel run when they end. It stands in the definition once for all of
// them, so it sees only what all of them declare.
func (c *compiler) branchFinally(n *nodeDef, d *compDef) {
	shared := map[string]*nodeDef{}
	for _, b := range d.branches {
		f := b.m.Finally
		if f == nil || len(f.Nodes) == 0 {
			continue
		}
		first := f.Nodes[0].ID
		if shared[first] == nil {
			around := &scopeDef{m: &model.Scope{}, owner: n, parent: n.scope, vars: b.vars}
			shared[first] = c.finally(&model.Scope{Finally: f}, around, n.m.ID)
		}
		b.finally = shared[first]
	}
}

// atLeast is the form of complete whose failure can be foreseen.
var atLeast = regexp.MustCompile(`^\s*good\s*>=\s*(\d+)\s*$`)

func (c *compiler) tolerance(n *nodeDef, m *model.Composite) tolerance {
	text := m.Tolerate
	if text == "" {
		if m.Complete != "" {
			return tolerance{share: true, percent: 100}
		}
		return tolerance{}
	}
	if p, ok := strings.CutSuffix(text, "%"); ok {
		share, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err == nil && share >= 0 && share <= 100 {
			return tolerance{share: true, percent: share}
		}
	} else if count, err := strconv.Atoi(text); err == nil && count >= 0 {
		return tolerance{n: count}
	}
	c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: "tolerate", Offset: -1, Message: "tolerate is a count or a share such as 5%"})
	return tolerance{}
}
