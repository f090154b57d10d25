package main

import (
	"context"
	"fmt"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"time"

	pawl "github.com/pawl-dev/pawl"
)

// linear is what a second half of the same work may cost more than the first.
const linear = 1.3

// half is what one half of an endless execution cost.
type half struct {
	seconds, cpu, bytes, saved, peak float64
}

// halves runs one execution that does n things, stops, does n more, and weighs both. The workflow waits for the signals
// half and end. done, if any, is told when that has happened.
func (b *bench) halves(workflow string, n int, done func(*rig, *pawl.Run) error) (halves [2]half, err error) {
	r, err := b.open(b.anew(), false, pawl.Options{MaxSteps: 10*n + 1_000_000})
	if err != nil {
		return halves, err
	}
	defer r.close()
	heap := newPeak(heapBytes())
	defer heap.stop()
	began, spent, written := time.Now(), cpuSeconds(), r.work()
	run, err := r.Start(b.ctx, workflow, map[string]int{"n": n})
	if err != nil {
		return halves, err
	}
	for i, signal := range []string{"half", "end"} {
		if _, err := run.Wait(b.ctx, [...]string{"first", "second"}[i]); err != nil {
			return halves, err
		}
		now := r.work()
		halves[i].seconds, halves[i].cpu = time.Since(began).Seconds(), cpuSeconds()-spent
		halves[i].bytes, halves[i].saved = float64(now.minus(written).bytes), float64(now.minus(written).saved)
		halves[i].peak = heap.take()
		written, began, spent = now, time.Now(), cpuSeconds()
		if err := run.Signal(b.ctx, signal, nil); err != nil {
			return halves, err
		}
	}
	if _, err = pawl.Result[any](b.ctx, run); err != nil || done == nil {
		return halves, err
	}
	return halves, done(r, run)
}

// peak watches how large the heap becomes beyond what it was.
type peak struct {
	base float64
	most atomic.Uint64
	done chan struct{}
}

func newPeak(base float64) *peak {
	p := &peak{base: base, done: make(chan struct{})}
	go func() {
		for {
			select {
			case <-p.done:
				return
			case <-time.After(20 * time.Millisecond):
				sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
				metrics.Read(sample)
				p.most.Store(max(p.most.Load(), sample[0].Value.Uint64()))
			}
		}
	}()
	return p
}

// take gives the largest since the last time.
func (p *peak) take() float64 { return max(float64(p.most.Swap(0))-p.base, 0) }

func (p *peak) stop() { close(p.done) }

// endless weighs an execution that does one thing 2n times. The goals are ratios of the second half to the first; that of
// time is of the processor's, which others on the machine disturb less than the clock. heap bounds what is in use beyond
// the start, in megabytes.
func (b *bench) endless(name, unit, workflow string, n int, heap float64) ([]row, error) {
	var rate, clock, cpu, bytes, each, saved, peak []float64
	for range min(b.reps, 3) {
		h, err := b.halves(workflow, n, nil)
		if err != nil {
			return nil, err
		}
		rate = append(rate, 2*float64(n)/(h[0].seconds+h[1].seconds))
		clock = append(clock, ratio(h[1].seconds, h[0].seconds))
		cpu = append(cpu, ratio(h[1].cpu, h[0].cpu))
		bytes = append(bytes, ratio(h[1].bytes, h[0].bytes))
		each = append(each, (h[0].bytes+h[1].bytes)/2/float64(n))
		saved = append(saved, (h[0].saved+h[1].saved)/2/float64(n))
		peak = append(peak, h[1].peak/1e6)
	}
	work, size := of(name, "second_half_cpu", "times", cpu...), of(name, "second_half_bytes", "times", bytes...)
	held := of(name, "peak_heap", "MB", peak...)
	goal := fmt.Sprintf("linear: <= %.1f", linear)
	return []row{
		of(name, unit, unit+"/s", rate...), of(name, "second_half_clock", "times", clock...),
		work.atMost(linear, work.Median, goal), size.atMost(linear, size.Median, goal),
		of(name, "journal_each", "bytes", each...), of(name, "snapshots_each", "bytes", saved...), held.atMost(heap, held.Median, fmt.Sprintf("<= %.0f", heap)),
	}, nil
}

// loop counts to a million, one pass at a time; with -quick to a tenth of that.
func (b *bench) loop() ([]row, error) {
	return b.endless("loop1m", "passes", "passes", b.pick(500_000, 50_000), 64)
}

// talk is a conversation of 100,000 turns; with -quick a tenth of that. Each call gets the last ten messages and adds one.
func (b *bench) talk() ([]row, error) {
	rows, err := b.endless("talk100k", "turns", "talk", b.pick(50_000, 5_000), 150)
	if err != nil {
		return nil, err
	}
	// Calls that get all that was said copy more each time, whatever the journal does: their bytes are the point.
	whole, err := b.endless("talk2k_whole", "turns", "whole", b.pick(1_000, 500), 64)
	if err != nil {
		return nil, err
	}
	for i := range whole {
		if whole[i].Metric == "second_half_cpu" {
			whole[i].goal = ""
		}
	}
	return append(rows, whole...), nil
}

// endlessDefinitions are the workflows of these cases.
func endlessDefinitions() []string {
	var docs []string
	for _, d := range []struct{ name, vars, while, body string }{
		{"passes", "n: 0", "vars.n < ", "set: {n: {add: 1}}"},
		{"talk", "said: []", "len(vars.said) < ", `call: say, args: {window: "${ vars.said[-10:] }"}, set: {said: {append: "${ result }"}}`},
		{"whole", "said: []", "len(vars.said) < ", `call: say, args: {window: "${ vars.said }"}, set: {said: {append: "${ result }"}}`},
	} {
		docs = append(docs, strings.NewReplacer("NAME", d.name, "VARS", d.vars, "WHILE", d.while, "BODY", d.body).Replace(`workflow: NAME
version: 1.0.0
input: {n: integer}
vars: {VARS}
nodes:
  - first: {loop: {while: "WHILE input.n"}, do: [{a: {BODY}}]}
  - half: {signal: half}
  - second: {loop: {while: "WHILE 2 * input.n"}, do: [{b: {BODY}}]}
  - end: {signal: end}
`))
	}
	return append(docs, `workflow: brood
version: 1.0.0
input: {n: integer}
nodes:
  - first: {foreach: {items: "${ 1..input.n }", mode: children, concurrency: 1000, collect: count}, do: [{a: {call: noop}}]}
  - half: {signal: half}
  - second: {foreach: {items: "${ 1..input.n }", mode: children, concurrency: 1000, collect: count}, do: [{b: {call: noop}}]}
  - end: {signal: end}
`)
}

// said is one message of some hundred bytes.
type said struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

func say(context.Context, struct{ Window []said }) (said, error) {
	return said{"assistant", strings.Repeat("words ", 20)}, nil
}
