// Command temporal runs Temporal for the race two directories above:
//
//	cd bench && go run . -peers -only temporal
//
// It is a module apart from the other peers: its server brings hundreds of modules along and takes minutes to build, and
// they ask for other versions of some.
package main

import (
	"fmt"
	"os"

	"github.com/pawl-dev/pawl/bench/race"
)

func main() {
	if err := race.Child(os.Args[1:], entries()); err != nil {
		fmt.Fprintln(os.Stderr, "temporal:", err)
		os.Exit(1)
	}
}
