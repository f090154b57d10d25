package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// TestF37_BackupWhileAnotherProcessCommits copies a file that another process writes to as fast as it can. Each copy has all
// that was acknowledged before, whole batches only, and opens as a store of its own; the other process goes on.
func TestF37_BackupWhileAnotherProcessCommits(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pawl.db")
	_, lines := startChild(t, os.Args[0], "write", path, childSize+"=20000")
	expect(t, lines, "open")
	seen := map[[16]byte]bool{}
	for n := range 4 {
		promised := acked(t, lines, 100)
		to := filepath.Join(dir, fmt.Sprintf("copy%d.db", n))
		before := 1 << 30
		done, err := sqlite.Backup(t.Context(), path, to, func(left, _ int) {
			if left >= before && left > 0 {
				t.Errorf("%d pages are left after %d: the copy began anew", left, before)
			}
			before = left
		})
		if err != nil || done.Bytes == 0 || done.Pages == 0 {
			t.Fatalf("%+v %v", done, err)
		}
		if got := rawText(t, raw(t, to), "PRAGMA integrity_check"); got != "ok" {
			t.Fatalf("integrity: %s", got)
		}
		b := open(t, to, sqlite.Restored())
		u := drivertest.NewKeeper(t, b, 9)
		first := u.Whole(t, crashIDs()[0])
		if uint64(len(first)) < promised {
			t.Fatalf("%d entries were acknowledged before the backup, %d are in it", promised, len(first))
		}
		for _, id := range crashIDs()[1:] {
			if n := len(u.Whole(t, id)); n != len(first) {
				t.Fatalf("%d and %d entries: a batch is there in parts", len(first), n)
			}
		}
		seen[b.Info().Incarnation] = true
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d incarnations of 4 copies", len(seen))
	}
	acked(t, lines, 50)
}

// TestBackupRefuses: files that exist, that are no store, and a context that has ended; nothing is left behind.
func TestBackupRefuses(t *testing.T) {
	dir := t.TempDir()
	path, to := filepath.Join(dir, "pawl.db"), filepath.Join(dir, "copy.db")
	b := open(t, path)
	drivertest.NewKeeper(t, b, 1).Grow(t, 1, 10, drivertest.Kept(1))
	b.Close()
	write(t, filepath.Join(dir, "there.db"), nil)
	if _, err := sqlite.Backup(t.Context(), path, filepath.Join(dir, "there.db"), nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a file: %v", err)
	}
	write(t, filepath.Join(dir, "text.db"), []byte("this is no database at all, but it is long enough to be taken for one"))
	if _, err := sqlite.Backup(t.Context(), filepath.Join(dir, "text.db"), to, nil); err == nil {
		t.Error("of a text: no error")
	}
	if _, err := sqlite.Backup(t.Context(), filepath.Join(dir, "nowhere.db"), to, nil); err == nil {
		t.Error("of nothing: no error")
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := sqlite.Backup(ctx, path, to, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("of a context that has ended: %v", err)
	}
	left, err := filepath.Glob(to + "*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if _, err := sqlite.Backup(t.Context(), path, to, nil); err != nil {
		t.Error(err)
	}
}
