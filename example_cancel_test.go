package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// Cancel asks an execution to end; who asked and why is in its journal.
func ExampleEngine_Cancel() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	if _, err := eng.Deploy(ctx, pawl.Graph("order", "").Node("hold", pawl.WaitFor("7d"))); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "order", nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := run.Cancel(ctx, pawl.By("ada"), pawl.Why("ordered twice")); err != nil {
		log.Fatal(err)
	}
	x, err := run.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Status)
	for ev := range eng.History(ctx, run.ID(), 0) {
		if ev.Name == "cancel" {
			fmt.Println(ev.By, "-", ev.Why)
		}
	}
	// Output:
	// cancelled
	// ada - ordered twice
}
