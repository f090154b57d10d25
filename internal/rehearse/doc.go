// Package rehearse runs workflows on virtual time: the real Machine over the memory store, driven on one goroutine,
// with answers in place of executors. Time passes only where nothing else can happen, so a wait of thirty days takes
// as long as it takes to fire a timer, and equal inputs give equal journals.
//
//	world.go    one engine, its store, its clock, and what is going to happen
//	task.go     attempts, and what their executors are said to do
//	crash.go    the process dies at a chosen commit, and the next one goes on
//	journal.go  what became durable, per execution
//	case.go     a saved case from its start to what is expected; suite.go a file of them
//	cover.go    which nodes and edges the cases went through
//
// It must not know how a definition or a case is written (internal/spec), and decides nothing an engine decides.
package rehearse
