package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// Values of the installation reach definitions as config.<name>.
func ExampleOptions_config() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{Config: map[string]any{"limit": 100}})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	if _, err := eng.Deploy(ctx, pawl.Text("check.yaml", []byte(`
workflow: check
nodes:
  - size: {switch: {cases: [{when: input.amount > config.limit, outcome: large}], default: small}, next: {large: over, small: ok}}
  - ok: {end: {output: accepted}}
  - over: {end: {output: "over ${ config.limit }"}}
`))); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "check", map[string]any{"amount": 250})
	if err != nil {
		log.Fatal(err)
	}
	out, err := pawl.Result[string](ctx, run)
	fmt.Println(out, err)
	// Output: over 100 <nil>
}
