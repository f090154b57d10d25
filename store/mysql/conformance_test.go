package mysql_test

import (
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/mysql"
	"github.com/pawl-dev/pawl/store/storetest"
)

func open(t testing.TB, url string, opts ...mysql.Option) store.Backend {
	t.Helper()
	b, err := mysql.Open(url, opts...).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// emptied opens one database again and again, as if it were new: making its tables takes longer than most tests.
func emptied(t testing.TB, d *servertest.MySQLDatabase) store.Backend {
	t.Helper()
	tx, err := d.Admin.BeginTx(t.Context(), nil) // one flush, not one for each table
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{
		"lanes", "members", "executions", "tags", "journal", "snapshots", "blobs", "inbox", "start_keys", "answers", "versions",
		"workflows", "data_keys", "shards",
	} {
		if _, err := tx.ExecContext(t.Context(), "DELETE FROM "+table); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return open(t, d.URL)
}

func TestConformance(t *testing.T) {
	d := servertest.MySQL(t)
	open(t, d.URL).Close()
	storetest.Run(t,
		func(t *testing.T) store.Backend { return emptied(t, d) },
		storetest.Reopen(func(t *testing.T, b store.Backend) store.Backend {
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, d.URL)
		}))
}
