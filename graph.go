package pawl

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
)

// Builder writes a definition in Go: nodes, then edges between them. It is the same document that a YAML file holds,
// so equal meaning gives an equal version. Values may hold ${ } expressions wherever a file may.
//
// Methods change the builder and return it. Mistakes are collected and reported by [Engine.Deploy], or by
// [Builder.Definition]. A builder is not safe for concurrent use.
type Builder struct {
	doc   object
	nodes object
	body  bool
	errs  []error
}

// Graph begins the definition of a workflow. version is a semantic version; "" means the next patch version whenever
// the content changed.
func Graph(name, version string) *Builder {
	b := &Builder{}
	b.doc.set("workflow", name)
	if version != "" {
		b.doc.set("version", version)
	}
	return b
}

// Body begins the graph of a composite: what [Foreach], [Loop], [Scope], [Parallel] and [Builder.Finally] run. Only
// Node, Next, On, Choose and Start make sense on it.
func Body() *Builder { return &Builder{body: true} }

// Node adds a node. Nodes start in the order in which they were added, where several are ready.
func (b *Builder) Node(id string, kind Kind, opts ...NodeOption) *Builder {
	if b.nodes.get(id) != nil {
		return b.fail("node %q is there twice", id)
	}
	n := &nodeDoc{kind: kind.key}
	if kind.apply != nil {
		kind.apply(n)
	}
	for _, o := range opts {
		o.apply(n)
	}
	for _, err := range n.errs {
		b.errs = append(b.errs, fmt.Errorf("node %q: %w", id, err))
	}
	b.nodes.set(id, n.document())
	return b
}

// Next lets a good outcome of from, unless another edge names it, go on to all of to.
func (b *Builder) Next(from string, to ...string) *Builder { return b.On(from, model.OnElse, to...) }

// On lets one outcome of from go on to all of to. The outcome "else" is every good one that no edge names, "any"
// every one that no edge names, good or bad. Targets are nodes of the same graph, "stop" or "fail".
func (b *Builder) On(from, outcome string, to ...string) *Builder {
	entries := make([]any, len(to))
	for i, t := range to {
		entries[i] = t
	}
	return b.edges(from, outcome, entries)
}

// Choose lets one outcome of from go on to the first entry that holds. Use "else" for the good outcomes that no edge
// names.
func (b *Builder) Choose(from, outcome string, entries ...Entry) *Builder {
	list := make([]any, len(entries))
	for i, e := range entries {
		list[i] = e.value()
	}
	return b.edges(from, outcome, list)
}

func (b *Builder) edges(from, outcome string, entries []any) *Builder {
	n, ok := b.nodes.get(from).(*object)
	if !ok {
		return b.fail("an edge leaves %q, which is no node yet", from)
	}
	next := n.child("next")
	old, _ := next.get(outcome).([]any)
	next.set(outcome, append(old, entries...))
	return b
}

// Start names the nodes where the graph begins. It is needed only where several nodes have no edge to them, or where
// the first one is part of a cycle.
func (b *Builder) Start(nodes ...string) *Builder {
	b.doc.set("start", nodes)
	return b
}

// Entry is one entry of a choice; see [When] and [Otherwise].
type Entry struct {
	when string
	to   []string
}

// When is taken if the expression cond holds. cond is bare, without ${ }, and sees output, outcome and error of the
// step that just ended.
func When(cond string, to ...string) Entry { return Entry{cond, to} }

// Otherwise is taken if no entry before it was.
func Otherwise(to ...string) Entry { return Entry{"", to} }

func (e Entry) value() any {
	var to any = e.to
	if len(e.to) == 1 {
		to = e.to[0]
	}
	if e.when == "" {
		return to
	}
	o := &object{}
	o.set("when", e.when)
	o.set("to", to)
	return o
}

// Describe says in a sentence what the workflow is for.
func (b *Builder) Describe(text string) *Builder { return b.set("description", text) }

// Owner names who answers for the workflow.
func (b *Builder) Owner(name string) *Builder { return b.set("owner", name) }

// Label marks the definition, for search and permissions.
func (b *Builder) Label(name, value string) *Builder {
	b.only("Label").doc.child("labels").set(name, value)
	return b
}

// Input describes what executions start with: a map from name to a short type such as "string", "number = 100" or
// "string?", or map[string]any{"schema": ...} with a JSON Schema. Starts with another input are refused.
func (b *Builder) Input(schema any) *Builder { return b.set("input", schema) }

// Output is evaluated when an execution ends well.
func (b *Builder) Output(v any) *Builder { return b.set("output", v) }

// Tag gives every execution a searchable tag.
func (b *Builder) Tag(name string, v any) *Builder {
	b.only("Tag").doc.child("tags").set(name, v)
	return b
}

// Var declares a variable with its first value.
func (b *Builder) Var(name string, v any) *Builder {
	b.only("Var").doc.child("vars").set(name, v)
	return b
}

// Signal declares a signal that executions accept, checked at the door. schema is a JSON Schema or nil; ttl is how
// long a signal that nobody consumed is kept, 0 until the end. Once one signal is declared, others are refused.
func (b *Builder) Signal(name string, schema any, ttl time.Duration) *Builder {
	s := b.only("Signal").doc.child("signals").child(name)
	if schema != nil {
		s.set("schema", schema)
	}
	if ttl > 0 {
		s.set("ttl", span(ttl))
	}
	return b
}

// Timeout bounds an execution, compensation aside.
func (b *Builder) Timeout(d time.Duration) *Builder { return b.set("timeout", span(d)) }

// Retention is how long an execution is kept after its end.
func (b *Builder) Retention(d time.Duration) *Builder { return b.set("retention", span(d)) }

// OnFailure says what an unhandled bad outcome does: "fail" (default), "finish" or "park".
func (b *Builder) OnFailure(what string) *Builder { return b.set("on_failure", what) }

// Finally runs whenever an execution ends, after compensation.
func (b *Builder) Finally(body *Builder) *Builder { return b.set("finally", b.graphOf(body)) }

// set sets a field of the document; a body has none.
func (b *Builder) set(key string, v any) *Builder {
	b.only(key).doc.set(key, v)
	return b
}

func (b *Builder) only(what string) *Builder {
	if b.body {
		b.fail("%s belongs to a workflow, not to the body of a composite", what)
	}
	return b
}

func (b *Builder) fail(format string, args ...any) *Builder {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
	return b
}

// graphOf is the document of a body, with its mistakes taken over.
func (b *Builder) graphOf(body *Builder) *object {
	if body == nil {
		b.fail("a body is nil")
		return &object{}
	}
	b.errs = append(b.errs, body.errs...)
	return body.graph()
}

// graph is a body in the long form: nodes, and where it starts.
func (b *Builder) graph() *object {
	out := &object{}
	out.set("nodes", &b.nodes)
	if start := b.doc.get("start"); start != nil {
		out.set("start", start)
	}
	return out
}

// Definition is the document as JSON, which is also how it is kept in the store.
func (b *Builder) Definition() ([]byte, error) {
	errs := slices.Clone(b.errs)
	if b.body {
		errs = append(errs, errors.New("a body is no workflow; begin with pawl.Graph"))
	}
	if len(errs) > 0 {
		return nil, &Error{Code: CodeInvalid, Message: "the definition has mistakes", Cause: errors.Join(errs...)}
	}
	doc := object{fields: slices.Clone(b.doc.fields)}
	doc.set("nodes", &b.nodes)
	raw, err := doc.MarshalJSON()
	if err != nil {
		return nil, &Error{Code: CodeInvalid, Message: "a value of the definition is no JSON", Cause: err}
	}
	var out []byte
	buf := json.RawMessage(raw)
	if out, err = json.MarshalIndent(buf, "", "  "); err != nil {
		return nil, &Error{Code: CodeInvalid, Message: "a value of the definition is no JSON", Cause: err}
	}
	return out, nil
}

// span writes a duration as definitions do.
func span(d time.Duration) string { return expr.FormatDuration(d.Milliseconds()) }
