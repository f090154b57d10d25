package postgres_test

import (
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"

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
	database := servertest.Postgres(t)
	at := map[store.Backend]string{}
	storetest.Run(t,
		func(t *testing.T) store.Backend {
			u := inSchema(t, database)
			b := open(t, u, opts...)
			at[b] = u
			return b
		},
		storetest.Reopen(func(t *testing.T, b store.Backend) store.Backend {
			u := at[b]
			b.Close()
			again := open(t, u, opts...)
			at[again] = u
			return again
		}))
}

func TestConformance(t *testing.T) { conform(t) }

// TestConformanceWithoutPreparedStatements is what a pooler of transactions needs.
func TestConformanceWithoutPreparedStatements(t *testing.T) {
	if testing.Short() {
		t.Skip("the same again")
	}
	conform(t, postgres.Pooler())
}
