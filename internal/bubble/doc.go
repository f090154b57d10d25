// Package bubble runs the whole engine (package pawl, the Loop, the runner, their goroutines) in bubbles of
// testing/synctest over a store behind a seeded gate, mostly under the race detector. It has tests only.
//
// The seeded world (internal/sim) drives Machines by hand, in one goroutine; here the goroutines are the real ones and
// only time and the store are ours. Every call of the store parks at the gate; when everything else stands still, the
// gate lets one of them go on and decides what becomes of it: done, refused, late, done and not heard.
//
//	go test -race ./internal/bubble -count=1 -seeds=1000
//	go test -race ./internal/bubble -count=1 -seed=17
package bubble
