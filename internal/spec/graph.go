package spec

import (
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// build is a graph being read. Its edges are made when every node of the file is known.
type build struct {
	target *model.Graph
	// at is where the graph is written, start its start key, nil where there is none.
	at, start *value
	// owner is the composite it is the body of, "" for the root; parent the graph that holds the owner.
	owner  string
	parent *build
	nodes  []*nodeIn
	index  map[string]*nodeIn
	// list: outcomes fall through to the following node.
	list bool
	// torn: an edge could not be made, so what else is wrong with the graph may only follow from that.
	torn bool
	// alone: the only node was moved here and starts, although no edge may lead to it.
	alone bool
}

// class says what kind of thing a node is, which decides the keys it takes.
type class uint8

const (
	effect class = iota
	control_
	waiting
	opening // composites
)

// nodeIn is a node being read: the model and what its edges will be made of.
type nodeIn struct {
	m     model.Node
	id    *value
	v     *value
	typ   string // as written
	class class
	in    *build
}

// graph reads a map of nodes, a list of one-key maps, or {nodes, start}. The model is filled by finish.
func (r *reader) graph(v *value, target *model.Graph, parent *build, owner string) *build {
	b := &build{target: target, at: v, owner: owner, parent: parent, index: map[string]*nodeIn{}}
	r.builds = append(r.builds, b)
	if nodes := v.get("nodes"); nodes != nil && longGraph(v) {
		b.start, b.at = v.get("start"), nodes
		v = nodes
	}
	switch v.kind {
	case isMap:
		for i, k := range v.keys {
			r.graphNode(b, k, v.items[i])
		}
	case isList:
		b.list = true
		for _, it := range v.items {
			r.listNode(b, it)
		}
	default:
		r.want(v, isMap, "a graph", "a map of nodes such as {done: {end: {}}}, or a list of one-key maps")
		b.torn = true
		return b
	}
	if len(v.items) == 0 {
		r.fault(v, CodeEmpty, "the graph has no nodes", "such as {done: {end: {}}}")
		b.torn = true
	}
	return b
}

// longGraph reports whether a map is {nodes, start}.
func longGraph(v *value) bool {
	for _, k := range v.keys {
		if k.text != "nodes" && k.text != "start" {
			return false
		}
	}
	k := v.get("nodes").kind
	return k == isMap || k == isList
}

// listNode reads an element of a list graph.
func (r *reader) listNode(b *build, v *value) {
	if v.kind != isMap || len(v.keys) != 1 {
		b.torn = true
		hint := "write - name: {type: {...}}"
		if id := v.get("id"); id != nil && id.kind == isText {
			hint = "write - " + clip(id.text) + ": {...} instead of a key id"
		} else if v.kind == isMap && len(v.keys) > 1 {
			hint = "indent what belongs to " + clip(v.keys[0].text) + " below it"
		}
		r.fault(v, CodeWrongType, "an element of a list graph is a map with one key, the node's id", hint)
		return
	}
	r.graphNode(b, v.keys[0], v.items[0])
}

// graphNode reads a node and adds it to the graph.
func (r *reader) graphNode(b *build, key, v *value) {
	if !r.nodeID(key) {
		b.torn = true
		return
	}
	n := &nodeIn{id: key, v: v, in: b}
	n.m.ID = key.text
	b.nodes = append(b.nodes, n)
	b.index[key.text] = n
	r.in(key.text, "", func() { r.nodeBody(n) })
}

// reservedIDs mean something else where a node is named.
var reservedIDs = []string{model.ToStop, model.ToFail, model.OnElse, model.OnAny, "execution"}

// nodeID checks a node's id and that it is the only one in the file.
func (r *reader) nodeID(key *value) bool {
	if !r.identifier(key, "a node's id") {
		return false
	}
	if contains(reservedIDs, key.text) {
		r.fault(key, CodeReserved, key.text+" is reserved and cannot name a node", "choose another id")
		return false
	}
	if first := r.ids[key.text]; first != nil {
		r.fault(key, CodeDuplicateID, "two nodes of the file have the id "+key.text, "the first is in line "+decimal(first.line)+"; ids are unique in the whole file, bodies of composites included")
		return false
	}
	r.ids[key.text] = key
	r.idList = append(r.idList, key.text)
	r.doc.nodes[key.text] = &written{key: key, fields: map[string]*value{}}
	return true
}

// finish runs the checks that need the whole file and makes the edges of every graph.
func (r *reader) finish() {
	for _, check := range r.later {
		check()
	}
	for _, b := range r.builds {
		r.edges(b)
		r.starts(b)
		for _, n := range b.nodes {
			b.target.Nodes = append(b.target.Nodes, n.m)
		}
	}
}

// starts finds where tokens begin.
func (r *reader) starts(b *build) {
	r.node, r.field = b.owner, "start"
	if b.alone {
		b.target.Start = []string{b.nodes[0].m.ID}
		return
	}
	if b.start != nil {
		r.namedStarts(b)
		return
	}
	entered := map[string]bool{}
	for _, e := range b.target.Edges {
		entered[e.To] = true
	}
	var free []string
	for _, n := range b.nodes {
		if !entered[n.m.ID] && r.detached[n.m.ID] == nil {
			free = append(free, n.m.ID)
		}
	}
	b.target.Start = free
	if len(free) == 1 || b.torn {
		return
	}
	if len(free) == 0 {
		r.fault(b.at, CodeStart, "every node of the graph has an edge leading to it, so there is no telling where it begins", "name the node: start: "+r.firstID(b))
		return
	}
	r.fault(b.at, CodeStart, "several nodes have no edge leading to them: "+clip(strings.Join(free, ", ")), "name those meant: start: ["+clip(strings.Join(free, ", "))+"], or lead edges to the others")
}

func (r *reader) firstID(b *build) string {
	if len(b.nodes) == 0 {
		return "id"
	}
	return b.nodes[0].m.ID
}

func (r *reader) namedStarts(b *build) {
	items := []*value{b.start}
	if b.start.kind == isList {
		items = b.start.items
	}
	named := map[string]bool{}
	for _, at := range items {
		if !r.want(at, isText, "start", "the id of a node, or a list of ids") {
			continue
		}
		id := at.text
		switch {
		case b.index[id] == nil:
			r.unknownNode(at, b, id)
		case r.detached[id] != nil:
			r.fault(at, CodeStart, id+" undoes or cleans up; nothing starts there", "name a node of the flow")
		case named[id]:
			r.fault(at, CodeTwice, id+" is named twice", "name it once")
		default:
			named[id] = true
			b.target.Start = append(b.target.Start, id)
		}
	}
	if len(b.target.Start) == 0 {
		b.torn = true
	}
}

// unknownNode reports a name that is no node of the graph, and where it is, if anywhere.
func (r *reader) unknownNode(at *value, b *build, id string) {
	b.torn = true
	if r.c.full() {
		r.fault(at, CodeUnknownNode, "", "")
		return
	}
	ids := make([]string, 0, len(b.nodes))
	for _, n := range b.nodes {
		ids = append(ids, n.m.ID)
	}
	if elsewhere := r.ids[id]; elsewhere != nil {
		r.fault(at, CodeUnknownNode, clip(id)+" is a node of another graph", "it stands in line "+decimal(elsewhere.line)+"; edges connect nodes of one graph only, a composite ends before the next node begins")
		return
	}
	hint := r.meant(id, ids)
	r.fault(at, CodeUnknownNode, "there is no node "+quote(id)+" in this graph", orElse(hint, "add the node, or name another"))
}
