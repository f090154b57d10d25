package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// Watch yields everything that happens to an execution, from the beginning or from an entry on, until it has ended.
func ExampleEngine_Watch() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	_ = pawl.Register(eng, "work", func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })
	if _, err := eng.Deploy(ctx, pawl.Graph("job", "").Node("work", pawl.Call("work", nil))); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "job", nil)
	if err != nil {
		log.Fatal(err)
	}
	for ev, err := range run.Watch(ctx, 0) {
		if err != nil {
			log.Fatal(err)
		}
		if ev.Step != "" && ev.Type != "edges" {
			fmt.Println(ev.Seq, ev.Type, ev.Step)
		}
	}
	// Output:
	// 1 step_scheduled work
	// 1 attempt_started work
	// 2 step_completed work
}
