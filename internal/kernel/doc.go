// Package kernel is the law of one execution: state and inputs in, operations out.
//
// The caller's duties:
//
//  1. Build a state with [New] and fold entries 1..n into it with [Apply], or [Restore] a snapshot and fold the rest.
//  2. Call [Decide] with everything that happened. It changes the state only through the operations it returns.
//  3. Make the operations durable as entry [Decided.Seq], encoded by [Encode]. Only then dispatch tasks, cancel them
//     and answer commands.
//  4. After an error or panic of Decide throw the state away, load it again and feed an input of kind [InPark].
//  5. While [Decided.More] is set, call Decide again with [InContinue] after others had their turn.
//
// The package is pure: no context, goroutine, clock, randomness or IO, and no result that depends on map order. It
// must not know how entries are stored, who owns a shard or how a task is run.
package kernel
