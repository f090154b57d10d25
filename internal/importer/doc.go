// Package importer turns definitions of other engines into ours, with a report of what became of each construct.
//
//	importer.go        Import: the way from text to text
//	at.go              a place of the source that knows its path and what was told about it
//	report.go          what was kept, changed and left out, for people and as JSON
//	emit.go, value.go  YAML of ours that a person likes to read
//	name.go            their names made ours
//	pocketflow*.go     PocketFlowGo: nodes, actions, a shared map
//	parevo*.go         parevo/flow: a graph of nodes that pass JSON on
//	dagengine.go       gbasilveira/workflows (dag-engine): a manifest of dependencies
//	gofi.go            gofi: a dataflow of processes
//
// The formats are described in docs/import.md. It must not know how a workflow runs or which node types a program has:
// what it writes may use any construct of the language. It is pure: no IO, no clock, no result that depends on map order.
package importer
