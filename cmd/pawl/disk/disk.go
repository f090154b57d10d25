// Package disk measures the disk below a folder: how fast it flushes, and how much it can still take. It must not know
// what a store is.
package disk

import (
	"os"
	"slices"
	"time"
)

// Flushes is how long a disk takes to make four kilobytes durable, as a commit does.
type Flushes struct {
	N        int
	P50, P99 time.Duration
}

// Flush appends four kilobytes to a file of its own in dir and flushes, again and again for about d, at least ten
// times. The file is removed.
func Flush(dir string, d time.Duration) (Flushes, error) {
	f, err := os.CreateTemp(dir, ".pawl-flush-*")
	if err != nil {
		return Flushes{}, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block := make([]byte, 4096)
	var took []time.Duration
	for began := time.Now(); time.Since(began) < d || len(took) < 10; {
		at := time.Now()
		if _, err := f.Write(block); err != nil {
			return Flushes{}, err
		}
		if err := f.Sync(); err != nil {
			return Flushes{}, err
		}
		took = append(took, time.Since(at))
	}
	slices.Sort(took)
	return Flushes{len(took), took[len(took)/2], took[len(took)*99/100]}, nil
}
