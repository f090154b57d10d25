//go:build unix && !solaris && !aix

package sqlite

import (
	"path/filepath"
	"syscall"
	"testing"
)

// TestF7_AChildBeingStartedKeepsNoLock: between fork and exec a child has copies of all files of this process.
func TestF7_AChildBeingStartedKeepsNoLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pawl.db")
	s := mustOpen(t, path)
	inherited, err := syscall.Dup(int(s.lock.file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(inherited)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := mustOpen(t, path).Close(); err != nil {
		t.Fatal(err)
	}
}
