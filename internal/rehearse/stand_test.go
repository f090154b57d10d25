package rehearse_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl/node"
)

// TestTypesAnswerInRealTime: what a suite mocks and declares is executed by its mocks, in order, each after its delay or a
// second, and stops when it is told to.
func TestTypesAnswerInRealTime(t *testing.T) {
	s := load(t, "workflow: w\nnodes:\n  - a: {call: a}\n  - n: {notify: {to: ada}}\n", `
types: {notify: {}}
mocks: {a: [{output: 1, delay: 100ms}, {output: 2, delay: 1h}], notify: {never: true}}
cases: [{case: it}]
`)
	executors := map[string]node.Executor{}
	for _, typ := range s.Types(types) {
		executors[typ.Descriptor.Type] = typ.Executor
	}
	if len(executors) != 2 {
		t.Fatalf("%v", executors)
	}
	synctest.Test(t, func(t *testing.T) {
		a := &node.Task{Step: "a", Node: "a", Type: "function", Attempt: 1, With: json.RawMessage(`{"name":"a"}`)}
		for i, want := range []time.Duration{100 * time.Millisecond, time.Second} {
			began := time.Now()
			r, err := executors["function"].Execute(t.Context(), a)
			if took := time.Since(began); err != nil || string(r.Output) != []string{"1", "2"}[i] || took != want {
				t.Errorf("%s after %s, %v", r.Output, took, err)
			}
		}
		ctx, stop := context.WithCancelCause(t.Context())
		told := errors.New("told to stop")
		time.AfterFunc(time.Hour, func() { stop(told) })
		if _, err := executors["notify"].Execute(ctx, &node.Task{Step: "n", Node: "n", Type: "notify", Attempt: 1}); !errors.Is(err, told) {
			t.Error(err)
		}
	})
}
