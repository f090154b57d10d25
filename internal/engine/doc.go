// Package engine makes shards durable: [Machine] decides, [Loop] does.
//
// Machine is pure. It holds the cores of the shards that this process owns, the commit lanes, claims, heartbeats,
// leases and pacing; [Machine.Step] takes an event with the time and appends what is to be done. Every request but
// those that answer (Offer, Cancel, Replies, Verdicts, Publish, Alarms, Halt, Stopped) is answered by exactly one
// event. Loop runs the requests on goroutines and decides nothing. The simulator (internal/sim) drives the same
// Machine without a Loop.
//
// The package must not know any driver, any node type, or how a task is executed.
package engine
