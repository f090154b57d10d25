package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/store"
)

func TestVersionsThatCorruptFilesAreRefused(t *testing.T) {
	for number, ok := range map[int]bool{3_051_002: false, 3_050_099: false, 3_051_003: true, 3_052_000: true} {
		if err := checkVersion(number, "3.x"); (err == nil) != ok {
			t.Errorf("%d: %v", number, err)
		}
	}
	if err := checkVersion(lite.VersionNumber, lite.Version); err != nil {
		t.Errorf("the version we link: %v", err)
	}
}

// TestPreflightSeesEverySetting changes each setting behind the back of the preflight.
func TestPreflightSeesEverySetting(t *testing.T) {
	c := &config{path: filepath.Join(t.TempDir(), "pawl.db")}
	conn, err := c.connect(c.path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, wrong := range []string{"journal_mode=DELETE", "synchronous=NORMAL", "synchronous=OFF", "wal_autocheckpoint=1000", "mmap_size=1000000", "locking_mode=EXCLUSIVE"} {
		if err := c.pragmas(conn); err != nil {
			t.Fatal(err)
		}
		if err := preflight(conn, c.wanted()); err != nil {
			t.Fatalf("nothing is wrong, but: %v", err)
		}
		if err := exec(conn, "PRAGMA "+wrong); err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(wrong, "=")
		if err := preflight(conn, c.wanted()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", wrong, err)
		}
	}
}

// TestR17_FileInAnotherJournalModeIsSwitched: the mode is of the file, so a file that somebody switched must come
// back to WAL or be refused.
func TestR17_FileInAnotherJournalModeIsSwitched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl.db")
	s := mustOpen(t, path)
	s.Close()
	conn, err := lite.OpenConn(path, lite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	if err := exec(conn, "PRAGMA journal_mode=DELETE"); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	s = mustOpen(t, path)
	defer s.Close()
	if got, err := text(s.writer.conn, "PRAGMA journal_mode"); err != nil || got != "wal" {
		t.Fatalf("%q %v", got, err)
	}
}

func mustOpen(t *testing.T, path string, opts ...Option) *Store {
	t.Helper()
	b, err := Open(path, opts...).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b.(*Store)
}

func TestR17_WeakerSettingsSaySo(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "pawl.db"), SyncNormal())
	defer s.Close()
	if i := s.Info(); i.Durable || !strings.Contains(strings.Join(i.Warnings, "\n"), "power failure") {
		t.Errorf("%+v", i)
	}
	if got, err := text(s.writer.conn, "PRAGMA synchronous"); err != nil || got != "1" {
		t.Fatalf("%q %v", got, err)
	}
	dir := t.TempDir()
	full := mustOpen(t, filepath.Join(dir, "pawl.db"))
	defer full.Close()
	_, kind, err := filesystem(dir) // of some systems temporary folders lie in memory
	if i := full.Info(); err != nil || i.Durable != (kind == onDisk) || i.Durable != (len(i.Warnings) == 0) {
		t.Errorf("%+v, %v", i, err)
	}
}

// TestF26_ErrorsOfCommit: only where SQLite has certainly written no end of the transaction is a batch not committed.
func TestF26_ErrorsOfCommit(t *testing.T) {
	for code, want := range map[lite.ResultCode]store.Result{
		lite.ResultBusy: store.NotCommitted, lite.ResultFull: store.NotCommitted, lite.ResultBusySnapshot: store.NotCommitted,
		lite.ResultIOErrFsync: store.Unknown, lite.ResultIOErrWrite: store.Unknown, lite.ResultIOErrSHMSize: store.Unknown,
		lite.ResultCorrupt: store.Unknown, lite.ResultNoMem: store.Unknown,
	} {
		o := failedCommit(fmt.Errorf("step: %w", code.ToError()))
		if o.Result != want || o.Cause == nil {
			t.Errorf("%v: got %s %v", code, o.Result, o.Cause)
		}
	}
}

func TestErrorsAreTranslated(t *testing.T) {
	for code, want := range map[lite.ResultCode]error{
		lite.ResultFull: store.ErrFull, lite.ResultCorrupt: store.ErrCorrupt, lite.ResultCorruptVTab: store.ErrCorrupt, lite.ResultNotADB: store.ErrCorrupt,
	} {
		if err := classify(code.ToError()); !errors.Is(err, want) {
			t.Errorf("%v: %v", code, err)
		}
	}
	if err := classify(store.ErrClaimed); err != store.ErrClaimed {
		t.Errorf("got %v", err)
	}
	if classify(nil) != nil {
		t.Error("nothing became an error")
	}
}

// TestF36_FailedMigrationLeavesNothing: the second of two steps fails half-way, and is repaired by a later program.
func TestF36_FailedMigrationLeavesNothing(t *testing.T) {
	c := &config{path: filepath.Join(t.TempDir(), "x.db")}
	conn, err := c.connect(c.path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	one := migration{"one", "CREATE TABLE a (x); INSERT INTO a VALUES (1);"}
	broken := migration{"two", "CREATE TABLE b (x); INSERT INTO a VALUES (2); INSERT INTO nowhere VALUES (1);"}
	if _, err := migrate(conn, []migration{one, broken}); err == nil || !strings.Contains(err.Error(), "two") {
		t.Fatalf("got %v", err)
	}
	state := func() string {
		version, err := text(conn, "PRAGMA user_version")
		if err != nil {
			t.Fatal(err)
		}
		rest, err := text(conn, "SELECT (SELECT count(*) FROM a) || ' ' || (SELECT count(*) FROM sqlite_schema)")
		if err != nil {
			t.Fatal(err)
		}
		return version + " " + rest
	}
	if got := state(); got != "1 1 1" {
		t.Fatalf("after the failure: version, rows, tables = %s", got)
	}
	repaired := migration{"two", "CREATE TABLE b (x); INSERT INTO a VALUES (2);"}
	for range 2 {
		if _, err := migrate(conn, []migration{one, repaired}); err != nil {
			t.Fatal(err)
		}
		if got := state(); got != "2 2 2" {
			t.Fatalf("after the repair: version, rows, tables = %s", got)
		}
	}
}

// TestIndexesAreUsed: no query of an engine's loop may scan a table.
func TestIndexesAreUsed(t *testing.T) {
	s := mustOpen(t, filepath.Join(t.TempDir(), "pawl.db"))
	defer s.Close()
	for _, sql := range []string{
		"SELECT next_at, id FROM executions INDEXED BY executions_due WHERE shard = 1 AND next_at < 9 AND (next_at, id) > (1, x'00') ORDER BY next_at, id LIMIT 5",
		"SELECT seq FROM journal WHERE execution = x'00' AND seq >= 3 ORDER BY seq LIMIT 3",
		"SELECT arrived FROM inbox INDEXED BY inbox_lines WHERE shard = 1 AND namespace = 'a' AND arrived > 3 ORDER BY arrived LIMIT 3",
		"SELECT namespace FROM inbox INDEXED BY inbox_lines WHERE shard = 1 AND namespace >= 'a' ORDER BY namespace, arrived LIMIT 1",
		"SELECT id FROM executions e INDEXED BY executions_status WHERE e.workflow = 'a' AND e.status = 'b' AND e.id BETWEEN x'00' AND x'ff' AND e.namespace = 'c' ORDER BY e.id DESC LIMIT 3",
		"SELECT e.id FROM tags t INDEXED BY tags_value CROSS JOIN executions e ON e.id = t.execution WHERE t.namespace = 'a' AND t.name = 'b' AND t.value = 'c' AND t.execution BETWEEN x'00' AND x'ff' ORDER BY t.execution DESC LIMIT 3",
		"SELECT id FROM executions e INDEXED BY executions_key WHERE e.key = 'a' AND e.key <> '' AND e.id BETWEEN x'00' AND x'ff' AND e.namespace = 'c' ORDER BY e.id DESC LIMIT 3",
		"SELECT id FROM executions e INDEXED BY executions_parent WHERE e.parent = x'01' AND e.id BETWEEN x'00' AND x'ff' AND e.namespace = 'c' ORDER BY e.id DESC LIMIT 3",
	} {
		err := query(s.writer.conn, "EXPLAIN QUERY PLAN "+sql, nil, func(r *lite.Stmt) error {
			if plan := r.ColumnText(3); strings.Contains(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("%s\n%s", sql, plan)
			}
			return nil
		})
		if err != nil {
			t.Error(sql, err)
		}
	}
}
