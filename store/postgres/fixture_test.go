package postgres_test

import (
	"context"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/postgres"
)

// user is an owner at work.
type user struct{ *drivertest.Scribe }

func newUser(b store.Backend, n byte) *user { return &user{drivertest.NewScribe(b, n)} }

// append is a part with one more entry.
func (u *user) append(t testing.TB, id record.ID, seq uint64) record.Part {
	t.Helper()
	return u.More(t, id, seq, seq, 30)
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
	u.Write(t, u.Start(t, id))
	u.Write(t, u.append(t, id, 2))
}
