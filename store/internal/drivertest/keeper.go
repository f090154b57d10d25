package drivertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Keeper is an owner of every shard with one lane, whose batches let executions grow by an entry each.
type Keeper struct {
	store.Backend
	Ctx    context.Context
	Owner  record.Owner
	Fences []record.Fence
	Number uint64 // of the last batch that is durable
}

// Claim takes every shard from whoever has it.
func Claim(ctx context.Context, b store.Backend, owner record.Owner) (*Keeper, error) {
	k := &Keeper{Backend: b, Ctx: ctx, Owner: owner}
	rows, err := b.Claims(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		f, err := b.Claim(ctx, row.Shard, row, owner)
		if err != nil {
			return nil, err
		}
		k.Fences = append(k.Fences, f)
	}
	return k, nil
}

// NewKeeper is [Claim] by an owner with a number.
func NewKeeper(t testing.TB, b store.Backend, owner byte) *Keeper {
	t.Helper()
	k, err := Claim(t.Context(), b, record.Owner{owner, 1})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Kept is the n-th execution of a keeper; consecutive ones lie in different shards.
func Kept(n int) record.ID {
	return record.NewID(1_700_000_000_000+int64(n), uint64(n), uint16(n))
}

// Signed is an entry that says which batch wrote it.
func Signed(id record.ID, seq uint64, batch uint64, size int) record.Entry {
	body := fmt.Appendf([]byte{record.CodecPlain}, "%020d", batch)
	body = append(body, make([]byte, max(0, size-len(body)))...)
	return record.Entry{Execution: id, Seq: seq, At: int64(batch), Sum: record.Checksum(body), Body: body}
}

// Growth is the next batch: one more entry for each id. The first entry of an execution brings its head.
func (k *Keeper) Growth(seq uint64, size int, ids ...record.ID) *store.Batch {
	b := &store.Batch{Lane: store.Lane{Owner: k.Owner}, Number: k.Number + 1, Digest: k.Number + 1000}
	for _, id := range ids {
		p := record.Part{Fence: k.Fences[id.Shard(len(k.Fences))], Entries: []record.Entry{Signed(id, seq, b.Number, size)}}
		if seq == 1 {
			p.Heads = []record.Head{{
				Execution: id, Insert: true, Namespace: "default", Workflow: "order", Version: "1", Status: "running", Started: 1,
			}}
		}
		b.Parts = append(b.Parts, p)
	}
	return b
}

// Try commits b and counts it.
func (k *Keeper) Try(b *store.Batch) store.Outcome {
	o := k.Commit(k.Ctx, b)
	if o.Result == store.Committed {
		k.Number = b.Number
	}
	return o
}

// Grow makes the next batch durable.
func (k *Keeper) Grow(t testing.TB, seq uint64, size int, ids ...record.ID) {
	t.Helper()
	if o := k.Try(k.Growth(seq, size, ids...)); o.Result != store.Committed {
		t.Fatal(Describe(o))
	}
}

// Whole returns all entries of id and wants them whole: no gap, sums that fit.
func (k *Keeper) Whole(t testing.TB, id record.ID) []record.Entry {
	t.Helper()
	all, err := k.Journal(k.Ctx, id, 1, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range all {
		if e.Seq != uint64(i)+1 || record.Checksum(e.Body) != e.Sum {
			t.Fatalf("%s: entry %d of %d, sum fits: %v", id, e.Seq, i+1, record.Checksum(e.Body) == e.Sum)
		}
	}
	return all
}

// Describe is an outcome for a message of a test.
func Describe(o store.Outcome) string {
	return fmt.Sprintf("%s deposed=%v rejected=%v winner=%d cause=%v", o.Result, o.Deposed, o.Rejected, o.Winner, o.Cause)
}
