package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	pawl "github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// finished fills a file with executions that have ended, ten million of them, and compares chains in it with chains in
// an empty file, in turn; then it asks for first pages of filtered lists.
func (b *bench) finished() ([]row, error) {
	n := b.pick(10_000_000, 200_000)
	full := b.anew()
	began := time.Now()
	if err := b.fill(n); err != nil {
		return nil, err
	}
	took := time.Since(began)
	size, err := b.size()
	if err != nil {
		return nil, err
	}
	old, err := b.open(full, false, pawl.Options{})
	if err != nil {
		return nil, err
	}
	defer old.close()
	young, err := b.open(b.anew(), false, pawl.Options{})
	if err != nil {
		return nil, err
	}
	defer young.close()
	load := b.pick(60_000, 6_000)
	var rates [2][]float64
	for i := range 2 * max(3, b.reps) {
		took, err := [2]*rig{old, young}[i%2].load(b.ctx, "chain3", load, 1000)
		if err != nil {
			return nil, err
		}
		rates[i%2] = append(rates[i%2], float64(load)/took.Seconds())
	}
	pages, err := b.pages(old, n)
	if err != nil {
		return nil, err
	}
	in, empty := of("finished10m", "chain3_1000", "executions/s", rates[0]...), of("finished10m", "chain3_1000_empty", "executions/s", rates[1]...)
	in.Ratio = pairwise(rates[0], rates[1])
	p99 := of("finished10m", "first_page_p99", "ms", millis(pages, 0.99))
	return []row{
		of("finished10m", "executions", "executions", float64(n)),
		of("finished10m", "file", "GiB", size/(1<<30)),
		of("finished10m", "filled_in", "s", took.Seconds()),
		in.atLeast(0.9, in.Ratio, "ratio to empty >= 0.9"), empty,
		p99.atMost(50, p99.Median, "< 50 ms"), of("finished10m", "first_page_p50", "ms", millis(pages, 0.5)),
	}, nil
}

// size is that of the newest database in bytes, where it is a file.
func (b *bench) size() (float64, error) {
	f, ok := b.backing.(*files)
	if !ok {
		return 0, nil
	}
	i, err := os.Stat(f.path())
	if err != nil {
		return 0, err
	}
	return float64(i.Size()), nil
}

// pairwise is the median of the ratios of what was measured in turn: a slow minute hits both of a pair.
func pairwise(a, b []float64) float64 {
	var ratios []float64
	for i := range a {
		ratios = append(ratios, ratio(a[i], b[i]))
	}
	return of("", "", "", ratios...).Median
}

// fillAt is how many executions a commit of fill has.
const fillAt = 2_000

// fill writes n executions of three steps that have ended into the newest file, as chains of steps leave them. Each
// hundredth has failed, each thousandth has a key.
func (b *bench) fill(n int) error {
	d, err := openBare(b.ctx, b.last())
	if err != nil {
		return err
	}
	defer d.Close()
	body := make([]byte, 110)
	first := time.Now().Add(-time.Duration(n) * time.Millisecond).UnixMilli()
	parts := make([]record.Part, len(d.fences))
	for i := range n {
		at := first + int64(i)
		id := record.NewID(at, rand.Uint64(), uint16(rand.Uint32()))
		h := record.Head{
			Execution: id, Insert: true, Namespace: "default", Workflow: fmt.Sprint("old", i%20), Version: "1.0.0",
			Status: "completed", Outcome: "success", Started: at, Ended: at + 5, NextAt: at + (30 * 24 * time.Hour).Milliseconds(),
		}
		if i%100 == 0 {
			h.Status, h.Outcome, h.Error = string(model.Failed), "error", "error"
		}
		if i%1000 == 0 {
			h.Key = fmt.Sprint("k", i)
		}
		p := &parts[id.Shard(len(parts))]
		p.Fence.Shard = id.Shard(len(parts))
		p.Heads = append(p.Heads, h)
		for seq := range uint64(4) {
			e := record.Entry{Execution: id, Seq: seq + 1, At: at, Body: body}
			e.Sum = e.Checksum()
			p.Entries = append(p.Entries, e)
		}
		if (i+1)%fillAt == 0 || i+1 == n {
			if err := d.commit(b.ctx, 0, parts); err != nil {
				return err
			}
			for k := range parts {
				parts[k] = record.Part{Fence: record.Fence{Shard: record.Shard(k)}, Heads: parts[k].Heads[:0], Entries: parts[k].Entries[:0]}
			}
		}
	}
	return nil
}

// pages asks for first pages as a console does and returns how long each took.
func (b *bench) pages(r *rig, n int) ([]time.Duration, error) {
	var took []time.Duration
	for i := range 1000 {
		workflow := fmt.Sprint("old", rand.IntN(20))
		at := time.Now().Add(-time.Duration(rand.IntN(n)) * time.Millisecond)
		f := [...]pawl.Filter{
			{Workflow: workflow},
			{Statuses: []model.Status{model.Failed}},
			{Workflow: workflow, Statuses: []model.Status{model.Failed}},
			{Workflow: workflow, Until: at},
			{Since: at},
			{Key: fmt.Sprint("k", 1000*rand.IntN(max(1, n/1000)))},
		}[i%6]
		began := time.Now()
		if _, err := r.List(b.ctx, f); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}
