// Command peers runs other workflow systems and queues for the race in the directory above, one in each process:
//
//	cd bench && go run . -peers
//
// It is a module of its own, so that nothing that a peer needs gets into Pawl or its benchmark.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pawl-dev/pawl/bench/race"
)

func main() {
	if err := race.Child(os.Args[1:], entries()); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// entries are all peers, in the order of the table.
func entries() []race.Entry {
	var all []race.Entry
	for _, of := range [][]race.Entry{goWorkflows(), dbosEntries(), durableTask(), riverEntries(), gopherFlow(), asynqEntries()} {
		all = append(all, of...)
	}
	return all
}

// noop is the step of every execution.
func noop(context.Context) (int, error) { return 0, nil }
