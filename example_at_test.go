package pawl_test

import (
	"context"
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// The state of an execution after any entry of its journal, folded by the same code that the engine uses.
func ExampleEngine_GetAt() {
	ctx := context.Background()
	eng, _ := pawl.Open(ctx, memory.Open(), pawl.Options{})
	defer eng.Close(ctx)
	_ = pawl.Register(eng, "work", func(context.Context, struct{}) (int, error) { return 7, nil })
	_, _ = eng.Deploy(ctx, pawl.Text("w.yaml", []byte(`
workflow: w
nodes:
  - a: {call: work}
  - b: {call: work}
`)))
	run, _ := eng.Start(ctx, "w", nil)
	_, _ = run.Wait(ctx)
	for seq := uint64(1); seq <= 3; seq++ {
		x, err := eng.GetAt(ctx, run.ID(), seq)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Print(seq, " ", x.Status)
		for _, s := range x.Steps {
			fmt.Print(" ", s.Path, " ", s.Status)
		}
		fmt.Println()
	}
	// Output:
	// 1 running a running
	// 2 running a completed b running
	// 3 completed
}
