package sqlite_test

import (
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/sqlite"
	"github.com/pawl-dev/pawl/store/storetest"
)

func TestSameAsMemory(t *testing.T) {
	storetest.Same(t, func(r *rapid.T) (right, tested store.Backend) {
		right, err := memory.Open().Open(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		tested, err = sqlite.Open(filepath.Join(t.TempDir(), "pawl.db"), sqlite.Unsynced()).Open(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		return right, tested
	})
}
