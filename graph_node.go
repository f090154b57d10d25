package pawl

import (
	"fmt"
	"time"
)

// Kind is the type of a node with its configuration: what [Call], [HTTP], [WaitFor] and their like return.
type Kind struct {
	key   string
	apply func(*nodeDoc)
}

// nodeDoc collects one node.
type nodeDoc struct {
	kind   string
	bare   any // the configuration where it is no object
	config object
	fields object
	errs   []error
}

// document is the node as a file has it: type: configuration, then everything else.
func (n *nodeDoc) document() *object {
	out := &object{}
	if n.bare != nil {
		out.set(n.kind, n.bare)
	} else {
		out.set(n.kind, &n.config)
	}
	out.fields = append(out.fields, n.fields.fields...)
	return out
}

func kind(key string, config ...field) Kind {
	return Kind{key, func(n *nodeDoc) {
		for _, f := range config {
			n.config.set(f.key, f.value)
		}
	}}
}

// Call runs a function of [Register] with args; they may hold expressions and must fit the function's input.
func Call(function string, args any) Kind {
	k := kind("function", field{"name", function})
	if args == nil {
		return k
	}
	return kind("function", field{"name", function}, field{"args", args})
}

// HTTP sends a request; see [Header], [JSON] and [Accept] for its parts. The output is {status, headers, body}. The
// engine must know the node type: pass it in [Options].
func HTTP(method, url string) Kind { return kind("http", field{"method", method}, field{"url", url}) }

// Effect is a node of any type that the engine knows, with its configuration.
func Effect(nodeType string, config any) Kind {
	return Kind{nodeType, func(n *nodeDoc) { n.bare = config }}
}

// Switch ends with the outcome of the first case that holds; see [Default].
func Switch(cases ...SwitchCase) Kind {
	list := make([]any, len(cases))
	for i, c := range cases {
		o := &object{}
		o.set("when", c.when)
		o.set("outcome", c.outcome)
		list[i] = o
	}
	return kind("switch", field{"cases", list})
}

// SwitchCase is one case of a [Switch].
type SwitchCase struct{ when, outcome string }

// Case gives outcome if the bare expression when holds.
func Case(when, outcome string) SwitchCase { return SwitchCase{when, outcome} }

// Assign is a node that only sets variables. Values are expressions or data; {"append": v} and its like change what
// is there.
func Assign(vars map[string]any) Kind {
	return Kind{"set", func(n *nodeDoc) {
		n.bare = vars
		if vars == nil {
			n.bare = map[string]any{} // nothing to set, but an output perhaps
		}
	}}
}

// WaitFor waits for a time.
func WaitFor[D string | time.Duration](d D) Kind { return kind("wait", field{"for", spanOf(d)}) }

// WaitUntil waits until a moment: an RFC 3339 time or an expression that gives one.
func WaitUntil(moment string) Kind { return kind("wait", field{"until", moment}) }

// WaitWhen waits until the bare expression holds; it is looked at whenever something it reads has changed.
func WaitWhen(cond string) Kind { return kind("wait", field{"when", cond}) }

// WaitSignal waits for a signal; its data is the output. See [Match], [Fresh] and [Count].
func WaitSignal(name string) Kind { return kind("signal", field{"name", name}) }

// WaitApproval waits for people to decide about title, which may hold expressions; the outcome is approved, rejected or
// one of
// [ApprovalOutcomes]. See [Assignees], [Exclude], [Quorum], [Veto], [Escalate] and [FormSchema].
func WaitApproval(title string) Kind { return kind("approval", field{"title", title}) }

// WaitFirst waits for the first of several; its name is the outcome.
func WaitFirst(of ...Alternative) Kind {
	return Kind{"wait", func(n *nodeDoc) {
		list := &object{}
		for _, a := range of {
			inner := &nodeDoc{}
			a.kind.apply(inner)
			switch a.kind.key {
			case "signal":
				inner.config.fields[0].key = "signal"
			case "wait":
			default:
				n.errs = append(n.errs, fmt.Errorf("WaitFirst: %q waits for nothing", a.name))
			}
			list.set(a.name, &inner.config)
		}
		n.config.set("first", list)
	}}
}

// Alternative is one thing that [WaitFirst] waits for.
type Alternative struct {
	name string
	kind Kind
}

// Or names one alternative of [WaitFirst]; kind is one of the Wait functions.
func Or(name string, kind Kind) Alternative { return Alternative{name, kind} }

// End ends the scope it stands in with an outcome; "" is success. See [Of] and [Output].
func End(outcome string) Kind {
	if outcome == "" {
		return kind("end")
	}
	return kind("end", field{"outcome", outcome})
}

// CancelNodes ends the live steps of nodes, with all that they started, in cancelled.
func CancelNodes(nodes ...string) Kind { return kind("cancel", field{"nodes", nodes}) }

// Scope runs a graph as one node.
func Scope(do *Builder) Kind {
	return Kind{"scope", func(n *nodeDoc) { n.fields.set("do", n.graphOf(do)) }}
}

// Parallel runs branches side by side; the output maps their names to their outputs.
func Parallel(branches ...NamedBranch) Kind {
	return Kind{"parallel", func(n *nodeDoc) {
		list := &object{}
		for _, b := range branches {
			list.set(b.name, n.graphOf(b.do))
		}
		n.fields.set("branches", list)
	}}
}

// NamedBranch is one branch of a [Parallel].
type NamedBranch struct {
	name string
	do   *Builder
}

// Branch names a branch.
func Branch(name string, do *Builder) NamedBranch { return NamedBranch{name, do} }

// Foreach runs a graph for each element of items, an expression that gives a list or a map. See [As], [Concurrency],
// [Tolerate] and [Collect].
func Foreach(items any, do *Builder) Kind {
	return Kind{"foreach", func(n *nodeDoc) {
		n.config.set("items", items)
		n.fields.set("do", n.graphOf(do))
	}}
}

// Loop runs a graph pass after pass; see [While], [Until] and [Max].
func Loop(do *Builder) Kind {
	return Kind{"loop", func(n *nodeDoc) { n.fields.set("do", n.graphOf(do)) }}
}

func (n *nodeDoc) graphOf(body *Builder) any {
	if body == nil {
		n.errs = append(n.errs, fmt.Errorf("the body is nil"))
		return &object{}
	}
	n.errs = append(n.errs, body.errs...)
	if !body.body {
		n.errs = append(n.errs, fmt.Errorf("a body begins with pawl.Body, not with pawl.Graph"))
	}
	return body.graph()
}

func spanOf[D string | time.Duration](d D) string {
	switch d := any(d).(type) {
	case time.Duration:
		return span(d)
	default:
		return d.(string)
	}
}
