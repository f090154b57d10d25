package pawl_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// The definition was wrong: the failed execution goes on with a version that is right, under its key.
func ExampleVersion_rerun() {
	ctx := context.Background()
	eng, _ := pawl.Open(ctx, memory.Open(), pawl.Options{})
	defer eng.Close(ctx)

	_ = pawl.Register(eng, "pack", func(context.Context, struct{}) (int, error) { fmt.Println("packing"); return 1, nil })
	_ = pawl.Register(eng, "send", func(_ context.Context, carrier string) (string, error) {
		if carrier == "" {
			return "", errors.New("no carrier is named")
		}
		return "with the " + carrier, nil
	})
	order := func(version, send string) pawl.Source {
		return pawl.Text("order.yaml", []byte("workflow: order\nversion: "+version+"\nnodes:\n  - pack: {call: pack}\n  - "+send+"\n"))
	}
	_, _ = eng.Deploy(ctx, order("1.0.0", `ship: {call: send}`))
	first, _ := eng.Start(ctx, "order", nil, pawl.Key("order-7"))
	x, _ := first.Wait(ctx)
	fmt.Println(x.Version, x.Status, x.Error)

	_, _ = eng.Deploy(ctx, order("1.1.0", `deliver: {call: send, args: post}`))
	opts := []pawl.ForkOption{pawl.Version("1.1.0"), pawl.Rename(map[string]string{"ship": "deliver"})}
	var plan pawl.Preview
	_, err := eng.Rerun(ctx, first.ID(), append(opts, pawl.Plan(&plan))...)
	fmt.Println(plan.Kept, plan.Again, err)
	second, err := eng.Rerun(ctx, first.ID(), opts...)
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := pawl.Result[string](ctx, second)
	fmt.Println(out, err)
	// Output:
	// packing
	// 1.0.0 failed error: no carrier is named
	// [pack] [ship] <nil>
	// with the post <nil>
}
