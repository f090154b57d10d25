package spec

import (
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/model"

	"github.com/pawl-dev/pawl/internal/nearest"
)

// nodeBody reads everything of a node but its edges.
func (r *reader) nodeBody(n *nodeIn) {
	if !r.want(n.v, isMap, "a node", "such as {http: {url: ...}}; the node ends with {}") {
		n.in.torn = true
		n.v = mapAt(n.id)
		return
	}
	key, conf := r.nodeType(n)
	r.nodeKeysOf(n, key)
	if n.typ == "" {
		return
	}
	r.configuration(n, key, conf)
	r.field = ""
	r.shared(n)
	r.field = ""
}

// nodeType finds the one type of a node: the key that names it ("" for the long form) and the configuration.
func (r *reader) nodeType(n *nodeIn) (key string, conf *value) {
	var found []*value
	unknown := 0
	for _, k := range n.v.keys {
		switch {
		case k.text == "set": // a type only where there is no other
		case k.text == "type" || k.text == "call" || r.knownType(k.text) && !r.nodeKey(k.text):
			found = append(found, k)
		case !r.nodeKey(k.text):
			unknown++
		}
	}
	set := n.v.get("set")
	if len(found) == 0 && set != nil && unknown == 0 {
		found = append(found, n.v.key("set"))
	}
	switch len(found) {
	case 0:
		r.noType(n, unknown)
		return "", nil
	case 1:
	default:
		r.fault(found[1], CodeTwoTypes, "the node is "+clip(found[0].text)+" already, it cannot be "+clip(found[1].text)+", too", "make two nodes of it")
	}
	key = found[0].text
	conf = n.v.get(key)
	n.typ = key
	switch key {
	case "call":
		n.typ = "function"
	case "type":
		return "", r.longType(n, conf)
	}
	n.class = classOf(n.typ)
	return key, conf
}

// longType reads type and with.
func (r *reader) longType(n *nodeIn, t *value) *value {
	r.field = "type"
	name := r.text(t, "type")
	conf := n.v.get("with")
	if conf == nil {
		conf = mapAt(n.id)
	}
	switch {
	case name == "":
		n.in.torn = true
	case !r.knownType(name):
		n.in.torn = true
		r.fault(t, CodeUnknownType, "there is no node type "+quote(name), r.meant(name, r.allTypes()))
	default:
		n.typ = name
		n.class = classOf(name)
	}
	return conf
}

// noType reports a node without a type, unless a misspelt one is about to be reported as an unknown key.
func (r *reader) noType(n *nodeIn, unknown int) {
	n.in.torn = true
	if unknown > 0 {
		return
	}
	hint := "add one of " + strings.Join(r.allTypes(), ", ")
	if len(n.v.keys) == 0 {
		hint = "such as " + n.id.text + ": {call: name}; " + hint
	}
	r.fault(n.id, CodeNoType, "the node "+n.id.text+" has no type", hint)
}

func classOf(typ string) class {
	switch {
	case composite(typ):
		return opening
	case typ == "wait" || typ == "signal" || typ == "approval":
		return waiting
	case control(typ) != nil:
		return control_
	}
	return effect
}

// isNode reports whether a map is a node rather than a graph: one of its keys says a type.
func (r *reader) isNode(v *value) bool {
	for i, k := range v.keys {
		switch {
		case k.text == "type" && v.items[i].kind == isText, k.text == "call", control(k.text) != nil:
			return true
		case r.o.Types == nil && len(v.keys) == 1, r.o.Types != nil && r.knownType(k.text):
			return true
		}
	}
	return false
}

// knownType reports whether a node type exists.
func (r *reader) knownType(name string) bool {
	if control(name) != nil {
		return true
	}
	_, ok := r.o.lookup(name)
	return ok
}

// allTypes lists the node types, for hints.
func (r *reader) allTypes() []string {
	out := []string{"call"}
	for _, s := range controls() {
		out = append(out, s.name)
	}
	out = append(out, r.o.typeNames()...)
	slices.Sort(out)
	return slices.Compact(out)
}

// nodeKey reports whether nodes of any type may have the key beside their type.
func (r *reader) nodeKey(name string) bool {
	return nodeKeys.find(name) != nil || compositeKeys.find(name) != nil
}

// nodeKeysOf reports keys that the node cannot have.
func (r *reader) nodeKeysOf(n *nodeIn, key string) {
	for _, k := range n.v.keys {
		switch {
		case k.text == key && key != "", n.typ == "" && (k.text == "set" || k.text == "type"):
		case nodeKeys.find(k.text) != nil:
			if n.typ != "" {
				r.applicable(n, key, k)
			}
		case compositeKeys.find(k.text) != nil:
			if n.typ != "" && n.class != opening {
				r.fault(k, CodeNotHere, k.text+" belongs to composites, this node is "+clip(n.typ), "composites are scope, parallel, foreach, loop and workflow")
			}
		case r.knownType(k.text):
			// A second type; that has been told.
		default:
			r.unknownNodeKey(n, k)
		}
	}
}

func (r *reader) unknownNodeKey(n *nodeIn, k *value) {
	if n.typ == "" {
		if best := nearest.Word(k.text, r.allTypes()); best != "" {
			r.fault(k, CodeUnknownType, "there is no node type "+quote(k.text), "did you mean "+best+"?")
			return
		}
	}
	known := append(nodeKeys.names(), compositeKeys.names()...)
	hint := orElse(r.meant(k.text, append(known, r.allTypes()...)), "see pawl explain node")
	section := control(n.typ)
	switch {
	case section != nil && section.find(k.text) != nil:
		hint = "it belongs into the configuration: " + n.typ + ": {" + k.text + ": ...}"
	case n.class == effect && n.typ != "" && r.configKey(n.typ, k.text):
		hint = "it belongs into the configuration: " + n.typ + ": {" + k.text + ": ...}"
	case n.typ == "" && hint == "":
		hint = "node types: " + strings.Join(r.allTypes(), ", ")
	}
	if n.typ == "" {
		r.fault(k, CodeUnknownType, "there is no node type "+quote(k.text), hint)
		return
	}
	r.fault(k, CodeUnknownKey, "a node has no key "+quote(k.text), hint)
}

// takers says which classes of nodes take a key that not all take.
var takers = map[string][]class{
	"retry":           {effect, opening},
	"timeout":         {effect, opening, waiting},
	"attempt_timeout": {effect},
	"heartbeat":       {effect},
	"callback":        {effect},
	"queue":           {effect},
	"priority":        {effect},
	"limits":          {effect, opening},
	"compensate":      {effect, opening, waiting},
}

// applicable reports node keys that make no sense for the type.
func (r *reader) applicable(n *nodeIn, key string, k *value) {
	classes, some := takers[k.text]
	switch {
	case some && !slices.Contains(classes, n.class) && (k.text != "compensate" || n.typ != "send"):
		r.fault(k, CodeNotHere, n.typ+" takes no "+k.text, notHereHint(n, k.text))
	case k.text == "args" && key != "call":
		r.fault(k, CodeNotHere, "args belongs to call", "write it into the configuration")
	case k.text == "with" && key != "":
		r.fault(k, CodeTwice, "the configuration stands under "+key+" already", "write either "+key+": {...}, or type: "+n.typ+" and with: {...}")
	case k.text == "output" && n.typ == "end":
		r.fault(k, CodeNotHere, "the output of an end stands in its configuration", "write end: {output: ...}")
	case k.text == "set" && n.typ == "set":
		r.fault(k, CodeTwice, "the assignments stand under with already", "write them once")
	}
}

func notHereHint(n *nodeIn, key string) string {
	if key == "retry" && n.class == waiting {
		return "nothing fails while it waits, so nothing is tried again"
	}
	if key == "timeout" || key == "retry" {
		return "it ends at once, without work of its own; effect nodes, waits and composites take time"
	}
	if n.class == opening {
		return "write it at the nodes inside"
	}
	return "effect nodes, such as http or call, take it"
}

// shared reads the keys that nodes of every type have, but for edges.
func (r *reader) shared(n *nodeIn) {
	m, v := &n.m, n.v
	m.Description = r.text(r.at(v, "description"), "description")
	m.Join = r.join(r.at(v, "join"))
	if s := r.at(v, "split"); s != nil {
		m.SplitAll = r.word(s, "split", "all") == "all"
	}
	m.If = r.expression(r.at(v, "if"), "if")
	if n.typ != "end" {
		m.Output = r.at(v, "output").json()
	}
	if set := r.at(v, "set"); set != nil && n.typ != "set" {
		m.Set = r.assigns(set)
	}
	m.Log = r.text(r.at(v, "log"), "log")
	m.Tags = r.values(r.at(v, "tags"), "a tag", r.label)
	m.Retry = r.retry(r.inherited(n, "retry"))
	r.nodeTimeout(n)
	m.AttemptTimeout = r.duration(r.inherited(n, "attempt_timeout"), "attempt_timeout")
	m.Heartbeat = r.duration(r.inherited(n, "heartbeat"), "heartbeat")
	m.Callback = r.boolean(r.at(v, "callback"), "callback")
	m.OnFailure = r.onFailure(r.inherited(n, "on_failure"))
	m.Limits = r.limits(r.at(v, "limits"))
	m.Queue = r.text(r.inherited(n, "queue"), "queue")
	m.Priority = int(r.integer(r.inherited(n, "priority"), "priority", -1000, 1000))
	m.MaxRuns = int(r.integer(r.at(v, "max_runs"), "max_runs", 1, 1_000_000))
	r.compensate(n, r.at(v, "compensate"))
	if m.Composite != nil && m.OnFailure != "" {
		eachScope(m.Composite, func(s *model.Scope) { s.OnFailure = m.OnFailure })
	}
}

// nodeTimeout reads the timeout at the node; that of a wait may stand in its configuration.
func (r *reader) nodeTimeout(n *nodeIn) {
	here := n.v.get("timeout")
	if n.m.Timeout != "" && here != nil {
		r.fault(n.v.key("timeout"), CodeTwice, "timeout stands in the configuration and at the node", "keep one of them")
		return
	}
	if n.m.Timeout == "" {
		n.m.Timeout = r.duration(r.inherited(n, "timeout"), "timeout")
	}
	if n.class == waiting && n.m.Timeout != "" && !contains(n.m.Outcomes, model.TimedOut) {
		n.m.Outcomes = append(n.m.Outcomes, model.TimedOut)
	}
}

// join reads how many edges start a node.
func (r *reader) join(v *value) model.Join {
	switch {
	case v == nil:
	case v.kind == isNumber:
		return model.Join{N: int(r.integer(v, "join", 1, 100_000))}
	default:
		switch r.word(v, "join", "all", "any", "each") {
		case "any":
			return model.Join{N: 1}
		case "each":
			return model.Join{Each: true}
		}
	}
	return model.Join{}
}

// compensate reads the node that undoes n; it stands in the same graph or one around it.
func (r *reader) compensate(n *nodeIn, v *value) {
	if v == nil || !r.want(v, isText, "compensate", "the id of a node") {
		return
	}
	n.m.Compensate = v.text
	if r.detached[v.text] == nil {
		r.detached[v.text] = v
	}
	r.later = append(r.later, func() {
		r.in(n.m.ID, "compensate", func() { r.compensation(n, v); r.undoneWithParent(n, v) })
	})
}

// undoneWithParent warns where n runs in the child of a foreach that nothing undoes once it has ended well.
func (r *reader) undoneWithParent(n *nodeIn, v *value) {
	for b := n.in; b.parent != nil; b = b.parent {
		o := b.parent.index[b.owner]
		if o == nil || o.m.Composite == nil || o.m.Composite.Mode != "children" {
			continue
		}
		if o.m.Compensate == "" {
			r.warn(v, CodeNotUndone, "items of "+o.m.ID+" run as children; in one that has ended well "+n.m.ID+" is not undone when something else fails", "write compensate at "+o.m.ID+" too, with a node that undoes all items")
		}
		return
	}
}

func (r *reader) compensation(n *nodeIn, v *value) {
	for b := n.in; b != nil; b = b.parent {
		if b.index[v.text] == n {
			r.fault(v, CodeValue, "the node cannot undo itself", "name another node")
		}
		if b.index[v.text] != nil {
			return
		}
	}
	if elsewhere := r.ids[v.text]; elsewhere != nil {
		r.fault(v, CodeUnknownNode, clip(v.text)+" stands inside another composite", "a compensation stands in the graph of the node it undoes, or in one around it")
		return
	}
	r.fault(v, CodeUnknownNode, "there is no node "+quote(v.text), orElse(r.meant(v.text, r.idList), "add the node"))
}
