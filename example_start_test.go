package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// The whole way once: open a store, register what steps call, deploy a definition, start an execution, take its result.
// A program would open a store that lasts: sqlite.Open("orders.db").
func Example() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)

	type Person struct {
		Name string `json:"name"`
	}
	err = pawl.Register(eng, "greet", func(ctx context.Context, p Person) (string, error) {
		return "Hello " + p.Name, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = eng.Deploy(ctx, pawl.Text("hello.yaml", []byte(`
workflow: hello
input: {name: string}
nodes:
  - greet: {call: greet, args: {name: "${ input.name }"}}
`)))
	if err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "hello", Person{"Ada"}, pawl.Key("ada"))
	if err != nil {
		log.Fatal(err)
	}
	greeting, err := pawl.Result[string](ctx, run)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(greeting)
	// Output: Hello Ada
}
