// Package standard puts the node types that come with Pawl together: one value for a program that wants them all.
//
// It is wiring. Nothing that a node type imports may import it, and it must not know what runs the types.
package standard

import (
	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/exec"
	"github.com/pawl-dev/pawl/node/function"
	"github.com/pawl-dev/pawl/node/http"
)

// Options configure the types. The zero value calls no functions, reaches public addresses and runs no programs.
type Options struct {
	// Functions are what the type function calls; nil is an empty set.
	Functions *function.Set
	HTTP      http.Options
	Exec      exec.Options
}

// Types makes the registry of all types.
func Types(o Options) node.Registry {
	if o.Functions == nil {
		o.Functions = &function.Set{}
	}
	return node.Registry{}.
		Add(o.Functions.Type()).
		Add(http.New(o.HTTP).Type()).
		Add(exec.New(o.Exec).Type())
}

// Descriptors describes all types, in the order in which they are documented.
func Descriptors() []node.Descriptor {
	return []node.Descriptor{function.Descriptor(), http.Descriptor(), exec.Descriptor()}
}
