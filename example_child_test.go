package pawl_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A workflow node starts another workflow as a child and waits for it; a send node signals another execution, here the
// parent. The input of a child is checked like that of any start.
func ExampleEngine_Start_child() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	_, err = eng.Deploy(ctx, pawl.Text("family.yaml", []byte(`
workflow: parent
input: {n: number}
nodes:
  - child:
      workflow: {name: child, input: {n: "${ input.n }"}}
      next: {error: sorry}
  - hello: {signal: hello}
  - done: {end: {output: "${ nodes.hello.output } ${ nodes.child.output }"}}
  - sorry: {end: {outcome: sorry, output: "${ nodes.child.error.code }"}}
---
workflow: child
input: {schema: {type: object, properties: {n: {type: number, maximum: 10}}}}
nodes:
  - hello: {send: {to: parent, signal: hello, data: the answer is}}
  - done: {end: {output: "${ input.n * 2 }"}}
`)))
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range []int{4, 40} {
		run, err := eng.Start(ctx, "parent", map[string]int{"n": n})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(pawl.Result[string](ctx, run))
	}
	// Output:
	// the answer is 8 <nil>
	// invalid_input <nil>
}

// A foreach with mode: children starts an execution for each item; a range of items is never written out, however long it is.
// The children that ended well are undone by the compensate of the foreach.
func ExampleEngine_Start_children() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	_ = pawl.Register(eng, "index", func(_ context.Context, shard int) (int, error) { return shard, nil })
	_ = pawl.Register(eng, "swap", func(context.Context, int) (int, error) { return 0, errors.New("busy") })
	_ = pawl.Register(eng, "drop", func(_ context.Context, shards int) (int, error) {
		fmt.Println("dropped", shards)
		return 0, nil
	})

	_, err = eng.Deploy(ctx, pawl.Text("reindex.yaml", []byte(`
workflow: reindex
input: {shards: integer}
nodes:
  - each:
      foreach: {items: "${ 1..input.shards }", mode: children, concurrency: 100, collect: count}
      do: [{index: {call: index, args: "${ item }"}}]
      compensate: drop
  - swap: {call: swap, args: "${ nodes.each.output }"}
  - drop: {call: drop, args: "${ nodes.each.output }"}
`)))
	if err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "reindex", map[string]int{"shards": 500})
	if err != nil {
		log.Fatal(err)
	}
	_, err = pawl.Result[int](ctx, run)
	fmt.Println(errors.Is(err, pawl.ErrFailed))
	// Output:
	// dropped 500
	// true
}
