package sqlite_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// TestF36_EveryOlderSchemaIsBroughtUp opens files of every version there ever was.
func TestF36_EveryOlderSchemaIsBroughtUp(t *testing.T) {
	for n := 1; n <= sqlite.Migrations(); n++ {
		path := filepath.Join(t.TempDir(), "pawl.db")
		incarnation, err := sqlite.CreateOlder(path, n)
		if err != nil {
			t.Fatal(err)
		}
		b := open(t, path)
		if b.Info().Incarnation != incarnation {
			t.Error("a migration must not look like a restore")
		}
		drivertest.NewKeeper(t, b, 1).Grow(t, 1, 10, drivertest.Kept(1))
		b.Close()
		if got := rawText(t, raw(t, path), "PRAGMA user_version"); got != fmt.Sprint(sqlite.Migrations()) {
			t.Errorf("version %s", got)
		}
	}
}

// TestF36_JournalsSurviveEveryMigration writes a journal as the first program did.
func TestF36_JournalsSurviveEveryMigration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl.db")
	if _, err := sqlite.CreateOlder(path, 1); err != nil {
		t.Fatal(err)
	}
	old, id := raw(t, path), drivertest.Kept(3)
	rawText(t, old, fmt.Sprintf("INSERT INTO executions VALUES (x'%x', 3, 'default', 'order', '1', '', NULL, 'running', '', '', 1, 0, 0)", id[:]))
	var want []record.Entry
	for seq := uint64(1); seq <= 50; seq++ {
		e := drivertest.Signed(id, seq, seq, 700)
		want = append(want, e)
		rawText(t, old, fmt.Sprintf("INSERT INTO journal VALUES (x'%x', %d, %d, %d, x'%x')", id[:], e.Seq, e.At, e.Sum, e.Body))
	}
	b := open(t, path)
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	if got := u.Whole(t, id); !reflect.DeepEqual(got, want) {
		t.Fatalf("%d entries, want the %d that were there", len(got), len(want))
	}
	u.Grow(t, 51, 10, id)
}

func TestF36_NewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl.db")
	open(t, path).Close()
	rawText(t, raw(t, path), "PRAGMA user_version = 99")
	_, err := sqlite.Open(path).Open(t.Context())
	if !errors.Is(err, store.ErrNewer) || !strings.Contains(err.Error(), "99") {
		t.Fatalf("got %v", err)
	}
	rawText(t, raw(t, path), fmt.Sprintf("PRAGMA user_version = %d", sqlite.Migrations()))
	open(t, path).Close() // refusing has changed nothing, and holds nothing
}

func TestDatabasesOfOthersAreRefused(t *testing.T) {
	for _, sql := range []string{"CREATE TABLE customers (name TEXT)", "PRAGMA application_id = 7", "PRAGMA user_version = 3"} {
		path := filepath.Join(t.TempDir(), "other.db")
		write(t, path, nil)
		rawText(t, raw(t, path), sql)
		_, err := sqlite.Open(path).Open(t.Context())
		if err == nil || !strings.Contains(err.Error(), "another program") {
			t.Errorf("%s: got %v", sql, err)
		}
		if got := rawText(t, raw(t, path), "SELECT count(*) FROM sqlite_schema WHERE name = 'journal'"); got != "0" {
			t.Errorf("%s: the file was changed", sql)
		}
	}
}

// TestOldLanesAreDropped: every start of a program leaves a lane; they do not pile up for ever.
func TestOldLanesAreDropped(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl.db")
	b := open(t, path, sqlite.Unsynced())
	for n := range 1100 {
		l := store.Lane{Owner: record.Owner{byte(n), byte(n >> 8), 1}}
		if o := b.Commit(t.Context(), &store.Batch{Lane: l, Number: 1, Digest: 7}); o.Result != store.Committed {
			t.Fatal(o)
		}
	}
	b.Close()
	b = open(t, path)
	defer b.Close()
	if got := rawText(t, raw(t, path), "SELECT count(*) FROM lanes"); got != "1000" {
		t.Fatalf("%s lanes", got)
	}
	recent := store.Lane{Owner: record.Owner{byte(1099 & 0xff), byte(1099 >> 8), 1}}
	if o := b.Commit(t.Context(), &store.Batch{Lane: recent, Number: 1, Digest: 7}); o.Result != store.Committed {
		t.Fatalf("the last lane is forgotten: %s %v", o.Result, o.Cause)
	}
}
