package pawl_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A failed execution is started again under its key. What had succeeded keeps its result and does not run again.
func ExampleEngine_Rerun() {
	ctx := context.Background()
	eng, _ := pawl.Open(ctx, memory.Open(), pawl.Options{})
	defer eng.Close(ctx)

	packed, up := 0, false
	_ = pawl.Register(eng, "pack", func(context.Context, struct{}) (int, error) { packed++; return packed, nil })
	_ = pawl.Register(eng, "ship", func(_ context.Context, parcel int) (string, error) {
		if !up {
			return "", errors.New("the carrier is down")
		}
		return fmt.Sprint("parcel ", parcel, " is on its way"), nil
	})
	_, _ = eng.Deploy(ctx, pawl.Text("order.yaml", []byte(`
workflow: order
nodes:
  - pack: {call: pack}
  - ship: {call: ship, args: "${ nodes.pack.output }"}
`)))
	first, _ := eng.Start(ctx, "order", nil, pawl.Key("order-7"))
	x, _ := first.Wait(ctx)
	fmt.Println(x.Status, x.Error)

	up = true
	second, err := eng.Rerun(ctx, first.ID(), pawl.Why("the carrier is back"))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := pawl.Result[string](ctx, second)
	fmt.Println(out, err)
	x, _ = second.Get(ctx)
	fmt.Println(x.Key, x.ForkOf == first.ID())
	// Output:
	// failed error: the carrier is down
	// parcel 1 is on its way <nil>
	// order-7 true
}
