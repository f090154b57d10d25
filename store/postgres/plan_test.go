package postgres_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
	"github.com/pawl-dev/pawl/store/postgres"
)

// TestLoadsFindEntriesByTheirKey: also where the server has not counted the journal yet, and then takes a whole read of it for
// the cheaper way.
func TestLoadsFindEntriesByTheirKey(t *testing.T) {
	database := servertest.Postgres(t)
	b := open(t, database)
	execute(t, admin(t, database), `INSERT INTO pawl.journal (execution, seq, at, sum, body)
		SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), k, 0, 0, '\x00' FROM generate_series(1, 4000) n, generate_series(1, 4) k`)
	ids, after := sqlstore.Column{Name: "id"}, sqlstore.Column{Name: "after_seq"}
	for n := range 300 {
		id := drivertest.Execution(n)
		ids.Bytes, after.Ints = append(ids.Bytes, id[:]), append(after.Ints, 0)
	}
	plan, err := postgres.Plan(t.Context(), b, "SELECT j.body FROM VALUES JOIN pawl.journal j ON j.execution = w.id AND j.seq > w.after_seq", ids, after)
	if err != nil || !strings.Contains(plan, "journal_pkey") || strings.Contains(plan, "Seq Scan") {
		t.Fatalf("%v\n%s", err, plan)
	}
}

// TestBlobOwnersPassTheManyBlobsOfOne: a listing reads stretches of the primary key, never the table, and what ends a stretch
// is not listed twice.
func TestBlobOwnersPassTheManyBlobsOfOne(t *testing.T) {
	database := servertest.Postgres(t)
	b := open(t, database)
	execute(t, admin(t, database), `INSERT INTO pawl.blobs (execution, sum, body)
		SELECT decode(lpad(to_hex(CASE WHEN n <= 2500 THEN 7 ELSE n END), 32, '0'), 'hex'), sha256(n::text::bytea), '\x00' FROM generate_series(1, 4001) n`)
	var want []record.ID
	for n := range 4002 {
		if n == 7 || n > 2500 {
			want = append(want, record.ID{14: byte(n >> 8), 15: byte(n)})
		}
	}
	for _, limit := range []int{1, 1000, 5000} {
		got, err := b.BlobOwners(t.Context(), record.ID{}, limit)
		if err != nil || !slices.Equal(got, want[:min(limit, len(want))]) {
			t.Fatalf("%d owners, want %d: %v", len(got), min(limit, len(want)), err)
		}
	}
	execute(t, admin(t, database), "ANALYZE pawl.blobs")
	none := sqlstore.Column{Name: "id", Bytes: [][]byte{{}}}
	plan, err := postgres.Plan(t.Context(), b, `SELECT b.execution FROM pawl.blobs b, VALUES WHERE b.execution > '\x07' ORDER BY b.execution LIMIT 1000`, none)
	if err != nil || !strings.Contains(plan, "Index Only Scan using blobs_pkey") || strings.Contains(plan, "Sort") {
		t.Fatalf("%v\n%s", err, plan)
	}
}
