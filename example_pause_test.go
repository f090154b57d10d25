package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A paused execution starts nothing; signals and results are recorded and count when it goes on.
func ExampleEngine_Pause() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{By: "ops"})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	if _, err := eng.Deploy(ctx, pawl.Graph("order", "").Node("hold", pawl.WaitSignal("go"))); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "order", nil)
	if err != nil {
		log.Fatal(err)
	}
	show := func() {
		x, err := run.Get(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(x.Status)
	}
	fmt.Println(eng.Pause(ctx, run.ID(), pawl.Why("month end")))
	fmt.Println(run.Signal(ctx, "go", nil))
	show()
	fmt.Println(eng.Resume(ctx, run.ID()))
	show()
	// Output:
	// <nil>
	// <nil>
	// paused
	// <nil>
	// completed
}
