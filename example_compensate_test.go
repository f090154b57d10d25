package pawl_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A saga: what was done is undone, newest first, when the execution fails. A compensation sees what the step was given
// and what it gave.
func ExampleCompensate() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	say := func(what string) func(context.Context, string) (string, error) {
		return func(_ context.Context, name string) (string, error) {
			fmt.Println(what, name)
			return name + "-1", nil
		}
	}
	_ = pawl.Register(eng, "book", say("book"))
	_ = pawl.Register(eng, "unbook", say("unbook"))
	_ = pawl.Register(eng, "pay", func(context.Context, struct{}) (string, error) { return "", errors.New("no money") })
	trip := pawl.Graph("trip", "").
		Node("hotel", pawl.Call("book", "hotel"), pawl.Compensate("no_hotel")).
		Node("flight", pawl.Call("book", "flight"), pawl.Compensate("no_flight")).
		Node("pay", pawl.Call("pay", nil)).
		Node("no_hotel", pawl.Call("unbook", "${ nodes.hotel.output }")).
		Node("no_flight", pawl.Call("unbook", "${ nodes.flight.output }")).
		Next("hotel", "flight").Next("flight", "pay")
	if _, err := eng.Deploy(ctx, trip); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "trip", nil)
	if err != nil {
		log.Fatal(err)
	}
	x, err := run.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Status, x.Error.Message)
	// Output:
	// book hotel
	// book flight
	// unbook flight-1
	// unbook hotel-1
	// failed no money
}
