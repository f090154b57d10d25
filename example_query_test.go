package pawl_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A query in text selects executions; what it selects is listed, counted, or done something to by a bulk.
func ExampleQuery() {
	ctx := context.Background()
	eng, _ := pawl.Open(ctx, memory.Open(), pawl.Options{})
	defer eng.Close(ctx)
	_ = pawl.Register(eng, "charge", func(_ context.Context, in struct{ Amount int }) (string, error) {
		if in.Amount > 100 {
			return "", pawl.Permanent(fmt.Errorf("card %d was declined", 4000+in.Amount))
		}
		return "paid", nil
	})
	_, err := eng.Deploy(ctx, pawl.Text("order.yaml", []byte(`
workflow: order
input: {amount: integer}
tags: {amount: "${ input.amount }"}
nodes: [{charge: {call: charge, args: {amount: "${ input.amount }"}}}]
`)))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, amount := range []int{70, 180, 240} {
		run, _ := eng.Start(ctx, "order", map[string]int{"amount": amount})
		_, err := pawl.Result[any](ctx, run)
		fmt.Println(amount, errors.Is(err, pawl.ErrFailed))
	}

	f, err := pawl.Query("status:failed amount>200 started>-24h")
	if err != nil {
		fmt.Println(err)
		return
	}
	page, _ := eng.List(ctx, f)
	for _, x := range page.Executions {
		fmt.Println(x.Tags["amount"], x.Error.Message)
	}

	_, err = pawl.Query("staus:failed")
	fmt.Println(err)

	// The errors that differ in a number only are of one kind.
	counts, _ := eng.Count(ctx, pawl.Filter{Workflow: "order"}, pawl.Facet{By: "fingerprint"})
	for _, b := range counts.Buckets {
		fmt.Println(b.Count, "with the fingerprint", strings.Repeat("x", len(b.Value.(string))))
	}
	// Output:
	// 70 false
	// 180 true
	// 240 true
	// 240 card 4240 was declined
	// invalid: the query: at character 1: there is no field staus; did you mean status? For a tag write tag.staus
	// 2 with the fingerprint xxxxxxxxxxxxxxxx
	// 1 with the fingerprint
}
