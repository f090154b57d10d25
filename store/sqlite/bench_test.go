package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/pawl-dev/pawl/store/storetest"
)

// BenchmarkCommit appends entries of 300 bytes to 1,000 executions that live at once, eight entries each, in
// batches of n; ids are ordered by time. The rows are those of the bare driver's measurement, behind lane and fence.
func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) { benchmarkCommit(b, n, 230, false) })
	}
}

// BenchmarkChain commits what three-step executions write: for each a head at the start and at the end, and four
// entries, one commit apart.
func BenchmarkChain(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) { benchmarkCommit(b, n, 230, true) })
	}
}

// BenchmarkBody commits the same by the hundred, with entries of other sizes.
func BenchmarkBody(b *testing.B) {
	for _, size := range []int{100, 1000, 4000} {
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) { benchmarkCommit(b, 100, size, true) })
	}
}

func benchmarkCommit(b *testing.B, n, size int, chain bool) {
	s := open(b, filepath.Join(b.TempDir(), "pawl.db"))
	defer s.Close()
	storetest.BenchCommit(b, s, n, size, chain)
}

// BenchmarkLoad reads executions of four entries, as a restart does.
func BenchmarkLoad(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "pawl.db"))
	defer s.Close()
	storetest.BenchLoad(b, s)
}
