package pawl_test

import (
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl"
)

// Check reads a definition without an engine and reports everything wrong with it at once.
func ExampleCheck() {
	_, _, err := pawl.Check(pawl.Text("order.yaml", []byte(`workflow: order
nodes:
  charge: {call: charge, retries: 5, next: shipp}
  ship: {call: ship}
`)))
	var faults pawl.Faults
	if errors.As(err, &faults) {
		for _, f := range faults {
			fmt.Println(f)
		}
	}
	// Output:
	// order.yaml:3:26: unknown_key: a node has no key "retries"
	// order.yaml:3:44: unknown_node: there is no node "shipp" in this graph
}
