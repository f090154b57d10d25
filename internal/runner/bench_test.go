package runner

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
)

// endless is a Source that always has n tasks and accepts every report.
type endless struct {
	lease Lease
	left  atomic.Int64
	told  atomic.Int64
	want  int64
	done  chan struct{}
}

func (e *endless) Lease(ctx context.Context, d Demand) ([]Lease, error) {
	n := min(e.left.Add(-int64(d.Max))+int64(d.Max), int64(d.Max))
	if n <= 0 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	out := make([]Lease, n)
	for i := range out {
		out[i] = e.lease
	}
	return out, nil
}

func (e *endless) Report(_ context.Context, r []Report) ([]Verdict, error) {
	if e.told.Add(int64(len(r))) == e.want {
		close(e.done)
	}
	return make([]Verdict, len(r)), nil
}

func (e *endless) Beat(_ context.Context, t []Token) ([]Verdict, error) {
	return make([]Verdict, len(t)), nil
}

func (e *endless) Release(context.Context, []Token) error { return nil }

func benchmark(b *testing.B, timeout int64, x do) {
	src := &endless{lease: lease("charge", "x"), want: int64(b.N), done: make(chan struct{})}
	src.lease.Task.Timeout = timeout
	src.left.Store(int64(b.N))
	r, err := New(Params{Source: src, Registry: types(map[string]do{"x": x})})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	end := make(chan error, 1)
	b.ReportAllocs()
	b.ResetTimer()
	go func() { end <- r.Run(ctx) }()
	<-src.done
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/float64(runtime.GOMAXPROCS(0)), "tasks/s/core")
	cancel()
	if err := <-end; err != nil {
		b.Fatal(err)
	}
}

func BenchmarkNoop(b *testing.B) {
	benchmark(b, 0, func(context.Context, *node.Task) (model.Result, error) {
		return model.Result{Output: []byte("null")}, nil
	})
}

func BenchmarkNoopWithTimeout(b *testing.B) {
	benchmark(b, 10_000, func(context.Context, *node.Task) (model.Result, error) {
		return model.Result{Output: []byte("null")}, nil
	})
}

func BenchmarkCheckJSON(b *testing.B) {
	in := []byte(`{"id":"order-42","items":[{"sku":"a-1","n":3,"price":12.5},{"sku":"b-2","n":1,"price":99}],"note":null,"ok":true}`)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if checkJSON(in) != "" {
			b.Fatal("refused")
		}
	}
}
