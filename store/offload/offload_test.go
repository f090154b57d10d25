package offload_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/offload"
	"github.com/pawl-dev/pawl/store/redis"
	"github.com/pawl-dev/pawl/store/sealed"
	"github.com/pawl-dev/pawl/store/sqlite"
	"github.com/pawl-dev/pawl/store/storetest"
)

// TestConformance: a store with large payloads apart is a store, also where nearly all is large.
func TestConformance(t *testing.T) {
	keys := sealed.Options{Keys: sealed.FromText(strings.Repeat("a", 64))}
	for name, inner := range map[string]func(t *testing.T) store.Opener{
		"memory": func(*testing.T) store.Opener { return memory.Open() },
		"sealed": func(*testing.T) store.Opener { return sealed.Open(memory.Open(), keys) },
		"sqlite": func(t *testing.T) store.Opener { return sqlite.Open(filepath.Join(t.TempDir(), "s.db")) },
		"redis":  func(t *testing.T) store.Opener { return redis.Open(servertest.Redis(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			if name == "sqlite" && testing.Short() {
				t.Skip("the disk is slow")
			}
			openers := map[store.Backend]store.Opener{}
			open := func(t *testing.T, o store.Opener) store.Backend {
				b, err := o.Open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				openers[b] = o
				return b
			}
			storetest.Run(t, func(t *testing.T) store.Backend {
				return open(t, offload.Open(inner(t), offload.Options{Above: 4, Piece: 7}))
			}, storetest.Reopen(func(t *testing.T, b store.Backend) store.Backend {
				b.Close()
				return open(t, openers[b])
			}))
		})
	}
}
