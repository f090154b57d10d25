package postgres_test

import (
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/storetest"
)

var schemas atomic.Int64

// inSchema is the URL of a schema of its own in the database at u.
func inSchema(t testing.TB, u string) string {
	t.Helper()
	p, err := url.Parse(u)
	if err != nil {
		t.Fatal(err)
	}
	q := p.Query()
	q.Set("schema", fmt.Sprintf("s%d", schemas.Add(1)))
	p.RawQuery = q.Encode()
	return p.String()
}

func open(t testing.TB, u string, opts ...postgres.Option) store.Backend {
	t.Helper()
	b, err := postgres.Open(u, opts...).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func conform(t *testing.T, opts ...postgres.Option) {
	u := inSchema(t, servertest.Postgres(t))
	open(t, u, opts...).Close()
	c := admin(t, u)
	storetest.Run(t,
		func(t *testing.T) store.Backend {
			emptied(t, c)
			return open(t, u, opts...)
		},
		storetest.Reopen(func(t *testing.T, b store.Backend) store.Backend {
			b.Close()
			return open(t, u, opts...)
		}))
}

// emptied makes the only store of a database as if it were new: making its tables takes longer than most tests, and so
// does TRUNCATE, which makes files.
func emptied(t testing.TB, c *pgx.Conn) {
	t.Helper()
	execute(t, c, `DO $$ DECLARE t record; BEGIN
		FOR t IN SELECT schemaname, tablename FROM pg_tables WHERE tablename NOT IN ('meta', 'migrations', 'shards')
			AND schemaname = (SELECT schemaname FROM pg_tables WHERE tablename = 'shards') LOOP
			EXECUTE format('DELETE FROM %I.%I', t.schemaname, t.tablename);
		END LOOP;
		FOR t IN SELECT schemaname FROM pg_tables WHERE tablename = 'shards' LOOP
			EXECUTE format('UPDATE %I.shards SET epoch = 0, owner = decode(repeat(''00'', 16), ''hex'')', t.schemaname);
		END LOOP;
	END $$`)
}

func TestConformance(t *testing.T) { conform(t) }

// TestConformanceWithoutPreparedStatements is what a pooler of transactions needs.
func TestConformanceWithoutPreparedStatements(t *testing.T) {
	if testing.Short() {
		t.Skip("the same again")
	}
	conform(t, postgres.Pooler())
}
