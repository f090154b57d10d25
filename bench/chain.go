package main

import (
	"fmt"
	"slices"

	pawl "github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store"
)

// chain runs chains of no-op steps with few and with many in flight, and the bare driver on the same rows.
func (b *bench) chain(steps int) ([]row, error) {
	var rows []row
	for _, flight := range []int{10, 1000} {
		got, err := b.chainAt(steps, flight)
		if err != nil {
			return nil, err
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

func (b *bench) chainAt(steps, flight int) ([]row, error) {
	workflow := fmt.Sprintf("chain%d", steps)
	n := b.pick(60_000, 12_000) / (steps + 1)
	if flight == 10 {
		n = b.pick(20_000, 4_000) / (steps + 1)
	}
	n = max(n, 3*flight)
	kept, err := b.capture(workflow, n, flight)
	if err != nil {
		return nil, err
	}
	var runs, rates, bares, batches, allocs []float64
	for range b.reps {
		r, err := b.measure(workflow, n, flight)
		if err != nil {
			return nil, err
		}
		bare, err := replay(b.ctx, b.anew(), kept)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r.runs)
		rates = append(rates, r.rows)
		batches = append(batches, r.batch)
		allocs = append(allocs, r.allocs)
		bares = append(bares, bare)
	}
	at := func(metric string) string { return fmt.Sprintf("%s_%d", metric, flight) }
	rate := of(workflow, at("journal_rows"), "rows/s", rates...)
	bare := of(workflow, at("bare_rows"), "rows/s", bares...)
	rate.Ratio = ratio(rate.Median, bare.Median)
	alloc := of(workflow, at("allocations"), "per transition", allocs...)
	if steps == 3 && flight == 1000 {
		goal := 0.4
		if b.kind == "sqlite" {
			goal = 0.5
		}
		rate = rate.atLeast(goal, rate.Ratio, fmt.Sprintf("ratio >= %.1f", goal))
		alloc = alloc.atMost(40, alloc.Median, "<= 40")
	}
	return []row{
		of(workflow, at("executions"), "executions/s", runs...), rate, bare,
		of(workflow, at("batch"), "rows", batches...), of(workflow, at("bare_batch"), "rows", perBatch(kept)), alloc,
	}, nil
}

// measured is one repetition.
type measured struct{ runs, rows, batch, allocs float64 }

func (b *bench) measure(workflow string, n, flight int) (measured, error) {
	r, err := b.open(b.anew(), false, pawl.Options{})
	if err != nil {
		return measured{}, err
	}
	defer r.close()
	if _, err := r.load(b.ctx, workflow, n/5, flight); err != nil {
		return measured{}, err
	}
	before, mallocs := r.work(), allocations()
	took, err := r.load(b.ctx, workflow, n, flight)
	if err != nil {
		return measured{}, err
	}
	w, mallocs := r.work().minus(before), allocations()-mallocs
	s := took.Seconds()
	return measured{float64(n) / s, float64(w.entries) / s, w.perBatch(), float64(mallocs) / float64(w.entries)}, nil
}

// capture runs the same load once and keeps every batch.
func (b *bench) capture(workflow string, n, flight int) ([]store.Batch, error) {
	r, err := b.open(b.anew(), true, pawl.Options{})
	if err != nil {
		return nil, err
	}
	defer r.close()
	if _, err := r.load(b.ctx, workflow, n, flight); err != nil {
		return nil, err
	}
	r.m.mu.Lock()
	defer r.m.mu.Unlock()
	return slices.Clone(r.m.kept), nil
}

func perBatch(batches []store.Batch) float64 {
	n := 0
	for i := range batches {
		for j := range batches[i].Parts {
			n += len(batches[i].Parts[j].Entries)
		}
	}
	return ratio(float64(n), float64(len(batches)))
}
