package importer

import (
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/spec"
)

// parevo imports a workflow of parevo/flow: a graph without cycles whose nodes pass a JSON object on.
type parevo struct {
	*job
	nodes []at // in order
	byID  map[string]at
	ids   map[string]string
	out   map[string][]parevoEdge // by source
	in    map[string][]string     // sources by target, in the order of the edges
	undo  map[string][]at         // compensation by id, with the nodes that name it
	live  map[string]bool         // nodes that a way leads to
}

type parevoEdge struct {
	at        at
	to, label string
}

func readParevo(j *job) *val {
	p := &parevo{job: j, byID: map[string]at{}, ids: map[string]string{}, out: map[string][]parevoEdge{}, in: map[string][]string{}, undo: map[string][]at{}}
	root := j.root()
	if !root.get("nodes").there() {
		j.fault(root, spec.CodeMissing, "a workflow needs nodes", "is it a file of parevo/flow: id, nodes, edges?")
		return nil
	}
	p.read(root)
	p.follow()
	doc := p.header(root)
	nodes := object()
	nodes.open = true
	var starts []string
	for _, n := range p.nodes {
		id := n.get("id").str()
		if users := p.undo[id]; len(users) > 0 {
			p.compensation(nodes, n, users)
			continue
		}
		if !p.live[id] {
			n.out("no way leads to the node")
			continue
		}
		nodes.put(p.ids[id], p.node(n))
		if len(p.in[id]) == 0 {
			starts = append(starts, p.ids[id])
		}
	}
	if nodes.empty() {
		p.fault(root.get("nodes"), spec.CodeEmpty, "the workflow has no node to begin with", "an edge leads to each of them, and so parevo ran nothing")
	}
	if len(starts) > 1 {
		doc.put("start", texts(starts...))
	}
	return doc.put("nodes", nodes)
}

// follow finds the nodes that a way leads to. Edges that are never taken lead nowhere.
func (p *parevo) follow() {
	p.live = map[string]bool{}
	var todo []string
	visit := func(id string) {
		if !p.live[id] {
			p.live[id] = true
			todo = append(todo, id)
		}
	}
	for _, n := range p.nodes {
		if id := n.get("id").str(); len(p.in[id]) == 0 && len(p.undo[id]) == 0 {
			visit(id)
		}
	}
	for len(todo) > 0 {
		id := todo[0]
		todo = todo[1:]
		for _, e := range p.out[id] {
			visit(e.to)
		}
	}
}

// header writes what stands above the nodes.
func (p *parevo) header(root at) *val {
	name := root.get("id").str()
	if name == "" || p.o.Name != "" {
		name = p.title()
	}
	doc := object("workflow", slug(name))
	doc.note("Imported from parevo/flow. Each node gets what the one before it gave; where several meet, a map by node.")
	root.get("id").kept("workflow")
	doc.put("version", version(root.get("version")))
	root.get("version").changed("version", "a version never changes once it is deployed")
	about := root.get("name").str()
	if d := root.get("description").str(); d != "" && about != "" {
		about += ": " + d
	} else if about == "" {
		about = d
	}
	doc.put("description", about)
	root.get("name").kept("description")
	root.get("description").kept("description")
	doc.put("labels", p.labels(root))
	if owner := root.get("metadata").get("owner"); owner.t.Kind() == "text" {
		doc.put("owner", owner.str())
	}
	root.get("namespace").out("the namespace is that of whoever deploys it")
	if s := root.get("status"); s.str() == "INACTIVE" {
		s.look("", "deploy it with --inactive")
		doc.note("It was INACTIVE: deploy it with --inactive.")
	} else {
		s.kept("")
	}
	root.get("createdAt").out("the journal knows when it was deployed")
	root.get("updatedAt").out("the journal knows when it was deployed")
	doc.put("on_failure", "finish")
	if len(p.nodes) > 0 {
		doc.put("policies", object("usual", policy(4, "10s", "2", "5m")))
		doc.put("defaults", object("retry", "usual"))
	}
	return doc
}

func (p *parevo) labels(root at) *val {
	out := object()
	for _, f := range root.get("labels").fields() {
		f.kept("labels")
		out.put(label(f.key), text(f.str()))
	}
	for _, f := range root.get("metadata").fields() {
		if f.key == "owner" && f.t.Kind() == "text" {
			f.kept("owner")
			continue
		}
		if f.t.Kind() != "text" || out.has(label(f.key)) {
			f.out("labels hold text only, each name once")
			continue
		}
		f.changed("labels."+label(f.key), "labels are what an authorizer sees")
		out.put(label(f.key), text(f.str()))
	}
	if out.empty() {
		return nil
	}
	return out
}

// label makes a name that may have dots and dashes.
func label(s string) string {
	w := clean(s, '_', "_-.:/", maxName)
	if w == "" || w[0] != '_' && (w[0]|0x20 < 'a' || w[0]|0x20 > 'z') {
		w = "l_" + w
	}
	if readerWord(w) {
		w += "_"
	}
	return w[:min(len(w), maxName)]
}

// read collects nodes and edges.
func (p *parevo) read(root at) {
	for _, n := range root.get("nodes").list() {
		id := n.get("id").str()
		if !n.is("map") {
			continue
		}
		if _, twice := p.byID[id]; twice || id == "" {
			p.fault(n.get("id"), spec.CodeDuplicateID, "a node needs an id of its own: "+quote(id), "")
			continue
		}
		p.nodes = append(p.nodes, n)
		p.byID[id], p.ids[id] = n, p.names.id(id)
		x := n.get("id")
		x.key = id
		x.name(p.ids[id], "the node")
		p.told[x.t] = true
	}
	for _, n := range p.nodes {
		if c := n.get("compensateNodeId"); c.str() != "" {
			if _, ok := p.byID[c.str()]; ok {
				p.undo[c.str()] = append(p.undo[c.str()], n)
			} else {
				c.look("nodes."+p.ids[n.get("id").str()], "there is no node "+quote(c.str()))
			}
		}
	}
	for _, e := range root.get("edges").list() {
		p.edge(e)
	}
}

func (p *parevo) edge(e at) {
	from, to := e.get("sourceId"), e.get("targetId")
	for _, end := range []at{from, to} {
		if _, ok := p.byID[end.str()]; !ok {
			p.fault(end, spec.CodeUnknownNode, "there is no node "+quote(end.str()), "")
			return
		}
		if len(p.undo[end.str()]) > 0 {
			e.out("a compensation has no edges; it runs when what it undoes is rolled back")
			return
		}
	}
	label := e.get("condition").str()
	for _, have := range p.out[from.str()] {
		if have.to == to.str() && have.label == label {
			e.out("there is such an edge already")
			return
		}
	}
	if !p.gives(p.byID[from.str()], label) {
		e.out("the node never gives the branch " + quote(label))
		return
	}
	p.out[from.str()] = append(p.out[from.str()], parevoEdge{e, to.str(), label})
	p.in[to.str()] = append(p.in[to.str()], from.str())
}

// gives reports whether a node can end with a branch.
func (p *parevo) gives(n at, branch string) bool {
	if typ := n.get("type").str(); typ != "condition" && typ != "switch" {
		return true
	}
	return slices.ContainsFunc(p.words(n), func(pair [2]string) bool { return pair[0] == branch })
}

// given is what a node works on, as an expression.
func (p *parevo) given(id string) string {
	from := []string{}
	for _, f := range p.in[id] {
		if p.live[f] && !slices.Contains(from, f) {
			from = append(from, f)
		}
	}
	switch len(from) {
	case 0:
		return "input"
	case 1:
		return "nodes." + p.ids[from[0]] + ".output"
	}
	var parts []string
	for _, f := range from {
		parts = append(parts, exprKey(f)+": nodes."+p.ids[f]+".output")
	}
	return fits(p.byID[id], "nodes."+p.ids[id], "{"+strings.Join(parts, ", ")+"}")
}

// field reads one field of what a node works on.
func field(given, name string) string {
	if strings.HasPrefix(given, "{") || strings.Contains(given, "??") {
		given = "(" + given + ")"
	}
	return member(given, name)
}

// node writes one node.
func (p *parevo) node(n at) *val {
	id := n.get("id").str()
	out := p.work(n, p.given(id))
	n.get("name").kept("description")
	if s := n.get("name").str(); s != "" && s != id {
		out.keys, out.items = append([]string{"description"}, out.keys...), append([]*val{text(s)}, out.items...)
	}
	p.retry(out, n)
	if c := n.get("compensateNodeId"); len(p.undo[c.str()]) > 0 {
		c.changed("compensate", "it undoes the node after a later failure; parevo ran it when the node itself failed, and nothing undid the others")
		out.put("compensate", p.undoID(c.str(), id))
	}
	p.next(out, n)
	return out
}

// retry writes the policy of an effect node.
func (p *parevo) retry(out *val, n at) {
	n.get("retryCount").out("parevo reads it nowhere")
	r := n.get("retryPolicy")
	if !r.is("map") {
		return
	}
	if !effectNode(out) {
		r.out("a node of this type does not fail for a while")
		return
	}
	r.get("initialInterval").kept("retry.initial_interval")
	r.get("maximumInterval").kept("retry.max_interval")
	r.get("maxAttempts").changed("retry.max_attempts", "attempts count the first one")
	r.get("backoffCoefficient").changed("retry.backoff_coefficient", "each wait is the one before times this; parevo's grew by the same step each time")
	first, most := nanos(r.get("initialInterval")), nanos(r.get("maximumInterval"))
	c := string(r.get("backoffCoefficient").t.JSON())
	if !r.get("backoffCoefficient").is("number") || !(c >= "1") || strings.HasPrefix(c, "-") || len(c) > 2 && c[1] != '.' {
		c = "1"
	}
	out.put("retry", policy(r.get("maxAttempts").count()+1, ms(first), c, ms(max(most, first))))
}

// nanos reads a duration that was written as nanoseconds; it gives milliseconds, at least one.
func nanos(x at) int { return max(x.count()/1_000_000, 1) }

func effectNode(n *val) bool {
	for _, k := range []string{"call", "http", "ai", "workflow"} {
		if n.has(k) {
			return true
		}
	}
	return false
}

// next writes the edges of a node: by outcome behind a condition or switch, else by the word branch of its output.
func (p *parevo) next(out *val, n at) {
	id := n.get("id").str()
	if typ := n.get("type").str(); typ == "condition" || typ == "switch" {
		p.byOutcome(out, id)
		return
	}
	var labels, plain []string
	groups := map[string][]string{}
	for _, e := range p.out[id] {
		to := p.ids[e.to]
		if e.label == "" {
			plain = append(plain, to)
			e.at.kept("nodes." + p.ids[id] + ".next")
			continue
		}
		if groups[e.label] == nil {
			labels = append(labels, e.label)
		}
		groups[e.label] = append(groups[e.label], to)
		e.at.changed("nodes."+p.ids[id]+".next", "a choice by output.branch")
	}
	if len(labels) == 0 {
		switch len(plain) {
		case 0:
		case 1:
			out.put("next", plain[0])
		default:
			out.put("next", texts(plain...))
		}
		return
	}
	entries := list()
	for _, l := range labels {
		entries.items = append(entries.items, object("when", "output.branch == "+str(l), "to", targets(groups[l])))
	}
	if len(plain) > 0 {
		entries.items = append(entries.items, object("when", "output.branch == null", "to", targets(plain)))
	}
	entries.items = append(entries.items, text("stop"))
	out.put("next", entries)
}

func targets(of []string) *val {
	if len(of) == 1 {
		return text(of[0])
	}
	return texts(of...)
}

// byOutcome leads each outcome of a switch to the edges with its label.
func (p *parevo) byOutcome(out *val, id string) {
	groups := map[string][]string{}
	words := p.words(p.byID[id])
	for _, e := range p.out[id] {
		w := ""
		for _, pair := range words {
			if pair[0] == e.label {
				w = pair[1]
			}
		}
		if slices.Contains(groups[w], p.ids[e.to]) {
			e.at.out("there is such an edge already")
			continue
		}
		groups[w] = append(groups[w], p.ids[e.to])
		e.at.kept("nodes." + p.ids[id] + ".next." + w)
	}
	next := object()
	for _, pair := range words {
		if next.has(pair[1]) {
			continue
		}
		if len(groups[pair[1]]) == 0 {
			next.put(pair[1], "stop")
			continue
		}
		next.put(pair[1], targets(groups[pair[1]]))
	}
	out.put("next", next)
}
