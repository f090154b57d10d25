package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// What is stuck, and how to mend it.
func ExampleEngine_Doctor() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	_, err = eng.Deploy(ctx, pawl.Text("w.yaml", []byte("workflow: w\nnodes: {a: {signal: go}}\n")))
	if err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "w", nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := eng.Pause(ctx, run.ID()); err != nil {
		log.Fatal(err)
	}
	found, err := eng.Doctor(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range found {
		if f.Check == "executions" && f.State != pawl.FindingOK {
			fmt.Println(f.State, "-", f.Text, "-", f.Fix)
		}
	}
	// Output: warning - one execution is paused - pawl resume ID lets it go on
}
