package sqlite_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// TestF37_RestoredBackup goes back to yesterday's copy of a file, while somebody still believes in today.
func TestF37_RestoredBackup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl.db")
	b := open(t, path)
	incarnation := b.Info().Incarnation
	newUser(t, b, 1).commit(t, 1, 10, execution(1))
	b.Close()
	backup := read(t, path)

	b = open(t, path)
	today := newUser(t, b, 2)
	today.commit(t, 2, 10, execution(1))
	today.commit(t, 3, 10, execution(1))
	b.Close()

	write(t, path, backup)
	b = open(t, path, sqlite.Restored())
	if b.Info().Incarnation == incarnation {
		t.Fatal("the incarnation did not change")
	}
	incarnation = b.Info().Incarnation
	today.Backend = b // as if its process had lived on
	o := today.send(today.batch(4, 10, execution(1)))
	if o.Result != store.NotCommitted || !errors.Is(o.Cause, store.ErrStoreWentBack) {
		t.Fatalf("got %s %v", o.Result, o.Cause)
	}
	fresh := &user{Backend: b, ctx: t.Context(), owner: record.Owner{5}, fences: today.fences}
	if o := fresh.send(fresh.batch(2, 10, execution(1))); o.Result != store.NotCommitted || len(o.Deposed) != 1 {
		t.Fatalf("a fence of the lost time holds: %s", o.Result)
	}
	b.Close()
	b = open(t, path)
	defer b.Close()
	if b.Info().Incarnation != incarnation {
		t.Fatal("the incarnation changed without a restore")
	}
}
