package mysql_test

import (
	"bytes"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/mysql"
)

// user is an owner with one lane.
type user struct {
	store.Backend
	owner  record.Owner
	number uint64
	fences map[record.Shard]record.Fence
}

func newUser(b store.Backend, n byte) *user {
	return &user{Backend: b, owner: record.Owner{n}, fences: map[record.Shard]record.Fence{}}
}

// claim takes a shard, whoever has it.
func (u *user) claim(t testing.TB, s record.Shard) record.Fence {
	t.Helper()
	if f, ok := u.fences[s]; ok {
		return f
	}
	rows, err := u.Claims(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f, err := u.Claim(t.Context(), s, rows[s], u.owner)
	if err != nil {
		t.Fatal(err)
	}
	u.fences[s] = f
	return f
}

// next is the batch that follows, of the shard's parts.
func (u *user) next(parts ...record.Part) *store.Batch {
	return &store.Batch{Lane: store.Lane{Owner: u.owner}, Number: u.number + 1, Digest: u.number + 100, Parts: parts}
}

// commit makes parts durable.
func (u *user) commit(t testing.TB, parts ...record.Part) {
	t.Helper()
	if o := u.Commit(t.Context(), u.next(parts...)); o.Result != store.Committed {
		t.Fatalf("%s %v %v %v", o.Result, o.Deposed, o.Rejected, o.Cause)
	}
	u.number++
}

// start is a part that starts an execution with one entry.
func (u *user) start(t testing.TB, id record.ID) record.Part {
	t.Helper()
	h := record.Head{Execution: id, Insert: true, Namespace: "default", Workflow: "order", Version: "1", Status: "running"}
	return record.Part{Fence: u.claim(t, id.Shard(64)), Heads: []record.Head{h}, Entries: []record.Entry{entry(id, 1, 100)}}
}

// append is a part with entries from to to.
func (u *user) append(t testing.TB, id record.ID, from, to uint64, size int) record.Part {
	t.Helper()
	p := record.Part{Fence: u.claim(t, id.Shard(64))}
	for seq := from; seq <= to; seq++ {
		p.Entries = append(p.Entries, entry(id, seq, size))
	}
	return p
}

func execution(n int) record.ID { return record.NewID(int64(n), uint64(n), uint16(n%64)) }

func entry(id record.ID, seq uint64, size int) record.Entry {
	e := record.Entry{Execution: id, Seq: seq, At: int64(seq), Body: bytes.Repeat([]byte{0, '\'', '\\', 0xff, byte(seq), 'a', 'b', '\n'}, size/8+1)[:size]}
	e.Sum = e.Checksum()
	return e
}

// length wants the journal of id to be entries 1..n, whole.
func (u *user) length(t testing.TB, id record.ID, n int) {
	t.Helper()
	all, err := u.Journal(t.Context(), id, 1, n+10)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != n {
		t.Fatalf("%d entries, want %d", len(all), n)
	}
	for i := range all {
		if all[i].Seq != uint64(i)+1 || all[i].Sum != all[i].Checksum() {
			t.Fatalf("entry %d is number %d, of %d bytes", i+1, all[i].Seq, len(all[i].Body))
		}
	}
}

// proxied opens a store through a proxy.
func proxied(t testing.TB, d *servertest.MySQLDatabase) (store.Backend, *servertest.Proxy) {
	t.Helper()
	p := servertest.NewProxy(t, d.Addr)
	b := open(t, d.Through(p.Addr()))
	t.Cleanup(func() { b.Close() })
	return b, p
}

func opened(t testing.TB, d *servertest.MySQLDatabase, opts ...mysql.Option) store.Backend {
	t.Helper()
	b := open(t, d.URL, opts...)
	t.Cleanup(func() { b.Close() })
	return b
}
