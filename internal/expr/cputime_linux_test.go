package expr

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime is the processor time of this thread, which others on the machine do not lengthen. The caller has locked
// the thread.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	const thread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if err := syscall.Getrusage(thread, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
