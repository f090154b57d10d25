package engine

import (
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// BenchmarkChain3 keeps a number of three-step executions in flight; an operation is one execution.
func BenchmarkChain3(b *testing.B) {
	stores := []struct {
		name string
		open func(testing.TB) store.Backend
	}{
		{"memory", openMemory},
		{"sqlite", openSQLite},
	}
	for _, s := range stores {
		for _, flight := range []int{1, 10, 1000} {
			b.Run(s.name+"/"+itoa(flight), func(b *testing.B) { benchChain(b, s.open(b), flight) })
		}
	}
}

func itoa(n int) string {
	switch n {
	case 1:
		return "1"
	case 10:
		return "10"
	}
	return "1000"
}

func openSQLite(t testing.TB) store.Backend {
	t.Helper()
	b, err := sqlite.Open(filepath.Join(t.TempDir(), "x.db")).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func benchChain(b *testing.B, backend store.Backend, flight int) {
	r := newRig(b, backend)
	w := chain("chain", function("a"), function("b"), function("c"))
	r.deploy(w)
	r.start(Config{})
	defer r.stop()
	warm := r.begin(w, "")
	r.ask(warm)
	r.ended(warm.Execution)
	b.ReportAllocs()
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	var mu sync.Mutex
	began := time.Now()
	var clients sync.WaitGroup
	for range flight {
		clients.Go(func() {
			for left.Add(-1) >= 0 {
				mu.Lock()
				c := r.begin(w, "")
				mu.Unlock()
				r.ask(c)
				r.ask(Command{Verb: shard.Wait, Execution: c.Execution})
			}
		})
	}
	clients.Wait()
	b.StopTimer()
	s := r.sound()
	took := time.Since(began).Seconds()
	b.ReportMetric(float64(b.N)*4/took, "rows/s")
	b.ReportMetric(float64(s.Entries)/float64(s.Parts), "rows/part")
}
