package postgres_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/storetest"
)

// TestSameAsMemory empties one schema again and again: making its tables takes longer than all else.
func TestSameAsMemory(t *testing.T) {
	database := servertest.Postgres(t)
	tested := open(t, database)
	c := admin(t, database)
	storetest.Same(t, func(r *rapid.T) (right, other store.Backend) {
		emptied(t, c)
		right, err := memory.Open().Open(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		return right, kept{tested}
	})
}

// kept is a store that goes on when it is closed.
type kept struct{ store.Backend }

func (kept) Close() error { return nil }
