// Package diff says what changed between two definitions: nodes, edges, the input and the rules around them.
//
// It compares canonical forms, so two texts that mean the same do not differ. It must not know where definitions are
// kept, or what an execution on one of them does.
package diff

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/internal/narrow"
	"github.com/pawl-dev/pawl/model"
)

// How something changed.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
)

// Diff is what changed from one definition to another.
type Diff struct {
	Workflow string `json:"workflow"`
	From     string `json:"from"`
	To       string `json:"to"`
	// Same: they mean the same.
	Same bool `json:"same"`
	// Nodes are in the order of the newer definition, removed ones last.
	Nodes []Node `json:"nodes,omitempty"`
	Edges []Edge `json:"edges,omitempty"`
	// Input lists changes of the input schema by property; Losses is what is taken no more.
	Input  []Field       `json:"input,omitempty"`
	Losses []narrow.Loss `json:"losses,omitempty"`
	// Rules are everything else: timeout, retention, tags, signals, triggers, variables, output and so on.
	Rules []Field `json:"rules,omitempty"`
}

// Node is a change of one node.
type Node struct {
	ID     string `json:"id"`
	Change string `json:"change"`
	Type   string `json:"type"`
	// In is the composite, and the branch, around it; "" is the workflow itself.
	In string `json:"in,omitempty"`
	// Fields are what changed of it, by key.
	Fields []Field `json:"fields,omitempty"`
}

// Edge is a change of one arrow.
type Edge struct {
	Change string `json:"change"`
	From   string `json:"from"`
	// On is the outcome: else is every good one not named, any is every one not named.
	On   string `json:"on"`
	When string `json:"when,omitempty"`
	To   string `json:"to"`
}

// Field is a change under one key; what was or is absent is null.
type Field struct {
	Key  string          `json:"key"`
	From json.RawMessage `json:"from,omitempty"`
	To   json.RawMessage `json:"to,omitempty"`
}

// Workflows compares two definitions.
func Workflows(a, b *model.Workflow) *Diff {
	d := &Diff{Workflow: b.Name, From: a.Version, To: b.Version}
	was, is := flatten(a), flatten(b)
	for _, n := range is.nodes {
		old, ok := was.find(n.ID)
		if !ok {
			d.Nodes = append(d.Nodes, Node{ID: n.ID, Change: Added, Type: n.Type, In: n.in})
			continue
		}
		if fields := changedNode(old, n); len(fields) > 0 {
			d.Nodes = append(d.Nodes, Node{ID: n.ID, Change: Changed, Type: n.Type, In: n.in, Fields: fields})
		}
	}
	for _, n := range was.nodes {
		if _, ok := is.find(n.ID); !ok {
			d.Nodes = append(d.Nodes, Node{ID: n.ID, Change: Removed, Type: n.Type, In: n.in})
		}
	}
	d.Edges = append(missing(is.edges, was.edges, Added), missing(was.edges, is.edges, Removed)...)
	d.Input = inputs(a, b)
	d.Losses = narrow.Inputs(a.Input, b.Input)
	d.Rules = append(fields(rules(a), rules(b)), fields(was.scopes, is.scopes)...)
	slices.SortStableFunc(d.Rules, func(x, y Field) int { return cmp.Compare(x.Key, y.Key) })
	d.Same = len(d.Nodes)+len(d.Edges)+len(d.Input)+len(d.Rules) == 0
	return d
}

// missing lists the edges of a that b does not have.
func missing(a, b []Edge, change string) []Edge {
	var out []Edge
	for _, e := range a {
		if !slices.Contains(b, e) {
			e.Change = change
			out = append(out, e)
		}
	}
	return out
}

// placed is a node with its place.
type placed struct {
	*model.Node
	in string
}

// flat is a definition without its nesting: node ids are unique in a file.
type flat struct {
	nodes  []placed
	edges  []Edge
	scopes map[string]json.RawMessage
}

func (f *flat) find(id string) (placed, bool) {
	for _, n := range f.nodes {
		if n.ID == id {
			return n, true
		}
	}
	return placed{}, false
}

func flatten(w *model.Workflow) *flat {
	f := &flat{scopes: map[string]json.RawMessage{}}
	f.scope("", &w.Root)
	return f
}

func (f *flat) scope(in string, s *model.Scope) {
	f.graph(in, &s.Graph)
	prefix := ""
	if in != "" {
		prefix = in + "."
	}
	f.rule(prefix+"start", s.Graph.Start)
	f.rule(prefix+"vars", s.Vars)
	f.rule(prefix+"output", s.Output)
	f.rule(prefix+"on_failure", s.OnFailure)
	f.rule(prefix+"rollback", s.Rollback)
	if s.Finally != nil {
		f.rule(prefix+"finally", s.Finally.Start)
		f.graph(join(in, "finally"), s.Finally)
	}
}

// rule keeps a value that is not empty.
func (f *flat) rule(key string, v any) {
	if raw := encode(v); raw != nil {
		f.scopes[key] = raw
	}
}

func join(in, name string) string {
	if in == "" {
		return name
	}
	return in + "/" + name
}

func (f *flat) graph(in string, g *model.Graph) {
	for i := range g.Edges {
		e := &g.Edges[i]
		f.edges = append(f.edges, Edge{From: e.From, On: e.On, When: e.When, To: e.To})
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		f.nodes = append(f.nodes, placed{n, in})
		if n.Composite == nil {
			continue
		}
		if n.Composite.Scope != nil {
			f.scope(join(in, n.ID), n.Composite.Scope)
		}
		for j := range n.Composite.Branches {
			b := &n.Composite.Branches[j]
			f.scope(join(in, n.ID+":"+b.Name), &b.Scope)
		}
	}
}

// changedNode lists what differs between two nodes of one id; bodies of composites are compared node by node.
func changedNode(a, b placed) []Field {
	out := fields(nodeFields(a.Node), nodeFields(b.Node))
	if a.in != b.in {
		out = append(out, Field{Key: "in", From: encode(a.in), To: encode(b.in)})
	}
	return out
}

// nodeFields are the keys of a node; those of its configuration stand behind with.
func nodeFields(n *model.Node) map[string]json.RawMessage {
	c := *n
	var branches []string
	if n.Composite != nil {
		own := *n.Composite
		for _, b := range own.Branches {
			branches = append(branches, b.Name)
		}
		own.Scope, own.Branches = nil, nil
		c.Composite = &own
	}
	m := object(encode(&c))
	for _, key := range []string{"composite", "with"} {
		inner := under(prefixes[key], m[key])
		delete(m, key)
		maps.Copy(m, inner)
	}
	if raw := encode(branches); raw != nil {
		m["branches"] = raw
	}
	delete(m, "id")
	return m
}

var prefixes = map[string]string{"with": "with."}

// rules are the keys of a workflow that are neither graph nor input; what its hash leaves out is no change.
func rules(w *model.Workflow) map[string]json.RawMessage {
	c := *w
	c.Name, c.Version, c.Description, c.Input, c.InputDefaults = "", "", "", nil, nil
	m := object(encode(&c))
	for _, k := range []string{"workflow", "root"} {
		delete(m, k)
	}
	return m
}

// inputs compares input schemas property by property, where both are of maps; else as a whole.
func inputs(a, b *model.Workflow) []Field {
	was, is := object(a.Input), object(b.Input)
	out := fields(under("", was["properties"]), under("", is["properties"]))
	delete(was, "properties")
	delete(is, "properties")
	out = append(out, fields(under("schema.", encode(was)), under("schema.", encode(is)))...)
	return append(out, fields(under("default.", a.InputDefaults), under("default.", b.InputDefaults))...)
}

func under(prefix string, raw json.RawMessage) map[string]json.RawMessage {
	m := object(raw)
	out := make(map[string]json.RawMessage, len(m))
	for _, k := range sortedKeys(m) {
		out[prefix+k] = m[k]
	}
	return out
}

// fields lists the keys under which two maps differ, in key order.
func fields(a, b map[string]json.RawMessage) []Field {
	keys := append(sortedKeys(a), sortedKeys(b)...)
	slices.Sort(keys)
	var out []Field
	for _, k := range slices.Compact(keys) {
		if !bytes.Equal(compact(a[k]), compact(b[k])) {
			out = append(out, Field{Key: k, From: a[k], To: b[k]})
		}
	}
	return out
}

func compact(raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return nil
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}

// encode is the JSON of v, nil where that says nothing.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return nil
	}
	raw := bytes.TrimSpace(b.Bytes())
	switch string(raw) {
	case "null", `""`, "{}", "[]":
		return nil
	}
	return raw
}

func object(raw json.RawMessage) map[string]json.RawMessage {
	m := map[string]json.RawMessage{}
	if json.Unmarshal(raw, &m) != nil || m == nil {
		return map[string]json.RawMessage{}
	}
	return m
}

func sortedKeys(m map[string]json.RawMessage) []string { return slices.Sorted(maps.Keys(m)) }
