package pawl_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A delayed start is durable at once; the execution is pending until its time has come.
func ExampleDelay() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	if _, err := eng.Deploy(ctx, pawl.Graph("remind", "").Node("done", pawl.End("reminded"))); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "remind", nil, pawl.Delay(50*time.Millisecond))
	if err != nil {
		log.Fatal(err)
	}
	x, err := run.Get(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Status)
	if x, err = run.Wait(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Outcome)
	// Output:
	// pending
	// reminded
}
