package pawl_test

import (
	"context"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// TestGetAfterTheEnd: steps have the outputs that they had before the end, also those that waited for a signal or took
// theirs from elsewhere.
func TestGetAfterTheEnd(t *testing.T) {
	eng, err := pawl.Open(t.Context(), memory.Open(), pawl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close(context.Background()) })
	if _, err := eng.Deploy(t.Context(), pawl.Text("w.yaml", []byte(`
workflow: w
nodes:
  - got: {signal: go}
  - each: {foreach: {items: [1, 2]}, do: [{one: {set: {}, output: "${ item * 2 }"}}]}
  - many: {wait: {signal: more, count: 2}}
  - done: {end: {output: "${ nodes.many.output }"}}
`))); err != nil {
		t.Fatal(err)
	}
	run, err := eng.Start(t.Context(), "w", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct {
		name string
		data any
	}{{"go", map[string]int{"a": 1}}, {"more", 1}, {"more", 2}} {
		if err := run.Signal(t.Context(), s.name, s.data); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	x, err := run.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"got": `{"a":1}`, "each": `[2,4]`, "many": `[1,2]`, "done": `[1,2]`}
	for _, s := range x.Steps {
		if string(s.Output) != want[s.Path] {
			t.Errorf("%s has the output %s, want %s", s.Path, s.Output, want[s.Path])
		}
	}
	if len(x.Steps) != len(want) {
		t.Errorf("%d steps", len(x.Steps))
	}
}
