package crashtest

import (
	"bytes"
	"context"
	"fmt"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// journal is one execution as its journal tells it.
type journal struct {
	id      record.ID
	key     string
	signals int
	end     string // status; "" while open
	state   *kernel.State
	saves   [][]byte // after each entry

	ended map[string]bool  // steps
	waits map[string]int64 // when the timer of a waiting step is due
	begun map[string]int   // attempts
}

// execution reads and judges one journal: I2, I4, I8, I15, I22, I23.
func (b *Book) execution(ctx context.Context, s store.Backend, h *record.Head) (*journal, error) {
	entries, err := s.Journal(ctx, h.Execution, 1, 1<<20)
	if err != nil {
		return nil, err
	}
	j := &journal{id: h.Execution, key: h.Key, state: kernel.New(), ended: map[string]bool{}, waits: map[string]int64{}, begun: map[string]int{}}
	b.immutable(j, entries)
	for i := range entries {
		if err := b.entry(j, &entries[i]); err != nil {
			b.fail("I22", "%s entry %d: %v", j.id, entries[i].Seq, err)
			return j, nil
		}
	}
	for step := range j.ended {
		b.over[j.id.String()+"/"+step] = true
	}
	b.steps[j.id.String()] = j.begun
	b.head(j, h)
	return j, b.loaded(ctx, s, j)
}

// immutable checks I2: no gaps, right checksums, and nothing that was seen before has changed or gone.
func (b *Book) immutable(j *journal, entries []record.Entry) {
	seen := b.journals[j.id]
	if len(entries) < len(seen) {
		b.fail("I2", "%s had %d entries and has %d", j.id, len(seen), len(entries))
	}
	sums := make([]uint32, len(entries))
	for i := range entries {
		e := &entries[i]
		sums[i] = e.Sum
		if e.Seq != uint64(i)+1 {
			b.fail("I2", "%s: entry %d at place %d", j.id, e.Seq, i+1)
		}
		if e.Checksum() != e.Sum {
			b.fail("I2", "%s: entry %d has a wrong checksum", j.id, e.Seq)
		}
		if i < len(seen) && seen[i] != e.Sum {
			b.fail("I2", "%s: entry %d has changed", j.id, e.Seq)
		}
		if i > 0 && e.At < entries[i-1].At {
			b.fail("I2", "%s: entry %d is older than the one before", j.id, e.Seq)
		}
	}
	b.journals[j.id] = sums
}

func (b *Book) entry(j *journal, e *record.Entry) error {
	if len(e.Body) == 0 || e.Body[0] != record.CodecPlain {
		return fmt.Errorf("no codec byte")
	}
	ops, err := kernel.Decode(e.Body[1:])
	if err != nil {
		return err
	}
	if err := kernel.Apply(j.state, e.Seq, e.At, ops); err != nil {
		return err
	}
	j.saves = append(j.saves, kernel.Save(nil, j.state))
	for _, v := range kernel.Events(nil, e.Seq, e.At, ops) {
		b.event(j, &v)
	}
	return nil
}

func (b *Book) event(j *journal, v *kernel.Event) {
	if j.end != "" {
		b.fail("I15", "%s: %s in entry %d after the end", j.id, v.Type, v.Seq)
	}
	switch v.Type {
	case "attempt_started":
		if j.ended[v.Step] {
			b.fail("I4", "%s: %s starts again in entry %d", j.id, v.Step, v.Seq)
		}
		if v.Attempt != j.begun[v.Step]+1 {
			b.fail("I24", "%s: attempt %d of %s follows %d", j.id, v.Attempt, v.Step, j.begun[v.Step])
		}
		j.begun[v.Step] = v.Attempt
	case "wait_started":
		if len(v.Signals) == 0 {
			j.waits[v.Step] = v.Until
		}
	case "step_completed", "step_failed", "step_cancelled", "step_skipped":
		if j.ended[v.Step] {
			b.fail("I4", "%s: %s ends again in entry %d", j.id, v.Step, v.Seq)
		}
		j.ended[v.Step] = true
		if v.Type == "step_completed" && v.At < j.waits[v.Step] {
			b.fail("I8", "%s: the timer of %s fired %d ms early", j.id, v.Step, j.waits[v.Step]-v.At)
		}
	case "signal_received":
		j.signals++
	case "completed", "failed", "cancelled", "terminated":
		j.end = v.Type
	}
}

// head compares the searchable row with the journal at the end, and next_at always.
func (b *Book) head(j *journal, h *record.Head) {
	if h.NextAt > j.state.NextAt() && !j.state.Status().Closed() {
		b.fail("next_at", "%s: stored %d, true %d", j.id, h.NextAt, j.state.NextAt())
	}
	if j.end != "" && h.Status != j.end || (j.end == "") != (h.Ended == 0) {
		b.fail("I29", "%s: head %s ended %d, journal %q", j.id, h.Status, h.Ended, j.end)
	}
}

// loaded checks I22 and I23 on what a new owner would be given.
func (b *Book) loaded(ctx context.Context, s store.Backend, j *journal) error {
	list, err := s.Load(ctx, j.id.Shard(s.Info().Shards), []record.ID{j.id})
	if err != nil {
		return err
	}
	if len(list) != 1 {
		b.fail("I1", "%s: found by search and not loaded", j.id)
		return nil
	}
	snap := list[0].Snapshot
	if snap == nil {
		return nil
	}
	if snap.Seq == 0 || snap.Seq > uint64(len(j.saves)) {
		b.fail("I23", "%s: a snapshot at %d of %d entries", j.id, snap.Seq, len(j.saves))
		return nil
	}
	if !bytes.Equal(snap.Body[1:], j.saves[snap.Seq-1]) {
		b.fail("I22", "%s: the snapshot at %d is not the fold", j.id, snap.Seq)
	}
	return nil
}
