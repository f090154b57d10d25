package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// bare drives a store without an engine: it owns every shard and commits through the lanes that an engine would use.
type bare struct {
	store.Backend
	self   record.Owner
	fences []record.Fence
	lanes  []bareLane
}

// bareLane counts what went through one lane, and the parts of the shards that use it.
type bareLane struct {
	number uint64
	parts  map[record.Shard]uint64
}

func openBare(ctx context.Context, o store.Opener) (*bare, error) {
	b, err := o.Open(ctx)
	if err != nil {
		return nil, err
	}
	d := &bare{Backend: b, self: record.Owner{0xba, 1}}
	for range max(b.Info().Lanes, 1) {
		d.lanes = append(d.lanes, bareLane{parts: map[record.Shard]uint64{}})
	}
	claims, err := b.Claims(ctx)
	if err != nil {
		return nil, err
	}
	for _, seen := range claims {
		f, err := b.Claim(ctx, seen.Shard, seen, d.self)
		if err != nil {
			return nil, err
		}
		d.fences = append(d.fences, f)
	}
	return d, nil
}

// commit makes parts durable through a lane, under the fences of this owner.
func (d *bare) commit(ctx context.Context, lane int, parts []record.Part) error {
	l := &d.lanes[lane]
	l.number++
	for i := range parts {
		s := parts[i].Fence.Shard
		l.parts[s]++
		parts[i].Fence, parts[i].Number = d.fences[s], l.parts[s]
	}
	out := d.Commit(ctx, &store.Batch{Lane: store.Lane{Owner: d.self, Number: lane}, Number: l.number, Digest: l.number, Parts: parts})
	if out.Result != store.Committed {
		return fmt.Errorf("bare commit %d: %s deposed %v rejected %v: %w", l.number, out.Result, out.Deposed, out.Rejected, out.Cause)
	}
	return nil
}

// replay writes the batches that an engine wrote, rows, sizes, lanes and order alike, and says how many journal rows a
// second the driver alone gets through. The first sixth warms up, as the engine did.
func replay(ctx context.Context, o store.Opener, batches []store.Batch) (rows float64, err error) {
	d, err := openBare(ctx, o)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	warm, rest := make([][]store.Batch, len(d.lanes)), make([][]store.Batch, len(d.lanes))
	n := 0
	for i := range batches {
		lane := batches[i].Lane.Number
		if i < len(batches)/6 {
			warm[lane] = append(warm[lane], batches[i])
			continue
		}
		rest[lane] = append(rest[lane], batches[i])
		for j := range batches[i].Parts {
			n += len(batches[i].Parts[j].Entries)
		}
	}
	if err := d.through(ctx, warm); err != nil {
		return 0, err
	}
	began := time.Now()
	err = d.through(ctx, rest)
	return float64(n) / time.Since(began).Seconds(), err
}

// through commits the batches of each lane in order, all lanes at once.
func (d *bare) through(ctx context.Context, lanes [][]store.Batch) error {
	errs := make([]error, len(lanes))
	var all sync.WaitGroup
	for lane, batches := range lanes {
		all.Go(func() {
			for i := range batches {
				if errs[lane] = d.commit(ctx, lane, batches[i].Parts); errs[lane] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// single is a commit of one entry: the least that a durable transition can cost.
func (d *bare) single(ctx context.Context, id record.ID, seq uint64, body []byte, head *record.Head) error {
	s := id.Shard(len(d.fences))
	e := record.Entry{Execution: id, Seq: seq, At: time.Now().UnixMilli(), Body: body}
	e.Sum = e.Checksum()
	p := record.Part{Fence: record.Fence{Shard: s}, Entries: []record.Entry{e}}
	if head != nil {
		p.Heads = []record.Head{*head}
	}
	return d.commit(ctx, 0, []record.Part{p})
}
