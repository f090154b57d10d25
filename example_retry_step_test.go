package pawl_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A step that failed parks its execution. An operator looks, sees what a retry would do, and retries.
func ExampleEngine_Retry() {
	ctx := context.Background()
	eng, _ := pawl.Open(ctx, memory.Open(), pawl.Options{By: "ada"})
	defer eng.Close(ctx)

	up := false
	_ = pawl.Register(eng, "pack", func(context.Context, struct{}) (string, error) { return "parcel", nil })
	_ = pawl.Register(eng, "ship", func(_ context.Context, parcel string) (string, error) {
		if !up {
			return "", errors.New("the carrier is down")
		}
		return parcel + " is on its way", nil
	})
	_, _ = eng.Deploy(ctx, pawl.Text("order.yaml", []byte(`
workflow: order
on_failure: park
nodes:
  - pack: {call: pack}
  - ship: {call: ship, args: "${ nodes.pack.output }"}
`)))
	run, _ := eng.Start(ctx, "order", nil)
	_, _ = run.Wait(ctx, "ship")
	parked, _ := run.Get(ctx)
	fmt.Println(parked.Status, "at", parked.Waiting[0].Step)

	var p pawl.Preview
	_ = eng.Retry(ctx, run.ID(), "", pawl.Plan(&p))
	fmt.Println("kept", p.Kept, "again", p.Again, "repeats", p.Repeats)

	up = true
	_ = eng.Retry(ctx, run.ID(), "", pawl.Why("the carrier is back"))
	out, err := pawl.Result[string](ctx, run)
	fmt.Println(out, err)
	// Output:
	// parked at ship
	// kept [pack] again [ship] repeats [ship]
	// parcel is on its way <nil>
}
