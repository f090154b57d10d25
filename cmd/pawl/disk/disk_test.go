package disk

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFlush(t *testing.T) {
	dir := t.TempDir()
	f, err := Flush(dir, 0)
	if err != nil || f.N != 10 || f.P50 <= 0 || f.P99 < f.P50 {
		t.Errorf("%+v, %v", f, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	if _, err := Flush(filepath.Join(dir, "none"), 0); err == nil {
		t.Error("flushes in a folder that does not exist")
	}
}

func TestFree(t *testing.T) {
	if free, size, ok := Free(t.TempDir()); ok && (free == 0 || free > size) {
		t.Errorf("%d of %d bytes are free", free, size)
	}
	if _, _, ok := Free(filepath.Join(t.TempDir(), "none")); ok {
		t.Error("says what is free in a folder that does not exist")
	}
}
