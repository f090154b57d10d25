package redis_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// user commits to a store as an engine would: it owns every shard and counts its lane.
type user struct {
	store.Backend
	ctx    context.Context
	owner  record.Owner
	fences []record.Fence
	number uint64
}

// newUser takes every shard from whoever has it.
func newUser(t testing.TB, b store.Backend, owner byte) *user {
	t.Helper()
	u := &user{Backend: b, ctx: t.Context(), owner: record.Owner{owner, 1}}
	rows, err := b.Claims(u.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		f, err := b.Claim(u.ctx, row.Shard, row, u.owner)
		if err != nil {
			t.Fatal(err)
		}
		u.fences = append(u.fences, f)
	}
	return u
}

// execution is the n-th execution; consecutive ones lie in different shards.
func execution(n int) record.ID {
	return record.NewID(1_700_000_000_000+int64(n), uint64(n), uint16(n))
}

// entry is an entry that says which batch wrote it.
func entry(id record.ID, seq uint64, batch uint64, size int) record.Entry {
	body := fmt.Appendf([]byte{record.CodecPlain}, "%020d", batch)
	body = append(body, make([]byte, max(0, size-len(body)))...)
	return record.Entry{Execution: id, Seq: seq, At: int64(batch), Sum: record.Checksum(body), Body: body}
}

// batch is the next batch: one more entry for each id. The first entry of an execution brings its head.
func (u *user) batch(seq uint64, size int, ids ...record.ID) *store.Batch {
	b := &store.Batch{Lane: store.Lane{Owner: u.owner}, Number: u.number + 1, Digest: u.number + 1000}
	for _, id := range ids {
		p := record.Part{Fence: u.fences[id.Shard(len(u.fences))], Entries: []record.Entry{entry(id, seq, b.Number, size)}}
		if seq == 1 {
			p.Heads = []record.Head{{
				Execution: id, Insert: true, Namespace: "default", Workflow: "order", Version: "1", Status: "running", Started: 1,
			}}
		}
		b.Parts = append(b.Parts, p)
	}
	return b
}

// send commits b and counts it.
func (u *user) send(b *store.Batch) store.Outcome {
	o := u.Commit(u.ctx, b)
	if o.Result == store.Committed {
		u.number = b.Number
	}
	return o
}

// commit makes the next batch durable.
func (u *user) commit(t testing.TB, seq uint64, size int, ids ...record.ID) {
	t.Helper()
	if o := u.send(u.batch(seq, size, ids...)); o.Result != store.Committed {
		t.Fatal(describe(o))
	}
}

func describe(o store.Outcome) string {
	return fmt.Sprintf("%s deposed=%v rejected=%v winner=%d cause=%v", o.Result, o.Deposed, o.Rejected, o.Winner, o.Cause)
}

// journal returns all entries of id and wants them whole: no gap, sums that fit.
func (u *user) journal(t testing.TB, id record.ID) []record.Entry {
	t.Helper()
	all, err := u.Journal(u.ctx, id, 1, 1<<20)
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
