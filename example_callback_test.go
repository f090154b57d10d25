package pawl_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A node with callback: true hands its work to somebody else: the attempt is over when that is done, the step when the
// token has been answered. The token may be answered from anywhere, once, also before the attempt has ended.
func ExampleEngine_CompleteTask() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)

	bank := make(chan string, 1) // takes orders, and calls back some day
	pawl.Register(eng, "open_account", func(ctx context.Context, name string) (string, error) {
		bank <- pawl.TaskFrom(ctx).Token
		return "ordered for " + name, nil
	})
	wf := pawl.Graph("account", "").
		Input(map[string]any{"name": "string"}).
		Node("open", pawl.Call("open_account", "${ input.name }"), pawl.Callback(), pawl.Timeout("30d")).
		Output("${ nodes.open.output.iban }")
	if _, err := eng.Deploy(ctx, wf); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "account", map[string]string{"name": "Ada"})
	if err != nil {
		log.Fatal(err)
	}

	token := <-bank
	fmt.Println(eng.HeartbeatTask(ctx, token, map[string]int{"percent": 50}))
	fmt.Println(eng.CompleteTask(ctx, token, map[string]string{"iban": "DE02"}))
	fmt.Println(pawl.Result[string](ctx, run))
	fmt.Println(pawl.Code(eng.FailTask(ctx, token, pawl.Failure{Code: "declined", Message: "no"})))
	fmt.Println(pawl.Code(eng.CompleteTask(ctx, token[1:], nil)))
	// Output:
	// <nil>
	// <nil>
	// DE02 <nil>
	// stale
	// bad_token
}
