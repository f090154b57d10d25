package sqlite_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// wantInUse wants an error that says who has the store.
func wantInUse(t *testing.T, err error, pid int, also ...string) {
	t.Helper()
	if !errors.Is(err, store.ErrInUse) {
		t.Fatalf("want ErrInUse, got %v", err)
	}
	for _, fact := range append(also, fmt.Sprintf("pid %d,", pid), "since 20") {
		if !strings.Contains(err.Error(), fact) {
			t.Errorf("%q does not say %q", err, fact)
		}
	}
}

func TestF7_SecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl.db")
	cmd, lines := startChild(t, os.Args[0], "hold", path)
	expect(t, lines, "open")
	_, err := sqlite.Open(path).Open(t.Context())
	wantInUse(t, err, cmd.Process.Pid, "child 9.9")
	if strings.Contains(err.Error(), "stopped") {
		t.Errorf("the child runs, but: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	open(t, path).Close() // the lock died with its holder
}

func TestF7_SecondOpenInOneProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "pawl.db")
	b := open(t, path, sqlite.Program("me 1.2.3"))
	other := filepath.Join(dir, "other-name.db")
	if err := os.Symlink(path, other); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, other, filepath.Join(dir, ".", "x", "..", "pawl.db")} {
		_, err := sqlite.Open(name).Open(t.Context())
		wantInUse(t, err, os.Getpid(), "me 1.2.3")
	}
	drivertest.NewKeeper(t, b, 1).Grow(t, 1, 10, drivertest.Kept(1)) // the refused opens have done it no harm
	b.Close()
	open(t, other).Close()
}

func TestRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	for path, hint := range map[string]string{
		"":                                  "store/memory",
		":memory:":                          "store/memory",
		"file:x.db?mode=memory":             "store/memory",
		filepath.Join(dir, "no", "pawl.db"): "folder does not exist",
		dir:                                 "not a regular file",
	} {
		b, err := sqlite.Open(path).Open(t.Context())
		if err == nil {
			b.Close()
		}
		if err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: got %v, want %q", path, err, hint)
		}
	}
}
