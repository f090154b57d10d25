package postgres_test

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/postgres"
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

// next is the batch that follows.
func (u *user) next(parts ...record.Part) *store.Batch {
	return &store.Batch{Lane: store.Lane{Owner: u.owner}, Number: u.number + 1, Digest: u.number + 100, Parts: parts}
}

// commit makes parts durable.
func (u *user) commit(t testing.TB, parts ...record.Part) {
	t.Helper()
	u.committed(t, u.next(parts...))
}

func (u *user) committed(t testing.TB, b *store.Batch) {
	t.Helper()
	if o := u.Commit(t.Context(), b); o.Result != store.Committed {
		t.Fatalf("%s deposed=%v rejected=%v cause=%v", o.Result, o.Deposed, o.Rejected, o.Cause)
	}
	u.number = b.Number
}

// start is a part that starts an execution with one entry.
func (u *user) start(t testing.TB, id record.ID) record.Part {
	t.Helper()
	h := record.Head{Execution: id, Insert: true, Namespace: "default", Workflow: "order", Version: "1", Status: "running"}
	return record.Part{Fence: u.claim(t, id.Shard(64)), Heads: []record.Head{h}, Entries: []record.Entry{entry(id, 1)}}
}

// append is a part with one more entry.
func (u *user) append(t testing.TB, id record.ID, seq uint64) record.Part {
	t.Helper()
	return record.Part{Fence: u.claim(t, id.Shard(64)), Entries: []record.Entry{entry(id, seq)}}
}

func execution(n int) record.ID { return record.NewID(int64(n), uint64(n), uint16(n%64)) }

func entry(id record.ID, seq uint64) record.Entry {
	e := record.Entry{Execution: id, Seq: seq, At: int64(seq), Body: bytes.Repeat([]byte{0, 0xff, byte(seq)}, 10)}
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
			t.Fatalf("entry %d is number %d", i+1, all[i].Seq)
		}
	}
}

// proxied opens the store at a URL through a proxy.
func proxied(t testing.TB, database string, opts ...postgres.Option) (store.Backend, *servertest.Proxy) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	p := servertest.NewProxy(t, u.Host)
	_, port, _ := net.SplitHostPort(p.Addr().String())
	u.Host = net.JoinHostPort("127.0.0.1", port)
	return open(t, u.String(), opts...), p
}

// admin is a connection beside the store.
func admin(t testing.TB, database string) *pgx.Conn {
	t.Helper()
	plain, _, _ := strings.Cut(database, "?")
	conn, err := pgx.Connect(t.Context(), plain)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func execute(t testing.TB, c *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// begin starts an execution of two entries: one commit of each kind, so that the connection has prepared both.
func (u *user) begin(t testing.TB, id record.ID) {
	t.Helper()
	u.commit(t, u.start(t, id))
	u.commit(t, u.append(t, id, 2))
}
