package importer

import (
	"strings"

	"github.com/pawl-dev/pawl/internal/spec"
)

// pocket imports a flow of PocketFlowGo: one token that moves from node to node, each of which ends with an action, and
// a map that all nodes share. Its keys become variables.
type pocket struct {
	*job
	// nodes of the flow by key, in order; ids are ours.
	nodes []at
	ids   map[string]string
	edges map[string][]pocketEdge
	// vars are ours for the keys of the shared map; written are those that a node of the flow writes.
	vars     map[string]string
	varOrder []string
	written  map[string]bool
	signals  []string
	// params are the names that references read.
	params []string
	// todo are nodes that a way leads to and that are not written yet.
	todo []string
	done map[string]*val
	// outer is the flow around a subflow, and host the node that holds it.
	outer *pocket
	host  at
}

type pocketEdge struct {
	at     at
	action string
	to     string
}

func readPocketFlow(j *job) *val {
	p := newPocket(j, nil)
	root, head := p.unwrap(j.root())
	if j.src.Faults().Bad() {
		return nil
	}
	if !root.get("nodes").there() {
		j.fault(root, spec.CodeMissing, "a flow needs nodes", "is it a file of PocketFlowGo: start, nodes, edges?")
		return nil
	}
	p.graph(root)
	nodes := p.build(root.get("start"))
	doc := object("workflow", slug(j.title()))
	doc.put("version", version(head))
	doc.note("Imported from PocketFlowGo. Parameters of a task are the input; keys of the shared map are variables.")
	vars := p.declare()
	if len(p.params) > 0 {
		in := object()
		for _, name := range p.params {
			in.put(name, "any?")
		}
		doc.put("input", in)
	}
	if len(p.signals) > 0 {
		sig := object()
		for _, s := range p.signals {
			sig.put(s, object())
		}
		doc.put("signals", sig)
	}
	if !vars.empty() {
		doc.put("vars", vars)
	}
	return p.finish(doc, root.get("start"), nodes)
}

// unwrap finds the flow in a version of it, as the API of PocketFlowGo gives and takes them: a text inside.
func (p *pocket) unwrap(root at) (flow, head at) {
	for _, key := range []string{"definition_json", "DefinitionJSON", "DefinitionYAML"} {
		x := root.get(key)
		if x.t.Kind() != "text" || root.get("nodes").there() {
			continue
		}
		file := "definition.json"
		if key == "DefinitionYAML" {
			file = "definition.yaml"
		}
		inner := spec.ReadText([]byte(x.str()), file)
		if inner.Root.Kind() != "map" || inner.Faults().Bad() {
			for _, f := range inner.Faults() {
				p.fault(x, f.Code, key+": "+f.String(), f.Hint)
			}
			if !inner.Faults().Bad() {
				p.fault(x, spec.CodeWrongType, key+" must hold a flow", "")
			}
			return at{j: p.job}, at{}
		}
		x.kept("")
		for _, name := range []string{"id", "flow_id", "FlowID"} {
			root.get(name).out("a definition is known by its name and version")
		}
		for _, name := range []string{"version", "Version"} {
			if v := root.get(name); v.there() {
				v.changed("version", "a semantic version")
				head = v
			}
		}
		for _, name := range []string{"status", "Status"} {
			if s := root.get(name); s.str() != "" && s.str() != "published" {
				s.look("", "it was not published: deploy it with --inactive")
			} else {
				s.kept("")
			}
		}
		flow = at{j: p.job, t: inner.Root, inside: x.t}
		p.within = append(p.within, flow)
		return flow, head
	}
	return root, at{}
}

func newPocket(j *job, outer *pocket) *pocket {
	return &pocket{job: j, outer: outer, ids: map[string]string{}, edges: map[string][]pocketEdge{}, vars: map[string]string{}, written: map[string]bool{}, done: map[string]*val{}}
}

// finish adds start and nodes.
func (p *pocket) finish(doc *val, start at, nodes *val) *val {
	if id := p.ids[start.str()]; id != "" {
		start.kept("start")
		doc.put("start", id)
	}
	return doc.put("nodes", nodes)
}

// graph reads nodes and edges, and which keys of the shared map the nodes write.
func (p *pocket) graph(x at) {
	for _, n := range x.get("nodes").fields() {
		if !n.is("map") {
			continue
		}
		p.nodes = append(p.nodes, n)
		p.ids[n.key] = p.names.id(n.key)
		post := n.get("post")
		if k := post.get("output_key").str(); k != "" {
			p.written[k] = true
		}
		for _, k := range post.get("output_map").fields() {
			p.written[k.key] = true
		}
	}
	for _, e := range x.get("edges").list() {
		if !e.is("map") {
			continue
		}
		edge := pocketEdge{at: e, action: e.get("action").str(), to: e.get("to").str()}
		if edge.action == "" {
			edge.action = "default"
		}
		from := e.get("from").str()
		switch {
		case p.ids[from] == "":
			e.out("there is no node " + quote(from))
		case p.edge(from, edge.action) != nil:
			e.out("the node " + quote(from) + " has an edge for " + quote(edge.action) + " already, which was followed")
		default:
			p.edges[from] = append(p.edges[from], edge)
		}
	}
}

func (p *pocket) edge(from, action string) *pocketEdge {
	for i := range p.edges[from] {
		if p.edges[from][i].action == action {
			return &p.edges[from][i]
		}
	}
	return nil
}

// build writes the nodes that a way leads to, beginning at start.
func (p *pocket) build(start at) *val {
	p.reach(start.str())
	switch {
	case len(p.nodes) == 0:
		return object()
	case p.ids[start.str()] == "":
		p.fault(start, spec.CodeUnknownNode, "start names no node of the flow: "+quote(start.str()), "name one of its nodes")
		return object()
	}
	byKey := map[string]at{}
	for _, n := range p.nodes {
		byKey[n.key] = n
	}
	for len(p.todo) > 0 {
		key := p.todo[0]
		p.todo = p.todo[1:]
		if p.done[key] == nil {
			p.done[key] = object()
			p.done[key] = p.node(byKey[key])
		}
	}
	out := object()
	out.open = true
	for _, n := range p.nodes {
		if v := p.done[n.key]; v != nil {
			n.name(p.ids[n.key], "the node")
			out.put(p.ids[n.key], v)
			continue
		}
		n.out("no way leads to the node")
	}
	for _, n := range p.nodes {
		for _, e := range p.edges[n.key] {
			if !p.told[e.at.t] && p.done[n.key] != nil {
				e.at.out("the node never ends with the action " + quote(e.action))
			} else if p.done[n.key] == nil {
				e.at.out("no way leads to the node " + quote(n.key))
			}
		}
	}
	return out
}

// reach makes sure that a node is written and gives its id.
func (p *pocket) reach(key string) string {
	if p.done[key] == nil && p.ids[key] != "" {
		p.todo = append(p.todo, key)
	}
	return p.ids[key]
}

// target is where the edge of an action leads: a node, or stop. ok is false where there is no such edge.
func (p *pocket) target(from at, action string) (to string, ok bool) {
	if action == "" {
		action = "default"
	}
	e := p.edge(from.key, action)
	if e == nil {
		return p.end(), false
	}
	if e.to == "" {
		e.at.kept("nodes." + p.ids[from.key] + ".next")
		return p.end(), true
	}
	id := p.reach(e.to)
	if id == "" {
		e.at.look("nodes."+p.ids[from.key]+".next", "there is no node "+quote(e.to)+"; the flow failed there")
		return "fail", true
	}
	if action == "default" && fails(from.get("kind").str()) {
		e.at.changed("nodes."+p.ids[from.key]+".next", "followed when the node ends well; PocketFlowGo followed it after a failure, too")
		return id, true
	}
	e.at.kept("nodes." + p.ids[from.key] + ".next")
	return id, true
}

// fails reports whether nodes of a kind could fail, and then went on along their default edge.
func fails(kind string) bool { return kind != "choice" && kind != "timer" && kind != "approval" }

// end is where a token goes that has no edge to follow: out of the workflow, or to the end of a subflow.
func (p *pocket) end() string {
	if p.outer != nil && p.ids[""] != "" {
		return p.ids[""]
	}
	return "stop"
}

// node writes one node.
func (p *pocket) node(n at) *val {
	kind := n.get("kind")
	if p.outer != nil && kind.str() != "" && kind.str() != "executor" && kind.str() != "remote" {
		kind.look("nodes."+p.ids[n.key], "inside a subflow PocketFlowGo ran every node as an executor, and so does this")
		return p.executor(n)
	}
	switch kind.str() {
	case "choice":
		kind.changed("switch", "the action is the outcome; values are compared as what they are, while PocketFlowGo took the text \"5\" and the number 5 as equal")
		return p.choice(n)
	case "parallel":
		kind.kept("parallel")
		return p.parallel(n)
	case "foreach":
		kind.kept("foreach")
		return p.foreach(n)
	case "subflow":
		if n.get("subflow").there() {
			kind.changed("scope", "its own shared map is a map of variables")
			return p.subflow(n)
		}
	case "timer":
		kind.changed("wait", "it holds no worker and no scheduler")
		return p.timer(n)
	case "wait_event":
		kind.changed("signal", "it holds no worker and no scheduler")
		return p.waitEvent(n)
	case "approval":
		kind.changed("approval", "people decide by name; it holds no worker and no scheduler")
		return p.approval(n)
	}
	if kind.there() {
		if k := kind.str(); k == "executor" || k == "remote" {
			kind.kept("")
		} else {
			kind.changed("", "PocketFlowGo ran a kind that it does not know as an executor")
		}
	}
	return p.executor(n)
}

// executor is a node that calls a service, function or script.
func (p *pocket) executor(n at) *val {
	use := p.exec(n)
	out, result := p.work(use, p.inputValue(n), p.paramsOf(n, p.override(n).get("params")))
	p.keep(n.get("prep"), "the argument")
	if out.has("end") {
		return out
	}
	p.retry(out, n, use)
	p.post(out, n, result)
	p.next(out, n, "output")
	return out
}

// keep tells the parts of prep.
func (p *pocket) keep(prep at, to string) {
	if k := prep.get("input_map"); k.there() {
		k.kept(to)
		prep.get("input_key").out("input_map stands instead")
	} else {
		prep.get("input_key").kept(to)
	}
}

// next writes the edges of a node whose action is fixed, taken from its output, or none.
func (p *pocket) next(out *val, n at, from string) {
	post := n.get("post")
	static, dynamic := post.get("action_static"), post.get("action_key")
	static.kept("next")
	switch {
	case static.str() != "":
		dynamic.out("action_static stands instead")
		to, _ := p.target(n, static.str())
		p.lead(out, to)
	case dynamic.str() != "" && from != "":
		dynamic.changed("next", "a choice between edges, by "+member(from, dynamic.str()))
		p.choose(out, n, member(from, dynamic.str()))
	default:
		if dynamic.there() {
			dynamic.out("it never chose anything on a node of this kind")
		}
		to, _ := p.target(n, "")
		p.lead(out, to)
	}
}

// lead adds a bare edge; a node without one ends its token anyway.
func (p *pocket) lead(out *val, to string) {
	if to != "stop" {
		out.put("next", to)
	}
}

// choose writes one entry for each action but default.
func (p *pocket) choose(out *val, n at, subject string) {
	entries := list()
	for _, e := range p.edges[n.key] {
		if e.action == "default" {
			continue
		}
		to, _ := p.target(n, e.action)
		entries.items = append(entries.items, object("when", subject+" == "+str(e.action), "to", to))
	}
	to, _ := p.target(n, "")
	if entries.empty() {
		p.lead(out, to)
		return
	}
	entries.items = append(entries.items, text(to))
	out.put("next", entries)
}

// post writes what a node leaves in the shared map. subject is its value in the expression of set.
func (p *pocket) post(out *val, n at, subject string) {
	set := object()
	post := n.get("post")
	for _, f := range post.get("output_map").fields() {
		set.put(p.variable(f.key), code(member(subject, f.str())))
		f.kept("set." + p.variable(f.key))
	}
	if k := post.get("output_key"); k.str() != "" {
		set.put(p.variable(k.str()), code(subject))
		k.kept("set." + p.variable(k.str()))
	} else {
		k.kept("")
	}
	if !set.empty() {
		out.put("set", set)
	}
}

// variable is ours for a key of the shared map.
func (p *pocket) variable(key string) string {
	if id, ok := p.vars[key]; ok {
		return id
	}
	id := identifier(key)
	for _, taken := range p.vars { //archtest:ordered asks only whether the name is there
		if taken == id {
			id = p.names.unique("v_" + id[:min(len(id), 50)])
			break
		}
	}
	p.vars[key] = id
	p.varOrder = append(p.varOrder, key)
	return id
}

// declare writes the variables with their first values.
func (p *pocket) declare() *val {
	out := object()
	for _, key := range p.varOrder {
		v := number("null")
		if !p.written[key] && p.outer == nil {
			v = code(member("input", key))
			p.param(key)
			v.note("Nothing in the definition writes " + quote(key) + "; it came from outside and is taken from the input.")
		}
		out.put(p.vars[key], v)
	}
	return out
}

// param notes that the input holds a name.
func (p *pocket) param(name string) {
	if p.outer != nil {
		p.outer.param(name)
		return
	}
	for _, have := range p.params {
		if have == name {
			return
		}
	}
	if name != "" && !strings.ContainsAny(name, "\x00") {
		p.params = append(p.params, name)
	}
}
