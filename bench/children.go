package main

import (
	"context"

	pawl "github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/record"
)

// plain is how many times the work of an execution of one step a child of one step may cost.
const plain = 2.5

// children starts a million executions from the items of two foreach, one after the other; with -quick 20,000. The
// parent is to have a counter of them and no list: its journal and the heap say so. As many plain executions of the same
// step, in the same run, say what a child costs.
func (b *bench) children() ([]row, error) {
	n := b.pick(500_000, 10_000)
	alone, spent, err := b.alone(min(2*n, 100_000))
	if err != nil {
		return nil, err
	}
	var parent float64
	h, err := b.halves("brood", n, func(r *rig, run *pawl.Run) error {
		parent, err = r.journalOf(b.ctx, run.ID())
		return err
	})
	if err != nil {
		return nil, err
	}
	const name = "children1m"
	rate := 2 * float64(n) / (h[0].seconds + h[1].seconds)
	cost, work := ratio(alone, rate), ratio(h[1].cpu, h[0].cpu)
	cpu := ratio((h[0].cpu+h[1].cpu)/2/float64(n), spent)
	each, heap := parent/2/float64(n), ratio(h[1].peak, h[0].peak)
	return []row{
		of(name, "children", "children/s", rate), of(name, "plain_executions", "executions/s", alone),
		of(name, "time_per_child_to_plain", "times", cost).atMost(plain, cost, "<= 2.5"),
		of(name, "cpu_per_child_to_plain", "times", cpu).atMost(plain, cpu, "<= 2.5"),
		of(name, "second_half_cpu", "times", work).atMost(linear, work, "linear: <= 1.3"),
		of(name, "parent_journal_each", "bytes", each).atMost(32, each, "<= 32"),
		of(name, "peak_heap", "MB", h[1].peak/1e6), of(name, "second_half_heap", "times", heap).atMost(linear, heap, "flat: <= 1.3"),
	}, nil
}

// alone runs so many executions of one step, a thousand in flight: their rate, and the processor's time for each.
func (b *bench) alone(n int) (rate, cpu float64, err error) {
	r, err := b.open(b.anew(), false, pawl.Options{})
	if err != nil {
		return 0, 0, err
	}
	defer r.close()
	before := cpuSeconds()
	took, err := r.load(b.ctx, "chain1", n, 1000)
	return ratio(float64(n), took.Seconds()), (cpuSeconds() - before) / float64(n), err
}

// journalOf is the size of the journal of one execution.
func (r *rig) journalOf(ctx context.Context, id string) (bytes float64, err error) {
	of, err := record.ParseID(id)
	if err != nil {
		return 0, err
	}
	for from := uint64(1); ; {
		entries, err := r.m.Journal(ctx, of, from, 1000)
		if err != nil || len(entries) == 0 {
			return bytes, err
		}
		for _, e := range entries {
			bytes += float64(len(e.Body))
		}
		from = entries[len(entries)-1].Seq + 1
	}
}
