// Package spec reads definitions: YAML or JSON text becomes a canonical [model.Workflow], and everything wrong with
// the text is reported at once, with positions, in words that say what to write instead.
//
//	source.go, yaml.go, json.go   text to a tree with positions, bounded before and while it is parsed
//	keys.go, doc_*.go             the one table of every key: reading, Explain and Schema use it
//	workflow.go, node.go, ...     the tree to the model, one file per kind of thing
//	check.go                      the compiler's faults, mapped back to the text
//
// It must not know how a workflow runs, which node types exist (they arrive in [Options]) or where files come from.
// It is pure: no IO, no clock, no randomness, and no result that depends on map order.
package spec
