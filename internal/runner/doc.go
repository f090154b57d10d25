// Package runner is the one loop that leases tasks, executes them and reports: in process with the engine as its
// source, in a worker with a server. It knows executors (node) and nothing of graphs, stores or shards.
package runner
