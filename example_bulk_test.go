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
func ExampleEngine_Bulk() {
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

	b, err := eng.Bulk(ctx, pawl.BulkSpec{
		ID:     "retry-orders",
		Filter: pawl.Filter{Workflow: "order", Statuses: []model.Status{model.Parked}},
		Canary: 1,
		Do: func(ctx context.Context, id string, opts ...pawl.CommandOption) error {
			return eng.Retry(ctx, id, "", append(opts, pawl.Why("the carrier is back"))...)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, _ := b.Wait(ctx)
	fmt.Println(p.State, p.Done, "done")
	b.Resume()
	p, _ = b.Wait(ctx)
	fmt.Println(p.State, p.Done, "done", p.Refused, "refused")
	// Output:
	// paused 1 done
	// done 5 done 0 refused
}
