// Command pawl runs, follows and inspects durable workflows.
//
// It is wiring: it picks the store and the node types, speaks with people and scripts, and leaves everything else to
// package pawl. docs/reference/cli.md describes its verbs, output and exit codes.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], osEnv()))
}
