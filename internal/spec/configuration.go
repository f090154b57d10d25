package spec

import (
	"github.com/pawl-dev/pawl/model"
)

// configuration reads what belongs to the type of the node. key is the key that names the type, "" in the long form.
func (r *reader) configuration(n *nodeIn, key string, conf *value) {
	n.m.Type = n.typ
	r.field = orElse(key, "with")
	conf = r.withDefaults(n, conf)
	switch n.typ {
	case "switch":
		r.switchNode(n, conf)
	case "set":
		n.m.Set = r.assigns(conf)
		r.note("set", conf)
	case "wait":
		r.waitNode(n, conf)
	case "signal":
		n.m.Type = "wait"
		r.signalNode(n, conf)
	case "approval":
		r.approvalNode(n, conf)
	case "send":
		r.sendNode(n, conf)
	case "cancel":
		r.cancelNode(n, conf)
	case "end":
		r.endNode(n, conf)
	case "scope", "parallel", "foreach", "loop", "workflow":
		r.compositeNode(n, conf)
	default:
		r.effectNode(n, key, conf)
	}
}

// with sets the configuration of a node and remembers where its parts stand.
func (r *reader) with(n *nodeIn, conf *value) {
	n.m.With = conf.json()
	r.note("with", conf)
}

// effectNode checks a configuration against the schema of its type and keeps it.
func (r *reader) effectNode(n *nodeIn, key string, conf *value) {
	t, _ := r.o.lookup(n.typ)
	if key == "call" || n.typ == "function" && conf.kind == isText {
		if !r.want(conf, isText, "call", "the name of a function") {
			return
		}
		conf = mapAt(conf).with("args", n.v.get("args")).with("name", conf)
	}
	if conf.kind == isNull {
		conf = mapAt(conf)
	}
	r.conform(t, conf)
	r.with(n, conf)
	n.m.Bad = t.Bad
	if len(t.Outcomes) > 0 {
		n.m.Outcomes = append([]string{model.Success}, t.Outcomes...)
	}
}

// switchNode reads {cases, default}, or the list of cases.
func (r *reader) switchNode(n *nodeIn, v *value) {
	if v.kind == isList {
		v = mapAt(v).with("cases", v)
	}
	if !r.want(v, isMap, "switch", "such as {cases: [{when: ..., outcome: ...}], default: other}") {
		return
	}
	r.keys(v, &switchKeys)
	if !r.must(v, &switchKeys) {
		return
	}
	var cases []*value
	for _, it := range r.list(v.get("cases"), "cases", "such as [{when: ..., outcome: ...}]") {
		if !r.want(it, isMap, "a case", "such as {when: ..., outcome: ...}") {
			continue
		}
		r.keys(it, &caseKeys)
		if !r.must(it, &caseKeys) {
			continue
		}
		when := it.get("when")
		n.ends(r.outcomeWord(it.get("outcome"), "an outcome"))
		expr := copyAt(when, r.expression(when, "when"))
		cases = append(cases, mapAt(it).with("outcome", it.get("outcome")).with("when", expr))
	}
	if len(v.get("cases").items) == 0 && v.get("cases").kind == isList {
		r.fault(v.get("cases"), CodeEmpty, "a switch without cases chooses nothing", "such as [{when: ..., outcome: ...}]")
	}
	n.ends(r.outcomeWord(v.get("default"), "default"))
	r.with(n, mapAt(v).with("cases", listAt(v, cases)).with("default", v.get("default")))
}

// ends adds a declared outcome.
func (n *nodeIn) ends(outcome string) {
	if outcome != "" && !contains(n.m.Outcomes, outcome) {
		n.m.Outcomes = append(n.m.Outcomes, outcome)
	}
}

// copyAt is v with another text, standing where v does.
func copyAt(v *value, s string) *value {
	c := *v
	c.kind, c.text = isText, s
	return &c
}

// operations of an assignment.
var operations = []string{"set", "append", "concat", "merge", "add", "unset"}

// assigns reads a map from variables to values or operations, or a list of such maps.
func (r *reader) assigns(v *value) []model.Assign {
	maps := []*value{v}
	if v.kind == isList {
		maps = v.items
	}
	out := []model.Assign{}
	for _, m := range maps {
		if !r.want(m, isMap, "set", "such as {attempts: {add: 1}}") {
			continue
		}
		for i, k := range m.keys {
			if r.identifier(k, "a variable") {
				r.note("assigned/"+k.text, k)
				out = append(out, r.assign(k.text, m.items[i]))
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func (r *reader) assign(name string, v *value) model.Assign {
	a := model.Assign{Var: name, Op: "set"}
	op := ""
	if v.kind == isMap {
		for _, k := range v.keys {
			if contains(operations, k.text) {
				op = k.text
			}
		}
	}
	switch {
	case op == "":
		a.Value = v.json()
		r.note("set/"+name, v)
		return a
	case len(v.keys) > 1:
		r.fault(v.key(op), CodeValue, op+" is an operation and stands alone", "a map that is meant as it stands is written {set: {...}}")
		return a
	}
	arg := v.items[0]
	a.Op = op
	r.note("set/"+name, arg)
	if op == "unset" {
		if arg.kind != isBool || arg.text != "true" {
			r.fault(arg, CodeValue, "unset takes true", "write {unset: true}")
		}
		return a
	}
	r.operand(op, arg)
	a.Value = arg.json()
	return a
}

// operand checks a literal argument of an operation.
func (r *reader) operand(op string, v *value) {
	want, some := map[string]kind{"concat": isList, "merge": isMap, "add": isNumber}[op]
	if some && !v.template() {
		r.want(v, want, op, "or ${ } that gives one")
	}
}

// cancelNode reads {nodes: [..]}, a list of nodes, or one.
func (r *reader) cancelNode(n *nodeIn, v *value) {
	nodes := v
	if v.kind == isMap {
		r.keys(v, &cancelKeys)
		if !r.must(v, &cancelKeys) {
			return
		}
		nodes = v.get("nodes")
	}
	var ids []*value
	for _, id := range oneOrMore(nodes) {
		if !r.want(id, isText, "cancel", "a node, or a list of nodes") {
			continue
		}
		ids = append(ids, id)
		r.later = append(r.later, func() {
			r.in(n.m.ID, "with", func() { r.cancelled(n, id) })
		})
	}
	if len(ids) == 0 && !r.c.full() && nodes.kind == isList && len(nodes.items) == 0 {
		r.fault(v, CodeEmpty, "cancel names no node", "such as cancel: [slow]")
	}
	r.with(n, mapAt(v).with("nodes", listAt(nodes, ids)))
}

func (r *reader) cancelled(n *nodeIn, id *value) {
	if n.in.index[id.text] == nil {
		torn := n.in.torn
		r.unknownNode(id, n.in, id.text)
		n.in.torn = torn // no edge is missing
	}
}

// endNode reads {of, outcome, output, error}, or an outcome.
func (r *reader) endNode(n *nodeIn, v *value) {
	if v.kind == isText && v.text != "" {
		v = mapAt(v).with("outcome", v)
	}
	if v.kind == isNull {
		v = mapAt(v)
	}
	if !r.want(v, isMap, "end", "such as {outcome: paid, output: ...}") {
		return
	}
	r.keys(v, &endKeys)
	outcome := v.get("outcome")
	fail := v.get("error")
	switch {
	case outcome != nil:
		r.outcomeWord(outcome, "outcome")
	case fail != nil:
		outcome = textAt(v, model.OutcomeErr)
	default:
		outcome = textAt(v, model.Success)
	}
	if fail != nil && v.get("output") != nil {
		r.fault(v.key("output"), CodeTwice, "an end has either output or error", "keep one of them")
	}
	if fail != nil && outcome.text != model.OutcomeErr {
		r.fault(v.key("error"), CodeValue, "an end with error has the outcome error", "remove outcome")
	}
	of := v.get("of")
	if of != nil && r.want(of, isText, "of", "the id of an enclosing composite, or execution") {
		r.enclosing(n, of)
	}
	r.with(n, mapAt(v).with("error", r.endError(fail)).with("of", of).with("outcome", outcome).with("output", v.get("output")))
}

// endError reads {code, message}, or the message.
func (r *reader) endError(v *value) *value {
	switch {
	case v == nil:
		return nil
	case v.kind == isText:
		return mapAt(v).with("code", textAt(v, "failed")).with("message", v)
	case !r.want(v, isMap, "error", "such as {code: no_stock, message: Nothing left}"):
		return nil
	}
	for _, k := range v.keys {
		if k.text != "code" && k.text != "message" && k.text != "details" {
			r.fault(k, CodeUnknownKey, "an error has no key "+quote(k.text), r.meant(k.text, []string{"code", "message", "details"}))
		}
	}
	code := v.get("code")
	if code == nil {
		code = textAt(v, "failed")
	}
	message := v.get("message")
	if message == nil {
		message = textAt(v, "")
	}
	r.text(code, "code")
	r.text(message, "message")
	return mapAt(v).with("code", code).with("details", v.get("details")).with("message", message)
}

// enclosing checks that of names a composite around the node.
func (r *reader) enclosing(n *nodeIn, of *value) {
	if of.text == "execution" {
		return
	}
	var around []string
	for b := n.in; b != nil && b.owner != ""; b = b.parent {
		if b.owner == of.text {
			return
		}
		around = append(around, b.owner)
	}
	r.fault(of, CodeUnknownNode, clip(of.text)+" is no composite around this node", r.meant(of.text, append(around, "execution")))
}
