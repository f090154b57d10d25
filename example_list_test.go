package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store/memory"
)

// Executions are found by workflow, status, key, time and the tags that the definition gives them, newest first.
func ExampleEngine_List() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	wf := pawl.Graph("order", "").
		Input(map[string]any{"customer": "string"}).
		Tag("customer", "${ input.customer }").
		Node("hold", pawl.WaitSignal("go"))
	if _, err := eng.Deploy(ctx, wf); err != nil {
		log.Fatal(err)
	}
	for i, name := range []string{"ada", "bruno", "ada"} {
		_, err := eng.Start(ctx, "order", map[string]string{"customer": name}, pawl.Key(fmt.Sprint("order-", i)))
		if err != nil {
			log.Fatal(err)
		}
	}
	page, err := eng.List(ctx, pawl.Filter{Statuses: []model.Status{model.Running}, Tags: map[string]any{"customer": "bruno"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, x := range page.Executions {
		fmt.Println(x.Key, x.Status, x.Tags["customer"])
	}
	// Output: order-1 running bruno
}
