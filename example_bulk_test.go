package pawl_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store/memory"
)

// Everything that is parked is retried: one first, to see whether it helps, then the rest.
func ExampleEngine_Bulks() {
	ctx := context.Background()
	eng, _ := pawl.Open(ctx, memory.Open(), pawl.Options{By: "ada"})
	defer eng.Close(ctx)
	var up atomic.Bool
	_ = pawl.Register(eng, "ship", func(context.Context, struct{}) (string, error) {
		if !up.Load() {
			return "", errors.New("the carrier is down")
		}
		return "shipped", nil
	})
	_, _ = eng.Deploy(ctx, pawl.Text("order.yaml", []byte(`
workflow: order
on_failure: park
nodes: [{ship: {call: ship}}]
`)))
	for range 5 {
		run, _ := eng.Start(ctx, "order", nil)
		_, _ = run.Wait(ctx, "ship")
	}
	up.Store(true)

	bulks := eng.Bulks()
	_, err := bulks.Start(ctx, pawl.BulkSpec{
		ID:     "retry-orders",
		Filter: pawl.Filter{Workflow: "order", Statuses: []model.Status{model.Parked}},
		Do:     pawl.BulkVerb{Verb: "retry"},
		Canary: 1,
	}, pawl.Why("the carrier is back"))
	if err != nil {
		fmt.Println(err)
		return
	}
	p, _ := bulks.Wait(ctx, "retry-orders")
	fmt.Println(p.State, p.Done, "done")
	_ = bulks.Resume(ctx, "retry-orders")
	p, _ = bulks.Wait(ctx, "retry-orders")
	fmt.Println(p.State, p.Done, "done", p.Refused, "refused")
	// Output:
	// paused 1 done
	// done 5 done 0 refused
}
