package main

import (
	"time"

	pawl "github.com/pawl-dev/pawl"
)

// pure runs chains of three pure steps and, in turn with them, of three others: one at a time and ten at once.
func (b *bench) pure() ([]row, error) {
	r, err := b.open(b.anew(), false, pawl.Options{})
	if err != nil {
		return nil, err
	}
	defer r.close()
	n := b.pick(1000, 200)
	var times [2][]time.Duration
	var commits [2]float64
	workflows := [2]string{"pure3", "chain3"}
	for i := range n + 20 {
		for k, w := range workflows {
			before, began := r.work(), time.Now()
			if err := r.one(b.ctx, w); err != nil {
				return nil, err
			}
			if i >= 20 { // until here it warmed up
				times[k] = append(times[k], time.Since(began))
				commits[k] += float64(r.work().minus(before).batches) / float64(n)
			}
		}
	}
	var rates [2][]float64
	for range max(3, b.reps) {
		for k, w := range workflows {
			took, err := r.load(b.ctx, w, 10*n, 10)
			if err != nil {
				return nil, err
			}
			rates[k] = append(rates[k], float64(10*n)/took.Seconds())
		}
	}
	alone := of("pure3", "p50", "ms", millis(times[0], 0.5))
	alone.Ratio = ratio(alone.Median, millis(times[1], 0.5))
	busy := of("pure3", "executions_10", "executions/s", rates[0]...)
	busy.Ratio = ratio(busy.Median, of("", "", "", rates[1]...).Median)
	return []row{
		alone.atMost(0.7, alone.Ratio, "ratio to chain3 <= 0.7"),
		of("pure3", "commits", "per execution", commits[0]).atMost(2.5, commits[0], "<= 2.5"),
		of("pure3", "commits_chain3", "per execution", commits[1]),
		busy,
	}, nil
}
