package sealed_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/sealed"
	"github.com/pawl-dev/pawl/store/sqlite"
	"github.com/pawl-dev/pawl/store/storetest"
)

// keyOf is the text of a key that is made of one character.
func keyOf(c byte) string { return strings.Repeat(string(c), 64) }

// ways are what may be done to bodies.
var ways = map[string]sealed.Options{
	"plain":      {CompressAbove: -1},
	"compressed": {CompressAbove: 1},
	"encrypted":  {CompressAbove: -1, Keys: sealed.FromText(keyOf('a'))},
	"both":       {CompressAbove: 1, Keys: sealed.FromText(keyOf('a'))},
}

// TestConformance: a store with sealed bodies is a store.
func TestConformance(t *testing.T) {
	for name, o := range ways {
		t.Run(name+"/memory", func(t *testing.T) {
			openers := map[store.Backend]store.Opener{}
			storetest.Run(t, func(t *testing.T) store.Backend {
				opener := sealed.Open(memory.Open(), o)
				return open(t, openers, opener)
			}, storetest.Reopen(func(t *testing.T, b store.Backend) store.Backend {
				b.Close()
				return open(t, openers, openers[b])
			}))
		})
		if name != "both" || testing.Short() {
			continue
		}
		t.Run(name+"/sqlite", func(t *testing.T) {
			openers := map[store.Backend]store.Opener{}
			storetest.Run(t, func(t *testing.T) store.Backend {
				return open(t, openers, sealed.Open(sqlite.Open(filepath.Join(t.TempDir(), "s.db")), o))
			}, storetest.Reopen(func(t *testing.T, b store.Backend) store.Backend {
				b.Close()
				return open(t, openers, openers[b])
			}))
		})
	}
}

func open(t *testing.T, openers map[store.Backend]store.Opener, o store.Opener) store.Backend {
	t.Helper()
	b, err := o.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	openers[b] = o
	return b
}
