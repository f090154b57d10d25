package pawl_test

import (
	"context"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// K9, I7: what is asked once more is answered as it was, and what only looks like that is refused.
func TestI7_OnlyTheSameRequestIsARepeat(t *testing.T) {
	eng, ctx := open(t, memory.Open(), pawl.Options{}), t.Context()
	tokens := make(chan string, 1)
	err := pawl.Register(eng, "order", func(ctx context.Context, _ struct{}) (int, error) {
		tokens <- pawl.TaskFrom(ctx).Token
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, eng, "workflow: w\nversion: 1.0.0\nnodes:\n  - a: {call: order, callback: true}\n  - b: {signal: go}\noutput: ${ nodes.a.output }\n")
	run := start(t, eng, "w", nil)
	token := <-tokens
	same := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	same(eng.CompleteTask(ctx, token, 1, pawl.RequestID("r")))
	same(eng.CompleteTask(ctx, token, 1))
	same(eng.CompleteTask(ctx, token, 1, pawl.RequestID("r")))
	wants(t, eng.CompleteTask(ctx, token, 2), pawl.ErrStale)
	wants(t, eng.CompleteTask(ctx, token, 2, pawl.RequestID("r")), pawl.ErrRequestConflict)
	wants(t, eng.FailTask(ctx, token, pawl.Failure{Code: "no"}, pawl.RequestID("r")), pawl.ErrRequestConflict)
	same(run.Signal(ctx, "stays", 1, pawl.RequestID("s")))
	same(run.Signal(ctx, "stays", 1, pawl.RequestID("s")))
	wants(t, run.Signal(ctx, "stays", 2, pawl.RequestID("s")), pawl.ErrRequestConflict)
	wants(t, run.Cancel(ctx, pawl.RequestID("s")), pawl.ErrRequestConflict)
	same(run.Signal(ctx, "go", nil))
	if out, err := pawl.Result[int](ctx, run); out != 1 || err != nil {
		t.Errorf("the result is %d, %v", out, err)
	}
	same(eng.CompleteTask(ctx, token, 1, pawl.RequestID("r")))
	wants(t, eng.CompleteTask(ctx, token, 2, pawl.RequestID("r")), pawl.ErrRequestConflict)
	wants(t, eng.CompleteTask(ctx, token, 1), pawl.ErrStale)
}
