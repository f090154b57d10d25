package pawl_test

import (
	"context"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store/memory"
)

func waiting(t *testing.T, n int) *pawl.Engine {
	t.Helper()
	eng, err := pawl.Open(t.Context(), memory.Open(), pawl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close(context.Background()) })
	if _, err := eng.Deploy(t.Context(), pawl.Text("w.yaml", []byte("workflow: w\nnodes: [{hold: {signal: go}}]\n"))); err != nil {
		t.Fatal(err)
	}
	for range n {
		if _, err := eng.Start(t.Context(), "w", nil); err != nil {
			t.Fatal(err)
		}
	}
	return eng
}

// TestBulkStopsAndGoesOn: a bulk that is stopped half way is gone on with by another of the same id, and no execution is
// done twice.
func TestBulkStopsAndGoesOn(t *testing.T) {
	eng := waiting(t, 10)
	spec := pawl.BulkSpec{ID: "b", Filter: pawl.Filter{Workflow: "w"}, Canary: 4}
	spec.Do = func(ctx context.Context, id string, opts ...pawl.CommandOption) error {
		return eng.Pause(ctx, id, opts...)
	}
	first, err := eng.Bulk(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	p, err := first.Wait(t.Context())
	if err != nil || p.State != pawl.BulkPaused || p.Done != 4 {
		t.Fatalf("after the canary: %+v %v", p, err)
	}
	first.Stop()
	spec.Canary = 0
	second, err := eng.Bulk(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if p, err = second.Wait(t.Context()); err != nil || p.State != pawl.BulkDone || p.Found != 10 || p.Done != 10 {
		t.Fatalf("the rest: %+v %v", p, err)
	}
	page, err := eng.List(t.Context(), pawl.Filter{Workflow: "w"})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range page.Executions {
		paused := 0
		for ev, err := range eng.History(t.Context(), x.ID, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if ev.Type == "paused" {
				paused++
			}
		}
		if paused != 1 {
			t.Errorf("%s was paused %d times", x.ID, paused)
		}
	}
}

// TestBulkStopsAfterRefusals counts what could not be done by its code.
func TestBulkStopsAfterRefusals(t *testing.T) {
	eng := waiting(t, 5)
	b, err := eng.Bulk(t.Context(), pawl.BulkSpec{
		Filter: pawl.Filter{Statuses: []model.Status{model.Running}}, StopAfter: 2,
		Do: func(ctx context.Context, id string, opts ...pawl.CommandOption) error {
			return eng.Retry(ctx, id, "hold", opts...)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Wait(t.Context())
	if err != nil || p.State != pawl.BulkStopped || p.Refused != 2 || p.Codes[pawl.CodeNotFailed] != 2 || len(p.Refusals) != 2 {
		t.Fatalf("%+v %v", p, err)
	}
}
