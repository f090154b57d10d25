package mysql_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/storetest"
)

// TestSameAsMemory empties one database again and again: making its tables takes longer than all else.
func TestSameAsMemory(t *testing.T) {
	d := servertest.MySQL(t)
	open(t, d.URL).Close()
	storetest.Same(t, func(r *rapid.T) (right, tested store.Backend) {
		for _, table := range []string{
			"lanes", "executions", "tags", "journal", "snapshots", "blobs", "inbox", "start_keys", "answers", "versions", "workflows", "shards",
		} {
			if _, err := d.Admin.ExecContext(t.Context(), "DELETE FROM "+table); err != nil {
				r.Fatal(err)
			}
		}
		right, err := memory.Open().Open(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		return right, open(t, d.URL)
	})
}
