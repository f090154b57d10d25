package main

import (
	"context"
	"encoding/binary"
	"slices"
	"time"

	pawl "github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/record"
)

// latency runs three steps one execution at a time, and in turn with it the four fenced commits of one row that a
// durable chain of three steps needs at least.
func (b *bench) latency() ([]row, error) {
	r, err := b.open(b.anew(), false, pawl.Options{})
	if err != nil {
		return nil, err
	}
	defer r.close()
	d, err := openBare(b.ctx, b.anew())
	if err != nil {
		return nil, err
	}
	defer d.Close()
	n := b.pick(1000, 200)
	var with, without []time.Duration
	if _, err := r.load(b.ctx, "chain3", 50, 1); err != nil {
		return nil, err
	}
	before := r.work()
	for i := range n {
		began := time.Now()
		if err := r.one(b.ctx, "chain3"); err != nil {
			return nil, err
		}
		with = append(with, time.Since(began))
		began = time.Now()
		if err := d.four(b.ctx, uint64(i)); err != nil {
			return nil, err
		}
		without = append(without, time.Since(began))
	}
	w := r.work().minus(before)
	commits := float64(w.batches) / float64(n)
	p50 := quantiles("p50", with)
	bare := quantiles("bare_p50", without)
	p50.Ratio = ratio(p50.Median, bare.Median)
	return []row{
		p50.atMost(1.5, p50.Ratio, "ratio <= 1.5"), bare,
		of("latency3", "p99", "ms", millis(with, 0.99)), of("latency3", "bare_p99", "ms", millis(without, 0.99)),
		of("latency3", "commits", "per execution", commits).atMost(4.05, commits, "<= 4"),
	}, nil
}

// quantiles is a row whose median is the p50; min and max are the fastest and the slowest.
func quantiles(metric string, v []time.Duration) row {
	slices.Sort(v)
	r := of("latency3", metric, "ms", millis(v, 0.5))
	r.Min, r.Max = millis(v, 0), millis(v, 1)
	return r
}

func millis(v []time.Duration, q float64) float64 {
	slices.Sort(v)
	return float64(v[int(q*float64(len(v)-1))]) / 1e6
}

// four commits an execution of three steps: a row each for the start and the end of every step.
func (d *bare) four(ctx context.Context, n uint64) error {
	now := time.Now().UnixMilli()
	id := record.NewID(now, n<<20, uint16(n))
	head := record.Head{
		Execution: id, Insert: true, Namespace: "default", Workflow: "chain3", Version: "1.0.0", Status: "running", Started: now,
	}
	body := make([]byte, 300)
	binary.BigEndian.PutUint64(body[1:], n)
	for seq := uint64(1); seq <= 4; seq++ {
		var h *record.Head
		switch seq {
		case 1:
			h = &head
		case 4:
			head.Insert, head.Status, head.Outcome, head.Ended, head.NextAt = false, "completed", "success", now, record.Never
			h = &head
		}
		if err := d.single(ctx, id, seq, body, h); err != nil {
			return err
		}
	}
	return nil
}
