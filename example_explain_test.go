package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// Explain says for every open execution what it waits for and what would let it go on.
func ExampleEngine_Explain() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	if _, err := eng.Deploy(ctx, pawl.Graph("order", "").Node("review", pawl.WaitSignal("decision"))); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "order", nil)
	if err != nil {
		log.Fatal(err)
	}
	waiting, err := eng.Explain(ctx, run.ID())
	if err != nil {
		log.Fatal(err)
	}
	for _, w := range waiting {
		fmt.Println(w.Kind, w.Step, w.Signals, w.Sentence[:39])
	}
	// Output: wait review [decision] review waits for the signal decision, s
}
