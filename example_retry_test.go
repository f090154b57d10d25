package pawl_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A step is tried again as its node says. All attempts of a step have one key, to be handed to whatever has the effect,
// so that it happens once.
func ExampleRetryWith() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	keys := map[string]int{}
	_ = pawl.Register(eng, "charge", func(ctx context.Context, _ struct{}) (string, error) {
		task := pawl.TaskFrom(ctx)
		keys[task.Key]++
		if task.Attempt < 3 {
			return "", errors.New("the gateway is busy")
		}
		return "paid", nil
	})
	quick := pawl.RetryPolicy{MaxAttempts: 5, InitialInterval: time.Millisecond}
	if _, err := eng.Deploy(ctx, pawl.Graph("pay", "").Node("charge", pawl.Call("charge", nil), pawl.RetryWith(quick))); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "pay", nil)
	if err != nil {
		log.Fatal(err)
	}
	out, err := pawl.Result[string](ctx, run)
	fmt.Println(out, err, len(keys))
	// Output: paid <nil> 1
}
