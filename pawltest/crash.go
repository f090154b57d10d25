package pawltest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/rehearse"
)

// CrashEverywhere plays script once as it is, and then again and again with one crash in each run: before each commit,
// so that nothing of it is there, and after each, so that only its answer is lost. Every execution must end with the
// same status, outcome, output, error and path as without the crash. script makes its own checks as well; functions
// that it registers run again for attempts that were lost, as they would, with the same idempotency key.
func CrashEverywhere(t *testing.T, src pawl.Source, script func(w *World), opts ...Option) {
	t.Helper()
	want, commits := play(t, src, script, opts, rehearse.Crash{})
	if t.Failed() {
		return
	}
	for n := 1; n <= commits; n++ {
		for _, durable := range []bool{false, true} {
			when := "before"
			if durable {
				when = "after"
			}
			t.Run(fmt.Sprintf("%s commit %d", when, n), func(t *testing.T) {
				got, _ := play(t, src, script, opts, rehearse.Crash{Commit: n, Durable: durable})
				if got != want {
					t.Errorf("the crash changes how it ends:\n%s", rehearse.Difference(strings.Split(want, "\n"), strings.Split(got, "\n")))
				}
			})
		}
	}
}

// play runs script in a World of its own to the end, and says how that looks.
func play(t *testing.T, src pawl.Source, script func(w *World), opts []Option, crash rehearse.Crash) (ends string, commits int) {
	t.Helper()
	w := New(t, src, append(append([]Option(nil), opts...), func(o *options) { o.crash = crash })...)
	script(w)
	w.Run()
	commits = w.w.Commits()
	var b strings.Builder
	for _, x := range w.w.Executions() {
		fmt.Fprintf(&b, "%s %s\n", x.Workflow, (&Run{w, x.ID}).end())
	}
	return b.String(), commits
}
