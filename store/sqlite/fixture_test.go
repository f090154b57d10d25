package sqlite_test

import (
	"context"
	"fmt"
	"testing"

	lite "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

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

// claimAll takes every shard from whoever has it.
func claimAll(ctx context.Context, b store.Backend, owner record.Owner) (*user, error) {
	u := &user{Backend: b, ctx: ctx, owner: owner}
	rows, err := b.Claims(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		f, err := b.Claim(ctx, row.Shard, row, owner)
		if err != nil {
			return nil, err
		}
		u.fences = append(u.fences, f)
	}
	return u, nil
}

func newUser(t testing.TB, b store.Backend, owner byte) *user {
	t.Helper()
	u, err := claimAll(t.Context(), b, record.Owner{owner, 1})
	if err != nil {
		t.Fatal(err)
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
		t.Fatalf("%s %v %v %v", o.Result, o.Deposed, o.Rejected, o.Cause)
	}
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

// raw opens the file behind the store's back.
func raw(t testing.TB, path string) *lite.Conn {
	t.Helper()
	c, err := lite.OpenConn(path, lite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// rawText runs sql on the file and returns the first column of its last row.
func rawText(t testing.TB, c *lite.Conn, sql string) (got string) {
	t.Helper()
	err := sqlitex.ExecuteTransient(c, sql, &sqlitex.ExecOptions{ResultFunc: func(s *lite.Stmt) error {
		got = s.ColumnText(0)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return got
}
