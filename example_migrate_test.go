package pawl_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// An execution that waits goes on with another version. Where that cannot be, every reason is told.
func ExampleEngine_Migrate() {
	ctx := context.Background()
	eng, _ := pawl.Open(ctx, memory.Open(), pawl.Options{})
	defer eng.Close(ctx)
	_ = pawl.Register(eng, "say", func(_ context.Context, text string) (string, error) { return text, nil })
	for _, text := range []string{`
workflow: w
version: 1.0.0
nodes:
  - hold: {signal: go}
  - end: {call: say, args: first}
`, `
workflow: w
version: 2.0.0
nodes:
  - pause: {signal: go}
  - end: {call: say, args: second}
`} {
		if _, err := eng.Deploy(ctx, pawl.Text("w.yaml", []byte(text)), pawl.Inactive()); err != nil {
			fmt.Println(err)
			return
		}
	}
	run, _ := eng.Start(ctx, "w", nil, pawl.Version("1.0.0"))

	var why pawl.Obstacles
	if err := eng.Migrate(ctx, run.ID(), "2.0.0"); errors.As(err, &why) {
		fmt.Println(why)
	}
	if err := eng.Migrate(ctx, run.ID(), "2.0.0", pawl.Rename(map[string]string{"hold": "pause"})); err != nil {
		fmt.Println(err)
		return
	}
	_ = run.Signal(ctx, "go", nil)
	out, err := pawl.Result[string](ctx, run)
	fmt.Println(out, err)
	x, _ := run.Get(ctx)
	fmt.Println(x.Version)
	// Output:
	// no_counterpart: hold is waiting, and version 2.0.0 has no node hold of type wait in the same scope
	// second <nil>
	// 2.0.0
}
