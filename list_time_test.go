package pawl_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// TestFilterBoundsTheTimeInTheID: whatever waits to begin counts from when it was asked for, and what is made under a
// request id from behind its original.
func TestFilterBoundsTheTimeInTheID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		eng, ctx := waiting(t, memory.Open(), 0), t.Context()
		began := time.Now()
		first := start(t, eng, "w", nil)
		<-time.After(time.Hour)
		start(t, eng, "w", nil, pawl.Delay(time.Hour))
		if _, err := eng.Fork(ctx, first.ID(), pawl.RequestID("r")); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			since, until time.Duration
			want         int
		}{
			{0, 24 * time.Hour, 3}, {0, time.Millisecond, 1}, {0, time.Hour, 2}, {time.Millisecond, time.Hour, 1},
			{time.Hour, time.Hour + time.Millisecond, 1}, {time.Hour + time.Millisecond, 24 * time.Hour, 0},
		} {
			page, err := eng.List(ctx, pawl.Filter{Workflow: "w", Since: began.Add(c.since), Until: began.Add(c.until)})
			if err != nil || len(page.Executions) != c.want {
				t.Errorf("from %s to %s: %d, %v", c.since, c.until, len(page.Executions), err)
			}
		}
	})
}
