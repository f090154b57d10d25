package sealed_test

import (
	"context"
	"fmt"
	"log"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/sealed"
)

// Encrypt what executions carry. A program would read its keys with sealed.FromFile, and open a store that lasts.
func ExampleOpen() {
	ctx := context.Background()
	keys := sealed.FromText("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=") // head -c 32 /dev/urandom | base64
	eng, err := pawl.Open(ctx, sealed.Open(memory.Open(), sealed.Options{Keys: keys}), pawl.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer eng.Close(ctx)

	if _, err := eng.Deploy(ctx, pawl.Text("greet.yaml", []byte(`
workflow: greet
nodes:
  - done: {end: {output: "Hello ${ input.name }"}}
`))); err != nil {
		log.Fatal(err)
	}
	run, err := eng.Start(ctx, "greet", map[string]any{"name": "Ada"})
	if err != nil {
		log.Fatal(err)
	}
	ended, err := run.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(ended.Output))
	// Output: "Hello Ada"
}
