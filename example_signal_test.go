package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A signal is kept until a step takes it, so it may come before the step waits. Where the definition declares signals,
// others are refused.
func ExampleEngine_Signal() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	_, err = eng.Deploy(ctx, pawl.Text("ask.yaml", []byte(`
workflow: ask
signals: {answer: {schema: {type: object, required: [mood]}}}
nodes:
  - ask: {signal: answer}
output: "${ nodes.ask.output.mood }"
`)))
	if err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "ask", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pawl.Code(run.Signal(ctx, "question", nil)))
	fmt.Println(pawl.Code(run.Signal(ctx, "answer", map[string]int{})))
	fmt.Println(run.Signal(ctx, "answer", map[string]string{"mood": "good"}, pawl.SignalID("mail-7")))
	fmt.Println(pawl.Result[string](ctx, run))
	// Output:
	// unknown_signal
	// invalid
	// <nil>
	// good <nil>
}
