package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A function that only computes need not wait until it is durable that it is to run, so a chain of such steps shares
// commits. Their results are as durable as all others before the caller hears of them.
func ExamplePure() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	net := func(_ context.Context, cents int) (int, error) { return cents * 100 / 119, nil }
	_ = pawl.Register(eng, "net", net, pawl.Pure())
	if _, err := eng.Deploy(ctx, pawl.Graph("price", "").Node("net", pawl.Call("net", "${ input }"))); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "price", 11900)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pawl.Result[int](ctx, run))
	// Output: 10000 <nil>
}
