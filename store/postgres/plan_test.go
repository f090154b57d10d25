package postgres_test

import (
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
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
		id := execution(n)
		ids.Bytes, after.Ints = append(ids.Bytes, id[:]), append(after.Ints, 0)
	}
	plan, err := postgres.Plan(t.Context(), b, "SELECT j.body FROM VALUES JOIN pawl.journal j ON j.execution = w.id AND j.seq > w.after_seq", ids, after)
	if err != nil || !strings.Contains(plan, "journal_pkey") || strings.Contains(plan, "Seq Scan") {
		t.Fatalf("%v\n%s", err, plan)
	}
}
