package importer

import (
	"github.com/pawl-dev/pawl/internal/spec"
)

// gofi imports a graph of gofi. Its nodes are processes that never end and pass messages on; a definition of ours has
// steps. So one execution carries one message through the graph: a source starts it, every connection is an edge.
type gofi struct {
	*job
	ids  map[string]string
	node map[string]at
	to   map[string][]string
	// back are the nodes before a node, in the order of the connections; meets those that one message can reach twice.
	back  map[string][]string
	meets map[string]bool
}

func readGofi(j *job) *val {
	g := &gofi{job: j, ids: map[string]string{}, node: map[string]at{}, to: map[string][]string{}, back: map[string][]string{}, meets: map[string]bool{}}
	root := j.root()
	if !root.get("nodes").there() {
		j.fault(root, spec.CodeMissing, "a graph needs nodes", "is it a file of gofi: id, name, nodes, connections?")
		return nil
	}
	nodes := root.get("nodes").list()
	for _, n := range nodes {
		g.claim(n)
	}
	for _, c := range root.get("connections").list() {
		g.connect(c)
	}
	g.meeting(nodes)
	name := root.get("name").str()
	if name == "" || j.o.Name != "" {
		name = j.title()
	}
	doc := object("workflow", slug(name))
	doc.note("Imported from gofi. One execution carries one message; nothing runs between two messages.")
	doc.put("description", root.get("description").str())
	root.get("id").out("a definition is known by its name")
	root.get("name").kept("workflow")
	root.get("description").kept("description")
	return g.build(doc, nodes)
}

func (g *gofi) claim(n at) {
	id := n.get("id")
	if !n.is("map") {
		return
	}
	if id.str() == "" || g.ids[id.str()] != "" {
		g.fault(orRoot(id, n), spec.CodeDuplicateID, "a node needs an id of its own: "+quote(id.str()), "")
		return
	}
	name := n.get("name").str()
	if name == "" {
		name = id.str()
	}
	g.ids[id.str()] = g.names.id(name)
	g.node[id.str()] = n
	id.changed("nodes."+g.ids[id.str()], "a node is known by its name")
	n.get("name").kept("nodes." + g.ids[id.str()])
}

// connect reads a connection: messages flow from input_node to output_node.
func (g *gofi) connect(c at) {
	from, to := c.get("input_node"), c.get("output_node")
	for _, end := range []at{from, to} {
		if g.ids[end.str()] == "" {
			c.out("there is no node " + quote(end.str()) + "; gofi removed such connections when it started")
			return
		}
	}
	switch typ := g.node[from.str()].get("type").str(); typ {
	case "SINK", "ELASTICSEARCH", "ARTICLE":
		c.out("a node of type " + typ + " sends nothing")
		return
	}
	switch typ := g.node[to.str()].get("type").str(); typ {
	case "SOURCE", "TWITTER":
		c.out("a node of type " + typ + " reads nothing")
		return
	}
	for _, have := range g.to[from.str()] {
		if have == to.str() {
			c.out("the two nodes are connected already, and gofi subscribed once")
			return
		}
	}
	g.to[from.str()] = append(g.to[from.str()], to.str())
	g.back[to.str()] = append(g.back[to.str()], from.str())
	c.get("nid").out("an edge has no id")
	c.changed("nodes."+g.ids[from.str()]+".next", "an edge between steps; gofi had a topic of NSQ, which lost what was in it when a node stopped")
}

func (g *gofi) build(doc *val, all []at) *val {
	nodes, positions, triggers, starts := object(), object(), list(), []string{}
	nodes.open = true
	for _, n := range all {
		id := n.get("id").str()
		if g.ids[id] == "" || nodes.has(g.ids[id]) {
			continue
		}
		if len(g.back[id]) == 0 {
			starts = append(starts, id)
		}
		nodes.put(g.ids[id], g.process(n, triggers))
		if m := n.get("meta"); m.is("map") {
			m.kept("ui.positions." + g.ids[id])
			positions.put(g.ids[id], list(number(whole(m.get("x"))), number(whole(m.get("y")))))
		}
	}
	if nodes.empty() {
		g.fault(g.root(), spec.CodeEmpty, "the graph has no nodes", "")
		return doc
	}
	if !triggers.empty() {
		triggers.open = true
		doc.put("triggers", triggers)
	}
	g.start(doc, nodes, starts)
	doc.put("nodes", nodes)
	if !positions.empty() {
		doc.put("ui", object("positions", positions))
	}
	return doc
}

func whole(x at) string {
	if x.there() && x.t.Kind() == "number" {
		return string(x.t.JSON())
	}
	return "0"
}

// start lets the message begin at the source that it comes from.
func (g *gofi) start(doc, nodes *val, starts []string) {
	if len(starts) < 2 {
		return
	}
	cases, next := list(), object()
	for _, id := range starts {
		cases.items = append(cases.items, object("when", "input.source == "+str(g.ids[id]), "outcome", g.ids[id]))
		next.put(g.ids[id], g.ids[id])
	}
	begin := g.names.id("begin")
	v := object("switch", object("cases", cases), "next", next)
	v.note("The message begins at the node that it comes from: input.source.")
	nodes.keys = append([]string{begin}, nodes.keys...)
	nodes.items = append([]*val{v}, nodes.items...)
	doc.put("input", object("source", "string"))
	doc.put("start", begin)
}

// process writes one node.
func (g *gofi) process(n at, triggers *val) *val {
	id := n.get("id").str()
	given := "input"
	if before := g.back[id]; len(before) > 0 {
		given = "nodes." + g.ids[before[0]] + ".output"
	}
	several := len(g.back[id]) > 1
	if several {
		given = g.arrived(id)
	}
	typ, params := n.get("type"), g.params(n)
	var out *val
	switch typ.str() {
	case "SOURCE":
		typ.changed("triggers", "a message each second: an execution each second")
		triggers.items = append(triggers.items, object("every", "1s", "input", object("source", g.ids[id])))
		out = object("set", object(), "output", object("key", "SOURCE", "value", code("string(random(0, 999))")))
	case "SINK":
		typ.changed("log", "a line of the step's log; the counters are those of the workflow")
		out = object("set", object(), "log", "${ "+field(given, "key")+" } ${ "+field(given, "value")+" }", "output", code(given))
	case "GRPC":
		typ.changed("grpc", "one call for each message, whose reply is the output; gofi held a stream, and a message was done when it was sent")
		params.get("address").kept("grpc.address")
		out = object("grpc", object("address", lit(params.get("address").str()), "method", "messages.Gofi/Send", "message", object("key", code(field(given, "key")), "value", code(field(given, "value")))))
		out.put("output", object("key", "GRPC", "value", code("result.value")))
	case "TWITTER":
		typ.look("triggers", "there is no source of tweets; whatever reads them sends them to the webhook")
		params.get("search").look("", "the reader of the tweets must filter by it")
		for _, k := range []string{"consumerKey", "consumerSecret", "token", "tokenSecret"} {
			params.get(k).out("a definition is no place for keys")
		}
		triggers.items = append(triggers.items, object("webhook", object("path", "gofi/"+g.ids[id]), "input", object("source", g.ids[id], "value", code("trigger.body.text"))))
		out = object("set", object(), "output", object("key", "TWITTER", "value", code("input.value")))
		out.note("A source of tweets, to be written: it posts {text} to the webhook.")
	case "ELASTICSEARCH", "ARTICLE":
		typ.look("log", "gofi printed the message only; an http node can do what was meant")
		params.get("URL").out("gofi did not use it")
		params.get("url").out("gofi did not use it")
		out = object("set", object(), "log", "${ "+field(given, "value")+" }", "output", code(given))
		out.note("gofi only printed the message here.")
	default:
		typ.look("call", "gofi has no such type: a pipeline of yours becomes a function named "+identifier(typ.str())+" that takes {params, message}")
		out = object("call", identifier(typ.str()), "args", object("params", literal(params.t), "message", code(given)))
		params.kept("args.params")
	}
	if several {
		if g.meets[id] {
			n.look("nodes."+g.ids[id]+".join", "each message that arrives goes on by itself: join each; the step takes the first output that is there, so it needs a way to tell where it came from")
			out.put("join", "each")
			out.note("Each message that arrives goes on by itself, but all of them would take the first output that is there.")
		} else {
			n.changed("nodes."+g.ids[id], "only one of the nodes before it has a message in an execution")
		}
	}
	return g.next(out, id)
}

// meeting finds the nodes that one message reaches on several ways: from one source, by more than one edge.
func (g *gofi) meeting(all []at) {
	for _, n := range all {
		source := n.get("id").str()
		if len(g.back[source]) > 0 {
			continue
		}
		seen := map[string]bool{source: true}
		arrivals := map[string]int{}
		for todo := []string{source}; len(todo) > 0; {
			at := todo[0]
			todo = todo[1:]
			for _, to := range g.to[at] {
				if arrivals[to]++; arrivals[to] > 1 {
					g.meets[to] = true
				}
				if !seen[to] {
					seen[to] = true
					todo = append(todo, to)
				}
			}
		}
	}
}

// arrived is the message at a node with several ways in: the first output that is there among those before it.
func (g *gofi) arrived(id string) string {
	src := ""
	for _, from := range g.back[id] {
		src += "nodes." + g.ids[from] + ".output ?? "
	}
	return fits(g.node[id], "nodes", src+"input")
}

func (g *gofi) next(out *val, id string) *val {
	var to []string
	for _, t := range g.to[id] {
		to = append(to, g.ids[t])
	}
	if len(to) > 0 {
		out.put("next", targets(to))
	}
	return out
}

// params are a text that holds a JSON object.
func (g *gofi) params(n at) at {
	x := n.get("params")
	if x.t.Kind() == "map" || x.str() == "" {
		return x
	}
	inner := spec.ReadText([]byte(x.str()), "params.json")
	if inner.Root.Kind() != "map" || inner.Faults().Bad() {
		x.look("nodes."+g.ids[n.get("id").str()], "params are no JSON object")
		return at{j: g.job}
	}
	x.kept("")
	params := at{j: g.job, t: inner.Root, key: "params", path: x.path, inside: x.t}
	g.within = append(g.within, params)
	return params
}
