// Package pawl is a durable workflow engine to embed: finished work stays finished.
//
// Open an engine on a store, register functions, deploy a definition (a file or a [Builder]), start executions. What
// a step has returned is durable before anything follows from it; after a crash the next process that opens the store
// goes on where the last one stopped, and no finished step runs again.
//
//	eng, err := pawl.Open(ctx, sqlite.Open("orders.db"), pawl.Options{})
//	pawl.Register(eng, "reserve_stock", reserveStock)
//	_, err = eng.DeployFile(ctx, "order.yaml")
//	run, err := eng.Start(ctx, "order", order, pawl.Key("order-42"))
//	receipt, err := pawl.Result[Receipt](ctx, run)
//
// A function may run more than once for one step (the process may die between its effect and the record of it); the
// [Task] in its context carries a key that is equal over the attempts.
//
// The package is a facade: it wires the engine, the runner and a store, and decides nothing. It links no store driver
// but memory and no node type but function; others are values that the caller passes in.
package pawl
