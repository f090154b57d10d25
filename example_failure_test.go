package pawl_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// Result gives the failure of an execution as an error with a code.
func ExampleResult() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	wf := pawl.Graph("order", "").Node("check", pawl.End(""), pawl.WithError("sold_out", "nothing left"))
	if _, err := eng.Deploy(ctx, wf); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "order", nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = pawl.Result[string](ctx, run)
	var why *pawl.Failure
	if errors.Is(err, pawl.ErrFailed) && errors.As(err, &why) {
		fmt.Println(why.Code, "-", why.Message)
	}
	// Output: sold_out - nothing left
}
