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

// Signals feed a foreach while it runs: it waits for more until one closes it. What was sent before is taken too, in
// order. With Batch the body gets lists.
func ExampleAddOn() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	_ = pawl.Register(eng, "sum", func(_ context.Context, of []int) (total int, err error) {
		for _, n := range of {
			total += n
		}
		return total, nil
	})

	body := pawl.Body().Node("sum", pawl.Call("sum", "${ item }"))
	wf := pawl.Graph("sums", "").
		Node("each", pawl.Foreach("${ input }", body), pawl.Batch(2), pawl.AddOn("more"), pawl.CloseOn("done")).
		Output("${ nodes.each.output }")
	if _, err := eng.Deploy(ctx, wf); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "sums", []int{1, 2, 3})
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range []int{4, 5} {
		if err := run.Signal(ctx, "more", n); err != nil {
			log.Fatal(err)
		}
	}
	if err := run.Signal(ctx, "done", nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println(pawl.Result[[]int](ctx, run))
	// Output: [3 7 5] <nil>
}

// With JoinEach what is behind a node runs once for every token that comes.
func ExampleJoinEach() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	_ = pawl.Register(eng, "file", func(context.Context, struct{}) (string, error) { return "filed", nil })

	wf := pawl.Graph("both", "").
		Node("open", pawl.Assign(nil)).
		Node("mail", pawl.Assign(nil)).
		Node("post", pawl.Assign(nil)).
		Node("file", pawl.Call("file", nil), pawl.JoinEach()).
		Next("open", "mail", "post").
		Next("mail", "file").
		Next("post", "file")
	if _, err := eng.Deploy(ctx, wf); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "both", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pawl.Result[map[string][]string](ctx, run))
	// Output: map[file:[filed filed]] <nil>
}
