package mysql_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/storetest"
)

func TestSameAsMemory(t *testing.T) {
	d := servertest.MySQL(t)
	open(t, d.URL).Close()
	storetest.Same(t, func(r *rapid.T) (right, tested store.Backend) {
		right, err := memory.Open().Open(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		return right, emptied(t, d)
	})
}
