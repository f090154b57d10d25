package spec

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// eachScope calls f for the body of a composite, or for every branch.
func eachScope(c *model.Composite, f func(*model.Scope)) {
	if c.Scope != nil {
		f(c.Scope)
	}
	for i := range c.Branches {
		f(&c.Branches[i].Scope)
	}
}

// compositeNode reads scope, parallel, foreach, loop and workflow.
func (r *reader) compositeNode(n *nodeIn, conf *value) {
	if conf.kind == isNull {
		conf = mapAt(conf)
	}
	hint := "such as {do: [...]}"
	if n.typ == "parallel" {
		hint = "such as {branches: {a: [...], b: [...]}}"
	}
	if conf.kind == isList && n.typ == "scope" {
		conf = mapAt(conf).with("do", conf)
	}
	if !r.want(conf, isMap, n.typ, hint) {
		return
	}
	s := control(n.typ)
	r.keys(conf, s, compositeKeys.names()...)
	r.must(conf, s)
	c := &model.Composite{}
	n.m.Composite = c
	p := &parts{r: r, n: n, conf: conf}
	body := r.bodies(p, c)
	r.sharedByComposites(p, c)
	r.ofType(p, c)
	r.scopeRules(p, c, body)
}

// parts finds keys that may stand in the configuration of a composite or at its node.
type parts struct {
	r    *reader
	n    *nodeIn
	conf *value
}

// get returns the value of the key, wherever it stands, and refuses it in both places.
func (p *parts) get(key string) *value {
	in, here := p.conf.get(key), p.n.v.get(key)
	if in != nil && here != nil {
		p.r.fault(p.n.v.key(key), CodeTwice, key+" stands in the configuration and at the node", "keep one of them")
	}
	if in == nil {
		in = here
	}
	if in != nil {
		p.r.field = key
		p.r.note(key, in)
	}
	return in
}

// bodies reads do or branches. It returns the graph of a body, nil for branches and children.
func (r *reader) bodies(p *parts, c *model.Composite) *build {
	do, branches, start := p.get("do"), p.get("branches"), p.get("start")
	wrong := func(v *value, key, other string) {
		if v != nil {
			r.fault(v, CodeNotHere, p.n.typ+" takes no "+key, other)
		}
	}
	switch p.n.typ {
	case "workflow":
		wrong(do, "do", "the body of a child is another workflow")
		wrong(branches, "branches", "the body of a child is another workflow")
	case "parallel":
		wrong(do, "do", "name the graphs under branches")
		wrong(start, "start", "write it in a branch: {start: [..], nodes: {...}}")
		r.branches(p, c, branches)
		return nil
	default:
		wrong(branches, "branches", "write the graph under do")
		return r.body(p, c, do, start)
	}
	wrong(start, "start", "the body of a child is another workflow")
	return nil
}

func (r *reader) body(p *parts, c *model.Composite, do, start *value) *build {
	c.Scope = &model.Scope{}
	if do == nil {
		r.fault(p.n.id, CodeMissing, p.n.typ+" needs do, the graph of its body", "such as do: [{work: {call: work}}]")
		return nil
	}
	var b *build
	r.in(p.n.m.ID, "do", func() { b = r.graph(do, &c.Scope.Graph, p.n.in, p.n.m.ID) })
	if start != nil && b.start != nil {
		r.fault(start, CodeTwice, "start is written beside do and in it", "keep one of them")
	}
	if start != nil {
		b.start = start
	}
	return b
}

func (r *reader) branches(p *parts, c *model.Composite, v *value) {
	if v == nil {
		r.fault(p.n.id, CodeMissing, "parallel needs branches", "such as branches: {a: [...], b: [...]}")
		return
	}
	if !r.want(v, isMap, "branches", "such as {a: [...], b: [...]}") {
		return
	}
	if len(v.keys) == 0 {
		r.fault(v, CodeEmpty, "parallel has no branches", "such as {a: [...], b: [...]}")
	}
	c.Branches = make([]model.Branch, len(v.keys))
	for i, k := range v.keys {
		r.outcome(k, "a branch")
		c.Branches[i].Name = k.text
		r.in(p.n.m.ID, "branches/"+k.text, func() { r.graph(v.items[i], &c.Branches[i].Scope.Graph, p.n.in, p.n.m.ID) })
	}
}

// sharedByComposites reads how instances run and when the composite is over.
func (r *reader) sharedByComposites(p *parts, c *model.Composite) {
	c.Concurrency = int(r.integer(p.get("concurrency"), "concurrency", 1, 100_000))
	if x := p.get("complete"); x != nil {
		c.Complete = r.expression(x, "complete")
	}
	if j := p.conf.get("join"); j != nil {
		r.joinOfInstances(p, c, j)
	}
	if t := p.get("tolerate"); t != nil {
		c.Tolerate = r.tolerate(t)
	}
	if r.word(p.get("rest"), "rest", "cancel", "finish") == "finish" {
		c.Rest = "finish"
	}
}

// joinOfInstances is short for complete: good >= N.
func (r *reader) joinOfInstances(p *parts, c *model.Composite, v *value) {
	r.field = "join"
	if v.kind == isText && v.text == "each" {
		r.fault(v, CodeValue, "join of a composite is all, any or a number", "join: each stands at a node")
		return
	}
	j := r.join(v)
	if j.N == 0 {
		return
	}
	if c.Complete != "" {
		r.fault(v, CodeTwice, "join is short for complete, which is written, too", "keep one of them")
		return
	}
	c.Complete = "good >= " + decimal(j.N)
}

// tolerate reads a number of failures or a share such as 2%.
func (r *reader) tolerate(v *value) string {
	if v.kind == isNumber {
		r.integer(v, "tolerate", 0, 1_000_000_000)
		return v.text
	}
	if !r.want(v, isText, "tolerate", "a number, or a share such as 2%") {
		return ""
	}
	share, percent := strings.CutSuffix(v.text, "%")
	k, text, problem := plainScalar(share)
	f, err := strconv.ParseFloat(text, 64)
	if !percent || k != isNumber || problem != "" || err != nil || f < 0 || f > 100 {
		r.fault(v, CodeValue, "tolerate cannot be "+quote(v.text), "a number, or a share from 0% to 100%")
		return ""
	}
	return text + "%"
}

// ofType reads the keys of one type of composite.
func (r *reader) ofType(p *parts, c *model.Composite) {
	v := p.conf
	switch p.n.typ {
	case "foreach":
		r.foreach(v, c)
	case "loop":
		r.loop(p, c)
	case "workflow":
		r.child(v, c)
	}
}

func (r *reader) foreach(v *value, c *model.Composite) {
	if items := v.get("items"); items != nil {
		if items.kind != isList && items.kind != isMap && !items.template() {
			r.want(items, isList, "items", "a list, a map, or ${ } that gives one")
		}
		c.Items = items.json()
		r.note("items", items)
	}
	if as := v.get("as"); as != nil && r.identifier(as, "as") {
		c.As = as.text
		if contains(rootNames, as.text) {
			r.fault(as, CodeReserved, as.text+" is a name of every expression", "choose another name")
		}
	}
	c.Batch = int(r.integer(v.get("batch"), "batch", 1, 1_000_000))
	if r.word(v.get("mode"), "mode", "inline", "children") == "children" {
		c.Mode = "children"
	}
	if collect := r.word(v.get("collect"), "collect", "list", "count", "none"); collect != "list" {
		c.Collect = collect
	}
	c.Add = r.signalName(v.get("add"), true)
	c.Close = r.signalName(v.get("close"), true)
}

// rootNames are the names that expressions know; an item cannot take one of them.
var rootNames = []string{"input", "vars", "nodes", "output", "outcome", "error", "result", "index", "last", "args", "scope", "execution", "trigger", "config", "task", "secrets", "signal"}

func (r *reader) loop(p *parts, c *model.Composite) {
	v := p.conf
	for _, k := range []string{"while", "until", "max"} {
		r.note(k, v.get(k))
	}
	c.While = r.expression(v.get("while"), "while")
	c.Until = r.expression(v.get("until"), "until")
	c.Max = r.countText(v.get("max"), "max")
	switch {
	case v.get("while") != nil && v.get("until") != nil:
		r.fault(v.key("until"), CodeTwice, "a loop has either while or until", "while is tested before a pass, until after it")
	case v.get("while") == nil && v.get("until") == nil && v.get("max") == nil:
		r.fault(p.n.id, CodeMissing, "the loop never ends", "write while, until or max")
	}
}

// child reads a child execution; its configuration is kept as written.
func (r *reader) child(v *value, c *model.Composite) {
	r.workflowName(v.get("name"), "the child's name")
	r.constraint(v.get("version"))
	r.boolean(v.get("attach"), "attach")
	r.boolean(v.get("wait"), "wait")
	r.word(v.get("on_parent_close"), "on_parent_close", "cancel", "abandon", "terminate")
	out := mapAt(v)
	for _, k := range []string{"attach", "input", "key", "name", "on_parent_close", "wait"} {
		out.with(k, v.get(k))
	}
	if version := v.get("version"); version != nil {
		out.with("version", copyAt(version, strings.Join(strings.Fields(version.written()), " ")))
	}
	c.Child = out.json()
	r.note("child", out)
}

// scopeRules reads what governs each instance.
func (r *reader) scopeRules(p *parts, c *model.Composite, body *build) {
	vars := r.values(p.get("vars"), "a variable", r.identifier)
	rollback := r.rollback(p.get("rollback"))
	var finally *model.Graph
	if f := p.get("finally"); f != nil {
		around := body
		if around == nil {
			around = p.n.in
		}
		finally = r.finally(f, body, around, p.n.m.ID+"_finally")
	}
	eachScope(c, func(s *model.Scope) { s.Vars, s.Rollback, s.Finally = vars, rollback, finally })
	if p.n.typ == "workflow" && (vars != nil || rollback != nil || finally != nil) {
		r.fault(p.n.id, CodeNotHere, "a child has vars, rollback and finally of its own", "write them in its definition")
	}
}

// finally reads a node, a graph, or the id of a node of the scope's own graph (nil where there is no such graph). around
// is the graph outside it; id names a node that is written in place.
func (r *reader) finally(v *value, own, around *build, id string) *model.Graph {
	if v == nil {
		return nil
	}
	g := &model.Graph{}
	switch {
	case v.kind == isText:
		r.finallyNode(v, own, g)
	case v.kind == isMap && r.isNode(v):
		f := &build{target: g, at: v, owner: r.node, parent: around, index: map[string]*nodeIn{}}
		r.builds = append(r.builds, f)
		key := textAt(v, id)
		r.graphNode(f, key, v)
	case v.kind == isMap || v.kind == isList:
		r.graph(v, g, around, r.node)
	default:
		r.want(v, isMap, "finally", "a node such as {call: clean}, a graph, or the id of a node")
	}
	return g
}

// finallyNode moves the node named out of the graph of its scope.
func (r *reader) finallyNode(v *value, b *build, g *model.Graph) {
	if b == nil {
		r.fault(v, CodeUnknownNode, "there is no node "+quote(v.text)+" to run finally", "write the node in place, such as {call: clean}")
		return
	}
	r.detached[v.text] = v
	node := r.node
	r.later = append(r.later, func() {
		n := b.index[v.text]
		if n == nil {
			r.in(node, "finally", func() { r.unknownNode(v, b, v.text) })
			return
		}
		b.nodes = slices.DeleteFunc(b.nodes, func(o *nodeIn) bool { return o == n })
		n.in = &build{target: g, at: v, owner: node, parent: b, index: map[string]*nodeIn{n.m.ID: n}, nodes: []*nodeIn{n}, alone: true}
		delete(b.index, n.m.ID)
		r.builds = append(r.builds, n.in)
	})
}
