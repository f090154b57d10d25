package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/sqlite"
	"github.com/pawl-dev/pawl/store/storetest"
)

func open(t testing.TB, path string, opts ...sqlite.Option) store.Backend {
	t.Helper()
	b, err := sqlite.Open(path, opts...).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestConformance(t *testing.T) {
	paths := map[store.Backend]string{}
	at := func(t *testing.T, path string) store.Backend {
		b := open(t, path, sqlite.Unsynced())
		paths[b] = path
		return b
	}
	storetest.Run(t,
		func(t *testing.T) store.Backend { return at(t, filepath.Join(t.TempDir(), "pawl.db")) },
		storetest.Reopen(func(t *testing.T, b store.Backend) store.Backend {
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			return at(t, paths[b])
		}))
}
