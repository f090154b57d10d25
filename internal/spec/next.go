package spec

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// group is the list of entries under one outcome of one node.
type group struct {
	on      string
	at      *value
	entries []entry
	choice  bool // an entry has a condition
	seen    map[string]bool
}

type entry struct {
	when string
	to   []string
}

// outgoing are the groups of one node.
type outgoing struct {
	n      *nodeIn
	groups []group
}

func (o *outgoing) find(on string) *group {
	for i := range o.groups {
		if o.groups[i].on == on {
			return &o.groups[i]
		}
	}
	return nil
}

func (o *outgoing) add(on string, at *value, e entry) *group {
	g := o.find(on)
	if g == nil {
		o.groups = append(o.groups, group{on: on, at: at, seen: map[string]bool{}})
		g = &o.groups[len(o.groups)-1]
	}
	g.entries = append(g.entries, e)
	g.choice = g.choice || e.when != ""
	for _, to := range e.to {
		g.seen[to] = true
	}
	return g
}

// edges makes the canonical edges of a graph: from next, from after, and in lists from falling through.
func (r *reader) edges(b *build) {
	outs := make(map[string]*outgoing, len(b.nodes))
	for _, n := range b.nodes {
		outs[n.m.ID] = &outgoing{n: n}
		r.in(n.m.ID, "next", func() { r.next(outs[n.m.ID]) })
	}
	for _, n := range b.nodes {
		r.in(n.m.ID, "after", func() { r.after(b, outs, n) })
	}
	for i, n := range b.nodes {
		o := outs[n.m.ID]
		if b.list {
			r.fallThrough(b, i, o)
		}
		r.unnamed(o)
		o.quiet()
		b.target.Edges = append(b.target.Edges, o.edges()...)
	}
}

// edges in canonical order: by outcome, then as written.
func (o *outgoing) edges() []model.Edge {
	slices.SortStableFunc(o.groups, func(a, b group) int { return cmp.Compare(a.on, b.on) })
	var out []model.Edge
	for _, g := range o.groups {
		for i, e := range g.entries {
			for _, to := range e.to {
				out = append(out, model.Edge{From: o.n.m.ID, On: g.on, Entry: i, When: e.when, To: to})
			}
		}
	}
	return out
}

// next reads the edges that a node writes itself.
func (r *reader) next(o *outgoing) {
	v := o.n.v.get("next")
	if v == nil {
		return
	}
	r.note("next", v)
	if r.edgeless(o.n, v, "next") {
		return
	}
	if v.kind != isMap {
		r.targets(o, model.OnElse, v)
		return
	}
	if len(v.keys) == 0 {
		r.fault(v, CodeEmpty, "next names no target", "write a node, stop or fail, or remove the key")
	}
	for i, k := range v.keys {
		if k.text == "when" || k.text == "to" {
			r.fault(k, CodeEdge, "a condition stands in a list", "write next: [{when: ..., to: ...}, other]")
			return
		}
		if r.outcome(k, "an outcome") {
			r.declared(o.n, k)
			r.targets(o, k.text, v.items[i])
		}
	}
}

// edgeless reports nodes that cannot have edges.
func (r *reader) edgeless(n *nodeIn, v *value, key string) bool {
	switch {
	case r.detached[n.m.ID] != nil:
		r.fault(v, CodeEdge, n.m.ID+" undoes or cleans up, so it has no edges", "remove "+key+"; what takes several steps goes into a scope")
	case key == "next" && n.m.Type == "end":
		r.fault(v, CodeEdge, "nothing follows an end", "remove next")
	default:
		return false
	}
	return true
}

// standard outcomes may be named at every node.
var standard = []string{model.Success, model.OutcomeErr, model.Rejected, model.Exhausted, model.Unreachable, model.TimedOut, model.Withdrawn, model.OnElse, model.OnAny}

// declared checks that a node can end with an outcome that it names.
func (r *reader) declared(n *nodeIn, k *value) {
	if n.class == effect && k.text == model.TimedOut && !contains(n.m.Outcomes, k.text) {
		r.warn(k, CodeUnused, "a step that runs out of time ends in error, code timeout", "name error instead")
	}
	if n.class == waiting && k.text == model.TimedOut && n.m.Timeout == "" && !contains(n.m.Outcomes, k.text) {
		r.warn(k, CodeUnused, n.m.ID+" has no timeout, so it never ends with that outcome", "write timeout: 1d, or remove the edge")
	}
	if len(n.m.Outcomes) == 0 || contains(n.m.Outcomes, k.text) || contains(standard, k.text) {
		return
	}
	r.fault(k, CodeEdge, n.m.ID+" never ends with "+quote(k.text), r.meant(k.text, n.m.Outcomes))
}

// targets reads what stands for an outcome: a target or a list of entries.
func (r *reader) targets(o *outgoing, on string, v *value) {
	switch v.kind {
	case isText:
		if r.target(o.n.in, v) {
			o.add(on, v, entry{to: []string{v.text}})
		}
	case isList:
		if len(v.items) == 0 {
			r.fault(v, CodeEmpty, "the list of targets is empty", "write stop where the token ends")
		}
		for _, it := range v.items {
			r.entry(o, on, it)
		}
		r.repeated(o.find(on))
	case isMap:
		r.fault(v, CodeEdge, "an outcome leads to a target or a list", "write [{when: ..., to: ...}, other]")
	default:
		r.want(v, isText, "next", "a node, stop, fail, or a list of these")
	}
}

func (r *reader) entry(o *outgoing, on string, v *value) {
	if v.kind == isText {
		if r.target(o.n.in, v) {
			o.add(on, v, entry{to: []string{v.text}})
		}
		return
	}
	if !r.want(v, isMap, "an entry of a list of targets", "a node, or {when: ..., to: ...}") {
		return
	}
	r.keys(v, &entryKeys)
	if !r.must(v, &entryKeys) {
		return
	}
	e := entry{when: r.expression(v.get("when"), "when")}
	for _, to := range oneOrMore(v.get("to")) {
		if r.want(to, isText, "to", "a node, stop or fail") && r.target(o.n.in, to) {
			e.to = append(e.to, to.text)
		}
	}
	if len(e.to) > 0 {
		g := o.add(on, v, e)
		r.note("next/"+on+"/"+decimal(len(g.entries)-1)+"/when", v.get("when"))
	}
}

func oneOrMore(v *value) []*value {
	if v.kind == isList {
		return v.items
	}
	return []*value{v}
}

// target checks that an edge may lead to v.
func (r *reader) target(b *build, v *value) bool {
	switch {
	case v.text == model.ToStop || v.text == model.ToFail:
		return true
	case r.detached[v.text] != nil:
		r.fault(v, CodeEdge, clip(v.text)+" undoes or cleans up; no edge leads to it", "use another node, or remove it from compensate or finally")
		return false
	case b.index[v.text] == nil:
		r.unknownNode(v, b, v.text)
		return false
	}
	return true
}

// repeated refuses a fork that leads twice to one node: the token would come twice.
func (r *reader) repeated(g *group) {
	if g == nil || g.choice {
		return
	}
	seen := map[string]bool{}
	for _, e := range g.entries {
		for _, to := range e.to {
			if seen[to] && to != model.ToStop && to != model.ToFail {
				r.fault(g.at, CodeEdge, "two edges for "+g.on+" lead to "+to, "write one")
				return
			}
			seen[to] = true
		}
	}
}

// after reads the edges that a node writes at their end.
func (r *reader) after(b *build, outs map[string]*outgoing, n *nodeIn) {
	v := n.v.get("after")
	if v == nil {
		return
	}
	r.note("after", v)
	if r.edgeless(n, v, "after") {
		return
	}
	if v.kind != isMap {
		for _, it := range oneOrMore(v) {
			if r.want(it, isText, "after", "a node, a list of nodes, or a map from node to outcome") {
				r.afterEdge(b, outs, n, it, it, model.OnElse)
			}
		}
		return
	}
	for i, k := range v.keys {
		for _, on := range oneOrMore(v.items[i]) {
			if r.outcome(on, "an outcome") {
				r.afterEdge(b, outs, n, k, on, on.text)
			}
		}
	}
}

// afterEdge adds the edge from the node named at from.
func (r *reader) afterEdge(b *build, outs map[string]*outgoing, n *nodeIn, from, at *value, on string) {
	source := outs[from.text]
	if source == nil {
		r.unknownNode(from, b, from.text)
		return
	}
	if source.n.m.Type == "end" || r.detached[from.text] != nil {
		r.fault(from, CodeEdge, "nothing follows "+clip(from.text), "it ends its scope, undoes or cleans up")
		return
	}
	if on != model.OnElse {
		r.declared(source.n, at)
	}
	g := source.find(on)
	if g == nil {
		source.add(on, at, entry{to: []string{n.m.ID}})
		return
	}
	if g.seen[n.m.ID] {
		r.fault(at, CodeTwice, "the edge from "+clip(from.text)+" to "+n.m.ID+" is written twice", "keep next or after")
		return
	}
	if g.choice {
		r.fault(at, CodeEdge, clip(from.text)+" chooses between its edges, so all of them stand in its own next", "write the edge there")
		return
	}
	source.add(on, at, entry{to: []string{n.m.ID}})
}

// fallThrough adds, in a list, the edge to the following node for good outcomes that next does not name.
func (r *reader) fallThrough(b *build, i int, o *outgoing) {
	if o.n.m.Type == "end" || r.detached[o.n.m.ID] != nil || o.n.covered() {
		return
	}
	to := model.ToStop
	for _, f := range b.nodes[i+1:] {
		if r.detached[f.m.ID] == nil {
			to = f.m.ID
			break
		}
	}
	if g := o.find(model.OnElse); g != nil && g.seen[to] {
		return // the following node says the same with after
	}
	o.add(model.OnElse, o.n.id, entry{to: []string{to}})
}

// covered reports whether next names every good outcome of the node.
func (n *nodeIn) covered() bool {
	v := n.v.get("next")
	if v == nil {
		return false
	}
	if v.kind != isMap || v.get(model.OnElse) != nil || v.get(model.OnAny) != nil {
		return true
	}
	if len(n.m.Outcomes) == 0 || n.m.If != "" && v.get(model.Success) == nil {
		return false
	}
	for _, on := range n.m.Outcomes {
		if !n.bad(on) && v.get(on) == nil {
			return false
		}
	}
	return true
}

func (n *nodeIn) bad(on string) bool { return model.Bad(on) || contains(n.m.Bad, on) }

// quiet removes an edge that says what holds anyway: a good outcome of a node all of whose other edges are for bad
// outcomes ends the token.
func (o *outgoing) quiet() {
	g := o.find(model.OnElse)
	if g == nil || len(g.entries) != 1 || g.choice || len(g.entries[0].to) != 1 || g.entries[0].to[0] != model.ToStop {
		return
	}
	if !o.onlyBad() {
		return
	}
	o.groups = slices.DeleteFunc(o.groups, func(g group) bool { return g.on == model.OnElse })
}

// onlyBad reports whether all edges, but the bare one, are for bad outcomes.
func (o *outgoing) onlyBad() bool {
	for _, g := range o.groups {
		if g.on != model.OnElse && g.on != model.Withdrawn && !o.n.bad(g.on) {
			return false
		}
	}
	return true
}

// unnamed warns about outcomes that a node declares and no edge is for, where that ends the scope.
func (r *reader) unnamed(o *outgoing) {
	n := o.n
	if r.detached[n.m.ID] != nil || o.find(model.OnAny) != nil || n.m.OnFailure != "" || n.in.torn {
		return
	}
	var left []string
	for _, on := range n.m.Outcomes {
		bad := n.bad(on)
		if o.find(on) == nil && (bad || o.find(model.OnElse) == nil && !o.onlyBad()) {
			left = append(left, on)
		}
	}
	if len(left) == 0 {
		return
	}
	r.in(n.m.ID, "next", func() {
		r.warn(n.id, CodeUnnamed, "no edge is for "+clip(strings.Join(left, ", "))+" of "+n.m.ID+"; the scope fails with it", "name it in next, such as {"+left[0]+": fail}, or write on_failure")
	})
}
