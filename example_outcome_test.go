package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A function may end with a word of its own, and edges lead on from there.
func ExampleEndWith() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	_ = pawl.Register(eng, "charge", func(_ context.Context, cents int) (string, error) {
		if cents > 1000 {
			return "", pawl.EndWith("declined", "over the limit")
		}
		return "receipt", nil
	}, pawl.Outcomes("declined"))
	wf := pawl.Graph("pay", "").
		Node("charge", pawl.Call("charge", "${ input }")).
		Node("refused", pawl.End("refused"), pawl.Output("${ nodes.charge.output }")).
		On("charge", "declined", "refused")
	if _, err := eng.Deploy(ctx, wf); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "pay", 5000)
	if err != nil {
		log.Fatal(err)
	}
	x, err := run.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Outcome, string(x.Output))
	// Output: refused "over the limit"
}
