package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// Wait returns when the execution has ended, or as soon as a step of one of the nodes named has.
func ExampleRun_Wait() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	_ = pawl.Register(eng, "reserve", func(context.Context, struct{}) (string, error) { return "R-1", nil })
	wf := pawl.Graph("order", "").
		Node("reserve", pawl.Call("reserve", nil)).
		Node("pickup", pawl.WaitSignal("picked_up")).
		Next("reserve", "pickup")
	if _, err := eng.Deploy(ctx, wf); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "order", nil)
	if err != nil {
		log.Fatal(err)
	}
	x, err := run.Wait(ctx, "reserve")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Status, string(x.Steps[0].Output))
	// Output: running "R-1"
}
