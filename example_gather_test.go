package pawl_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// Several starts of one key become one execution, whose input is the list of theirs.
func ExampleBatchOf() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	invoice := `
workflow: invoice
input: {order: integer}
nodes: {all: {end: {output: "${ map(input, .order) }"}}}`
	if _, err := eng.Deploy(ctx, pawl.Text("invoice.yaml", []byte(invoice))); err != nil {
		log.Fatal(err)
	}
	var run *pawl.Run
	for i := range 3 {
		line := map[string]int{"order": i + 1}
		if run, err = eng.Start(ctx, "invoice", line, pawl.Key("ann"), pawl.BatchOf(3, time.Hour), pawl.RequestID(fmt.Sprint("order-", i+1))); err != nil {
			log.Fatal(err)
		}
		if i == 1 {
			x, err := eng.Get(ctx, run.ID())
			if err != nil {
				log.Fatal(err)
			}
			said, _, _ := strings.Cut(x.Waiting[0].Sentence, ", since")
			fmt.Println(said)
		}
	}
	again, err := eng.Start(ctx, "invoice", map[string]int{"order": 2}, pawl.Key("ann"), pawl.BatchOf(3, time.Hour), pawl.RequestID("order-2"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("a request that comes again is one:", again.ID() == run.ID())
	orders, err := pawl.Result[[]int](ctx, run)
	fmt.Println(orders, err)
	// Output:
	// The execution gathers starts of invoice with the key ann: 2 so far, begins with number 3 or at its time
	// a request that comes again is one: true
	// [1 2 3] <nil>
}

// A burst of starts becomes one execution with the newest input.
func ExampleDebounce() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	index := `
workflow: index
nodes: {page: {end: {output: "${ input.text }"}}}`
	if _, err := eng.Deploy(ctx, pawl.Text("index.yaml", []byte(index))); err != nil {
		log.Fatal(err)
	}
	ids := map[string]bool{}
	var run *pawl.Run
	for _, text := range []string{"p", "pa", "pawl"} {
		if run, err = eng.Start(ctx, "index", map[string]string{"text": text}, pawl.Key("page-7"), pawl.Debounce(300*time.Millisecond, time.Minute)); err != nil {
			log.Fatal(err)
		}
		ids[run.ID()] = true
	}
	text, err := pawl.Result[string](ctx, run)
	fmt.Println(len(ids), text, err)
	// Output:
	// 1 pawl <nil>
}
