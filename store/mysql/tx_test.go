package mysql_test

import (
	"database/sql"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/mysql"
)

// TestTxSendsWithTheCallersTransaction: nothing is to be seen before the commit, nothing ever after a rollback, and bytes
// arrive as they are although the caller's session has a character set and its own rules.
func TestTxSendsWithTheCallersTransaction(t *testing.T) {
	d := servertest.MySQL(t)
	u := newUser(opened(t, d), 1)
	var name string
	if err := d.Admin.QueryRowContext(t.Context(), "SELECT DATABASE()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, 256)
	for i := range body {
		body[i] = byte(i)
	}
	m := record.Message{ID: record.MessageID{From: drivertest.Execution(7)}, Shard: 3, Namespace: "ä'\\ ", To: drivertest.Execution(3), At: 5, Body: body}
	for _, where := range [][]mysql.Option{nil, {mysql.Database(name)}} {
		for _, end := range []func(*sql.Tx) error{(*sql.Tx).Rollback, (*sql.Tx).Commit} {
			tx, err := d.Admin.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := mysql.Tx(tx, where...).Send(t.Context(), []record.Message{m, m}); err != nil {
				t.Fatal(err)
			}
			u.waits(t, 3, 0)
			if err := end(tx); err != nil {
				t.Fatal(err)
			}
		}
		got := u.waits(t, 3, 1)
		if got[0].Namespace != m.Namespace || string(got[0].Body) != string(body) || got[0].To != m.To || got[0].At != 5 {
			t.Fatalf("got %+v", got[0])
		}
		u.Write(t, record.Part{Fence: u.Hold(t, 3), Takes: []record.MessageID{m.ID}})
	}
}

// waits wants n messages in the inbox of a shard.
func (u *user) waits(t testing.TB, s record.Shard, n int) []record.Message {
	t.Helper()
	all, err := u.Inbox(t.Context(), s, 10)
	if err != nil || len(all) != n {
		t.Fatalf("%d messages, want %d: %v", len(all), n, err)
	}
	return all
}
