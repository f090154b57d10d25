package engine

import (
	"context"
	"encoding/json"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
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

// BenchmarkRestart100k begins with 100,000 open executions, each with a task outstanding, and measures how long a new
// owner takes until all of them are with executors again.
func BenchmarkRestart100k(b *testing.B) {
	const open = 100_000
	path := filepath.Join(b.TempDir(), "x.db")
	backend, err := sqlite.Open(path).Open(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	r := newRig(b, backend)
	w := chain("chain", function("a"), function("b"))
	r.deploy(w)
	r.loop = NewLoop(backend, Options{Machine: Config{Alone: true}})
	fill(r, w, open)
	stopHard(r.loop)
	for range b.N {
		began := time.Now()
		r.loop = NewLoop(backend, Options{Machine: Config{Alone: true}})
		first := time.Duration(0)
		for got := 0; got < open; {
			list, err := r.loop.Lease(b.Context(), runner.Demand{Max: 10_000})
			if err != nil {
				b.Fatal(err)
			}
			if got == 0 {
				first = time.Since(began)
			}
			got += len(list)
		}
		b.ReportMetric(first.Seconds(), "s/first")
		b.ReportMetric(time.Since(began).Seconds(), "s/all")
		stopHard(r.loop)
	}
	_ = backend.Close()
}

// stopHard ends a loop as a crash would: nothing is drained or released.
func stopHard(l *Loop) {
	l.lastGasp()
	l.work.Wait()
}

// lastGasp makes the machine halt: it reads that its claims never were.
func (l *Loop) lastGasp() {
	var rows []record.Fence
	_ = l.Inspect(context.Background(), func(m *Machine) {
		m.claims.asked = m.claims.asked[:0]
		for i := range m.shards {
			f, _ := m.Owns(record.Shard(i))
			m.claims.asked = append(m.claims.asked, f)
			rows = append(rows, record.Fence{Shard: record.Shard(i)})
		}
	})
	l.push(ClaimsRead{Claims: rows})
	<-l.done
}

func fill(r *rig, w *model.Workflow, n int) {
	var clients sync.WaitGroup
	var mu sync.Mutex
	for range 1000 {
		clients.Go(func() {
			for range n / 1000 {
				mu.Lock()
				c := r.begin(w, "")
				mu.Unlock()
				r.ask(c)
			}
		})
	}
	clients.Wait()
}

// BenchmarkSleep100k measures what a sleeping execution costs in memory.
func BenchmarkSleep100k(b *testing.B) {
	r := newRig(b, openSQLite(b))
	nap := model.Node{ID: "nap", Type: "wait", With: json.RawMessage(`{"arms":[{"for":"1h"}]}`)}
	w := chain("nap", nap, function("b"))
	r.deploy(w)
	r.start(Config{})
	defer r.stop()
	for range b.N {
		before := heap()
		began := time.Now()
		fill(r, w, 100_000)
		r.sound()
		b.ReportMetric(time.Since(began).Seconds(), "s/100k")
		b.ReportMetric(float64(heap()-before)/1e6, "MB/100k")
	}
	s := r.sound()
	b.ReportMetric(float64(s.Executions), "in-memory")
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
