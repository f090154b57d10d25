// Package runner is the one loop that leases tasks, executes them and reports: in process with the engine as its
// source, in a worker with a server. It knows executors (node) and nothing of graphs, stores or shards.
//
// The life of a task:
//
//  1. The pool's leaser asks [Source.Lease] for as many tasks as there are free slots and queues what it gets.
//  2. A long-lived worker goroutine takes one, fills in the late values (secrets, task.key), starts its clocks and
//     calls the executor. A panic, a runtime.Goexit, a result that is no JSON: all become a coded error of that task.
//  3. The result is checked, bounded, masked for the values of the secrets it used, and put in the outbox.
//  4. The outbox sends what is there in one [Source.Report] and repeats it until the answer is final. The slot was
//     free since 3.
//
// An executor that goes on after its context has ended is abandoned after a grace: its result is decided without it,
// its slot is given to a new goroutine, and whatever it returns later is only logged.
package runner
