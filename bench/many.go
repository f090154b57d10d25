package main

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	pawl "github.com/pawl-dev/pawl"
)

// foreach runs one execution over many items, and over a tenth of them: the time per item must not grow.
func (b *bench) foreach() ([]row, error) {
	const n = 10_000
	var large, small, commits, bytes []float64
	for range b.reps {
		r, err := b.open(b.anew(), false, pawl.Options{})
		if err != nil {
			return nil, err
		}
		each := 0.0
		for _, items := range []int{n / 10, n} {
			before := r.work()
			began := time.Now()
			if err := r.items(b.ctx, items); err != nil {
				return nil, err
			}
			s, w := time.Since(began).Seconds(), r.work().minus(before)
			if items < n {
				small = append(small, float64(items)/s)
				each = float64(w.bytes) / float64(items)
				continue
			}
			bytes = append(bytes, ratio(float64(w.bytes)/n, each))
			large = append(large, float64(items)/s)
			commits = append(commits, float64(w.entries))
		}
		if err := r.close(); err != nil {
			return nil, err
		}
	}
	rate, tenth := of("foreach10k", "items", "items/s", large...), of("foreach10k", "items_of_1k", "items/s", small...)
	linear := of("foreach10k", "time_per_item_10k_to_1k", "times", ratio(tenth.Median, rate.Median))
	size := of("foreach10k", "bytes_per_item_10k_to_1k", "times", bytes...)
	return []row{
		rate, tenth, linear.atMost(1.5, linear.Median, "linear: <= 1.5"), size.atMost(1.3, size.Median, "linear: <= 1.3"),
		of("foreach10k", "entries", "rows", commits...),
	}, nil
}

func (r *rig) items(ctx context.Context, n int) error {
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	run, err := r.Start(ctx, "each", map[string]any{"items": items})
	if err != nil {
		return err
	}
	_, err = pawl.Result[any](ctx, run)
	return err
}

// sleep starts many executions that wait for a day, and weighs them.
func (b *bench) sleep() ([]row, error) {
	const n = 100_000 // also with -quick: a share of it would say little of the whole
	r, err := b.open(b.anew(), false, pawl.Options{})
	if err != nil {
		return nil, err
	}
	defer r.close()
	heap, rss := heapBytes(), rssBytes()
	began := time.Now()
	if err := r.startMany(b.ctx, "nap", n); err != nil {
		return nil, err
	}
	took := time.Since(began)
	grown := (heapBytes() - heap) / 1e6
	resident := (rssBytes() - rss) / 1e6
	return []row{
		of("sleep100k", "heap_per_100k", "MB", grown).atMost(200, grown, "< 200"),
		of("sleep100k", "resident_per_100k", "MB", resident).atMost(200, resident, "< 200"),
		of("sleep100k", "starts", "executions/s", n/took.Seconds()),
	}, nil
}

// startMany starts n executions, a thousand at a time, and waits for none.
func (r *rig) startMany(ctx context.Context, workflow string, n int) error {
	var left atomic.Int64
	left.Store(int64(n))
	errs := make(chan error, 1000)
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := r.Start(ctx, workflow, nil); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// heapBytes is what the garbage collector finds in use.
func heapBytes() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// rssBytes is the resident memory of the process; 0 where the system does not say.
func rssBytes() float64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0
	}
	pages, err := strconv.ParseFloat(f[1], 64)
	if err != nil {
		return 0
	}
	return pages * float64(os.Getpagesize())
}

// restart opens a store with many open executions, each with a task that nobody has done, and clocks how long it takes
// until they are being worked.
func (b *bench) restart() ([]row, error) {
	const n = 100_000
	path := b.anew()
	r, err := b.open(path, false, pawl.Options{Workers: -1})
	if err != nil {
		return nil, err
	}
	if err := r.startMany(b.ctx, "chain1", n); err != nil {
		return nil, err
	}
	if err := r.close(); err != nil {
		return nil, err
	}
	var first, tenth, all []float64
	began := time.Now()
	if r, err = b.open(path, false, pawl.Options{}); err != nil {
		return nil, err
	}
	defer r.close()
	opened := time.Since(began).Seconds()
	for _, goal := range []int{1, n / 10, n} {
		if err := r.await(b.ctx, goal); err != nil {
			return nil, err
		}
		s := time.Since(began).Seconds()
		switch goal {
		case 1:
			first = append(first, s)
		case n:
			all = append(all, s)
		default:
			tenth = append(tenth, s)
		}
	}
	return []row{
		of("restart100k", "open", "s", opened),
		of("restart100k", "first_done", "s", first...).atMost(5, first[0], "<= 5"),
		of("restart100k", "tenth_done", "s", tenth...),
		of("restart100k", "all_done", "s", all...),
		of("restart100k", "executions", "executions", float64(n)),
	}, nil
}

// await returns when the engine has written the end of so many executions.
func (r *rig) await(ctx context.Context, n int) error {
	for r.work().ended < n {
		if err := ctx.Err(); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}
