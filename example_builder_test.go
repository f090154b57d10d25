package pawl_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// The same definition that a file would hold, written in Go: nodes first, then the edges between them.
func ExampleGraph() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	_ = pawl.Register(eng, "risk", func(_ context.Context, amount int) (int, error) { return amount / 100, nil })

	wf := pawl.Graph("order", "1.2.0").
		Input(map[string]any{"amount": "integer"}).
		Node("risk", pawl.Call("risk", "${ input.amount }"), pawl.Retry(3), pawl.Timeout(time.Minute)).
		Node("review", pawl.WaitSignal("review"), pawl.Timeout("7d")).
		Node("ship", pawl.End("shipped"), pawl.Output("risk ${ nodes.risk.output }")).
		Node("refuse", pawl.End("refused")).
		Choose("risk", "success", pawl.When("output > 5", "review"), pawl.Otherwise("ship")).
		Choose("review", "success", pawl.When("output.ok", "ship"), pawl.Otherwise("refuse")).
		On("review", "timeout", "refuse")

	d, err := eng.Deploy(ctx, wf)
	if err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "order", map[string]int{"amount": 300})
	if err != nil {
		log.Fatal(err)
	}
	x, err := run.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(d.Versions[0].Version, x.Outcome, string(x.Output))
	// Output: 1.2.0 shipped "risk 3"
}
