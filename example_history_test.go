package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// The history of an execution is its journal, in words.
func ExampleEngine_History() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	if _, err := eng.Deploy(ctx, pawl.Graph("sum", "").Node("add", pawl.Assign(nil), pawl.Output("${ input.a + input.b }"))); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "sum", map[string]int{"a": 1, "b": 2})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := run.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	for ev, err := range eng.History(ctx, run.ID(), 0) {
		if err != nil {
			log.Fatal(err)
		}
		if len(ev.Data) > 0 {
			fmt.Println(ev.Type, ev.Step, string(ev.Data))
		}
	}
	// Output:
	// started  {"a":1,"b":2}
	// step_completed add 3
}
