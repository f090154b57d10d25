package sqlite_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// TestF37_RestoredBackup goes back to yesterday's copy of a file, while somebody still believes in today.
func TestF37_RestoredBackup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl.db")
	b := open(t, path)
	incarnation := b.Info().Incarnation
	drivertest.NewKeeper(t, b, 1).Grow(t, 1, 10, drivertest.Kept(1))
	b.Close()
	backup := read(t, path)

	b = open(t, path)
	today := drivertest.NewKeeper(t, b, 2)
	today.Grow(t, 2, 10, drivertest.Kept(1))
	today.Grow(t, 3, 10, drivertest.Kept(1))
	b.Close()

	write(t, path, backup)
	b = open(t, path, sqlite.Restored())
	if b.Info().Incarnation == incarnation {
		t.Fatal("the incarnation did not change")
	}
	incarnation = b.Info().Incarnation
	today.Backend = b // as if its process had lived on
	o := today.Try(today.Growth(4, 10, drivertest.Kept(1)))
	if o.Result != store.NotCommitted || !errors.Is(o.Cause, store.ErrStoreWentBack) {
		t.Fatalf("got %s %v", o.Result, o.Cause)
	}
	fresh := &drivertest.Keeper{Backend: b, Ctx: t.Context(), Owner: record.Owner{5}, Fences: today.Fences}
	if o := fresh.Try(fresh.Growth(2, 10, drivertest.Kept(1))); o.Result != store.NotCommitted || len(o.Deposed) != 1 {
		t.Fatalf("a fence of the lost time holds: %s", o.Result)
	}
	b.Close()
	b = open(t, path)
	defer b.Close()
	if b.Info().Incarnation != incarnation {
		t.Fatal("the incarnation changed without a restore")
	}
}
