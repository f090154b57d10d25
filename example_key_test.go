package pawl_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// A key makes a start harmless to repeat: the same key and input give the same execution.
func ExampleKey() {
	ctx := context.Background()
	eng, err := pawl.Open(ctx, memory.Open(), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)
	if _, err := eng.Deploy(ctx, pawl.Graph("order", "").Node("hold", pawl.WaitSignal("go"))); err != nil {
		log.Fatal(err)
	}
	first, err := eng.Start(ctx, "order", 42, pawl.Key("order-42"))
	if err != nil {
		log.Fatal(err)
	}
	again, err := eng.Start(ctx, "order", 42, pawl.Key("order-42"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.ID() == first.ID(), again.Existing())

	_, err = eng.Start(ctx, "order", 43, pawl.Key("order-42"))
	fmt.Println(errors.Is(err, pawl.ErrKeyConflict))

	_, err = eng.Start(ctx, "order", 42, pawl.Key("order-42"), pawl.OnExisting(pawl.NewUnlessOpen))
	fmt.Println(errors.Is(err, pawl.ErrKeyExists))
	// Output:
	// true true
	// true
	// true
}
