package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/function"
)

type order struct {
	ID    string  `json:"id"`
	Total float64 `json:"total"`
}

type receipt struct {
	Charge string `json:"charge"`
}

func Example() {
	var set function.Set
	err := function.Register(&set, "charge", func(ctx context.Context, o order) (receipt, error) {
		if o.Total > 1000 {
			return receipt{}, function.Outcome("review", o)
		}
		if o.Total <= 0 {
			return receipt{}, function.Permanent(errors.New("nothing to charge"))
		}
		// The key is the same for every attempt of a step, so the payment service charges once.
		return receipt{Charge: "paid under " + function.TaskFrom(ctx).Key}, nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, args := range []string{`{"id":"o-1","total":12.5}`, `{"id":"o-2","total":5000}`, `{"id":"o-3"}`} {
		task := &node.Task{Key: "key-1", With: json.RawMessage(`{"name":"charge","args":` + args + `}`)}
		res, _ := set.Execute(context.Background(), task)
		fmt.Println(res.Outcome, string(res.Output), res.Error)
	}
	// Output:
	//  {"charge":"paid under key-1"} <nil>
	// review {"id":"o-2","total":5000} <nil>
	//   error: nothing to charge
}
