package main

import (
	"context"
	"fmt"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// bare drives a store without an engine: it owns every shard and commits through one lane.
type bare struct {
	store.Backend
	self   record.Owner
	fences []record.Fence
	number uint64
	parts  map[record.Shard]uint64
}

func openBare(ctx context.Context, o store.Opener) (*bare, error) {
	b, err := o.Open(ctx)
	if err != nil {
		return nil, err
	}
	d := &bare{Backend: b, self: record.Owner{0xba, 1}, parts: map[record.Shard]uint64{}}
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

// commit makes parts durable under the fences of this owner.
func (d *bare) commit(ctx context.Context, parts []record.Part) error {
	d.number++
	for i := range parts {
		s := parts[i].Fence.Shard
		d.parts[s]++
		parts[i].Fence, parts[i].Number = d.fences[s], d.parts[s]
	}
	out := d.Commit(ctx, &store.Batch{Lane: store.Lane{Owner: d.self}, Number: d.number, Digest: d.number, Parts: parts})
	if out.Result != store.Committed {
		return fmt.Errorf("bare commit %d: %s deposed %v rejected %v: %w", d.number, out.Result, out.Deposed, out.Rejected, out.Cause)
	}
	return nil
}

// replay writes the batches that an engine wrote, rows, sizes and order alike, and says how many journal rows a
// second the driver alone gets through.
func replay(ctx context.Context, o store.Opener, batches []store.Batch) (rows float64, err error) {
	d, err := openBare(ctx, o)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	n := 0
	began := time.Now()
	for i := range batches {
		if i == len(batches)/6 { // until here it warmed up, as the engine did
			n, began = 0, time.Now()
		}
		for j := range batches[i].Parts {
			n += len(batches[i].Parts[j].Entries)
		}
		if err := d.commit(ctx, batches[i].Parts); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(began).Seconds(), nil
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
	return d.commit(ctx, []record.Part{p})
}
