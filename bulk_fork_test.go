package pawl_test

import (
	"testing"
	"testing/synctest"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// TestBulkForksNoForkOfItsOwn: what a bulk makes is not found by its later pages, also where what it is made of began in one
// millisecond.
func TestBulkForksNoForkOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const all = 40
		eng := waiting(t, memory.Open(), all)
		spec := pawl.BulkSpec{ID: "b", Filter: pawl.Filter{Workflow: "w"}, Do: pawl.BulkVerb{Verb: "fork"}, Canary: 20}
		if _, err := eng.Bulks().Start(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		settled(t, eng, "b", pawl.BulkPaused, 20, 20)
		if err := eng.Bulks().Resume(t.Context(), "b"); err != nil {
			t.Fatal(err)
		}
		settled(t, eng, "b", pawl.BulkDone, all, all)
		if page, err := eng.List(t.Context(), pawl.Filter{Workflow: "w", Limit: 1000}); err != nil || len(page.Executions) != 2*all {
			t.Errorf("%d executions, %v", len(page.Executions), err)
		}
	})
}
