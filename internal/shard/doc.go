// Package shard is the law of many executions that share one journal owner: which of them are in memory, whose inputs
// become the next entry, what is written together and what may leave once it is durable.
//
// A [Core] owns one shard under one claim. It is sans-IO: events arrive as method calls with the time, everything it
// wants from the world leaves through [Core.Ready] and [Core.Take]. The caller's duties:
//
//  1. One goroutine. Call the event methods, then [Core.Work], then act on [Core.Ready].
//  2. When a commit may begin, make the part of [Core.Take] durable, and only then call [Core.Advance], in order.
//  3. Where the store rejects executions, call [Core.Reject] and commit the part that it returns instead.
//  4. Answer everything asked for in [Ready], also with an error; the core asks again where it must.
//
// Effects (dispatch, cancel, replies, messages) are handed out by Advance and by nothing else, so a caller cannot let
// something leave before it is durable. The exception are tasks that [Config].Pure says have no effect.
//
// The package is pure: no context, goroutine, channel, clock, randomness, IO or log, and no result that depends on
// map order. It must not know stores, lanes, members, leases or workers.
package shard
