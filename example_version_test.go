package pawl_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A bad version is rolled back by making the one before it active. What is open stays on the version it began with.
func ExampleEngine_Activate() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	for _, version := range []string{"1.9.0", "1.10.0"} {
		if _, err := eng.Deploy(ctx, pawl.Graph("price", version).Node("say", pawl.End(""), pawl.Output(version))); err != nil {
			log.Fatal(err)
		}
	}
	say := func() {
		run, err := eng.Start(ctx, "price", nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(pawl.Result[string](ctx, run))
	}
	say()
	if err := eng.Activate(ctx, "price", "1.9.0"); err != nil {
		log.Fatal(err)
	}
	say()

	if err := eng.Retire(ctx, "price", "1.10.0"); err != nil {
		log.Fatal(err)
	}
	_, err = eng.Start(ctx, "price", nil, pawl.Version("1.10.0"))
	fmt.Println(errors.Is(err, pawl.ErrRetired))
	// Output:
	// 1.10.0 <nil>
	// 1.9.0 <nil>
	// true
}

// Compare says what a new version changes, before it is deployed.
func ExampleCompare() {
	read := func(text string) *pawl.Definition {
		defs, _, err := pawl.Check(pawl.Text("pay.yaml", []byte(text)))
		if err != nil {
			log.Fatal(err)
		}
		return &defs[0]
	}
	d := pawl.Compare(read(`
workflow: pay
version: 1.0.0
input: {amount: number}
nodes:
  - charge: {call: charge}
`), read(`
workflow: pay
version: 1.1.0
input: {amount: integer}
nodes:
  - charge: {call: charge, retry: {max_attempts: 3}}
  - tell: {call: tell}
`))
	fmt.Println(strings.Join(d.Words(), "\n"))
	// Output:
	// pay 1.0.0 to 1.1.0
	//   changed node charge (function)
	//     retry is new: [{"max_attempts":3,"initial_interval":1000,"backoff_coefficient":2,"max_interval":60000,"jitter":0.2}]
	//   added node tell (function)
	//   added edge charge to tell
	//   input amount was {"type":"number"}, is {"type":"integer"}
	//   takes less: input amount was number, is integer
}
