package mysql_test

import (
	"fmt"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store/storetest"
)

// BenchmarkCommit and BenchmarkChain: see [storetest.BenchCommit].
func BenchmarkCommit(b *testing.B) { benchmarkCommits(b, false) }
func BenchmarkChain(b *testing.B)  { benchmarkCommits(b, true) }

func benchmarkCommits(b *testing.B, chain bool) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) {
			s := open(b, servertest.MySQL(b).URL)
			defer s.Close()
			storetest.BenchCommit(b, s, n, 230, chain)
		})
	}
}

func BenchmarkLoad(b *testing.B) {
	s := open(b, servertest.MySQL(b).URL)
	defer s.Close()
	storetest.BenchLoad(b, s)
}
