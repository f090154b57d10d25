package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A foreach runs its body for each element; the output is the list of results, in the order of the items.
func ExampleForeach() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	_ = pawl.Register(eng, "square", func(_ context.Context, n int) (int, error) { return n * n, nil })

	body := pawl.Body().Node("square", pawl.Call("square", "${ n }"))
	wf := pawl.Graph("squares", "").
		Node("each", pawl.Foreach("${ input }", body), pawl.As("n"), pawl.Concurrency(4)).
		Output("${ nodes.each.output }")
	if _, err := eng.Deploy(ctx, wf); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "squares", []int{1, 2, 3, 4})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pawl.Result[[]int](ctx, run))
	// Output: [1 4 9 16] <nil>
}
