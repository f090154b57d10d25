package postgres_test

import (
	"errors"
	"net/url"
	"os"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/storetest"
)

// TestConformanceThroughAPooler runs through the PgBouncer that PAWL_TEST_PGBOUNCER names (host:port), with
// pool_mode=transaction and every database of the tests' server behind it.
func TestConformanceThroughAPooler(t *testing.T) {
	addr := os.Getenv("PAWL_TEST_PGBOUNCER")
	if addr == "" {
		servertest.Absent(t, "pgbouncer", errors.New("PAWL_TEST_PGBOUNCER is not set"))
	}
	u, err := url.Parse(servertest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	u.Host = addr
	storetest.Run(t, func(t *testing.T) store.Backend { return open(t, inSchema(t, u.String()), postgres.Pooler()) })
}
