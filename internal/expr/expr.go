// Package expr is the expression language of definitions: expr-lang's grammar with our own functions, exact numbers
// and bounds before and while running (LANGUAGE 7, reliability B.3).
//
// It is pure: no clock, no randomness, no IO; time and seed arrive in [Context]. It must not know graphs or steps:
// names are looked up through [Names].
package expr

import "encoding/json"

// A value is nil, bool, int64, float64 (finite), string, []any or map[string]any, or an [Object] where a name stands
// for something that is looked up key by key.

// Object is a map whose values are found on demand. Get returns nil for a missing key. Keys are sorted.
type Object interface {
	Get(key string) (any, error)
	Keys() []string
}

// Names resolves the root names of an expression. ok is false where there is no such name.
type Names interface {
	Lookup(name string) (v any, ok bool, err error)
}

// Context is all an evaluation may depend on.
type Context struct {
	Names Names
	// Now is the time of the transition, Unix milliseconds.
	Now int64
	// Seed gives uuid() and random(); equal seeds give equal values.
	Seed uint64
	// Cost is the budget in steps of evaluation; 0 means DefaultCost.
	Cost int
}

// Late is a value that the runner fills in at dispatch. Path is a JSON pointer into the evaluated template. Parts
// are joined; a single part that is an expression keeps its type.
type Late struct {
	Path  string `json:"path"`
	Parts []Part `json:"parts"`
}

// Part is literal text or the source of an expression that names only secrets and task.
type Part struct {
	Text string `json:"t,omitempty"`
	Expr string `json:"x,omitempty"`
}

// Ref is a static path that an expression reads, such as [nodes charge output].
type Ref []string

// Raw is JSON.
type Raw = json.RawMessage
