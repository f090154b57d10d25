package main

import (
	"fmt"
	"io"
	"time"

	"github.com/pawl-dev/pawl/internal/sim"
	"github.com/pawl-dev/pawl/internal/sim/bug"
)

// hunt switches the mistakes on one after the other and counts the seeds until one is found.
func hunt(o options, out, progress io.Writer) int {
	defer bug.Set(bug.None)
	bugs := bug.All()
	if o.ten {
		bugs = bug.Ten()
	}
	found := 0
	for _, b := range bugs {
		bug.Set(b)
		began := time.Now()
		n, law := 0, ""
		each(o, func(r sim.Result, err error) bool {
			n++
			if err != nil {
				law = err.Error()
			}
			if len(r.Violations) > 0 {
				law = r.Violations[0].Law
			}
			return law == ""
		})
		if law == "" {
			fmt.Fprintf(out, "%-22s not found in %d seeds\n", b, n)
			continue
		}
		found++
		fmt.Fprintf(out, "%-22s found by %-10s seeds-to-detect=%d\n", b, law, n)
		fmt.Fprintf(progress, "%s: %.1f s\n", b, time.Since(began).Seconds())
	}
	fmt.Fprintf(out, "bugs=%d found=%d\n", len(bugs), found)
	if found < len(bugs) {
		return 1
	}
	return 0
}
