package acceptance

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/sim/modelstore"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// open is a store that several engines use at once.
type open struct{ *modelstore.Backend }

func (o open) Open(context.Context) (store.Backend, error) { return o, nil }
func (o open) Close() error                                { return nil }

const membersText = `
workflow: order
version: 1.0.0
input: {n: integer}
signals: {go: {}}
nodes:
  - double: {call: double, args: "${ input.n }"}
  - hold: {signal: go}
  - last: {call: double, args: "${ nodes.double.output }"}
output: "${ nodes.last.output }"
`

func member(t *testing.T, s store.Opener, workers int) *pawl.Engine {
	t.Helper()
	eng, err := pawl.Open(t.Context(), s, pawl.Options{Workers: workers, Grace: time.Second, NoFunctions: workers < 0})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close(context.Background()) })
	if workers < 0 {
		return eng
	}
	err = pawl.Register(eng, "double", func(_ context.Context, n int) (int, error) {
		if n < 0 {
			return 0, fmt.Errorf("%d is negative", n)
		}
		return 2 * n, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return eng
}

// TestF9_EveryCallToEveryMember: whichever member is asked, the answer is that of the owner.
func TestF9_EveryCallToEveryMember(t *testing.T) {
	s := open{modelstore.NewBackend(16, 2)}
	a, b := member(t, s, 8), member(t, s, 8)
	visitor := member(t, s, -1)
	ctx := t.Context()
	if _, err := visitor.Deploy(ctx, pawl.Text("order.yaml", []byte(membersText))); err != nil {
		t.Fatal(err)
	}
	all := []*pawl.Engine{a, b, visitor}
	for i := range 24 {
		run, err := all[i%3].Start(ctx, "order", map[string]int{"n": i}, pawl.Key(fmt.Sprintf("k%d", i)))
		if err != nil {
			t.Fatal(i, err)
		}
		for j, eng := range all {
			again, err := eng.Start(ctx, "order", map[string]int{"n": i}, pawl.Key(fmt.Sprintf("k%d", i)))
			if err != nil || again.ID() != run.ID() || !again.Existing() {
				t.Fatalf("member %d: %v, %v", j, again, err)
			}
			_, err = eng.Start(ctx, "order", map[string]int{"n": -1}, pawl.Key(fmt.Sprintf("k%d", i)))
			refuses(t, "another input", err, pawl.CodeKeyConflict)
		}
		if err := all[(i+1)%3].Signal(ctx, run.ID(), "go", nil); err != nil {
			t.Fatal(i, err)
		}
		other, err := all[(i+2)%3].Run(run.ID())
		if err != nil {
			t.Fatal(err)
		}
		out, err := pawl.Result[int](ctx, other)
		if err != nil || out != 4*i {
			t.Fatalf("%d: %v, %v", i, out, err)
		}
		for j, eng := range all {
			refuses(t, fmt.Sprintf("member %d", j), eng.Cancel(ctx, run.ID()), pawl.CodeClosed)
			refuses(t, fmt.Sprintf("member %d", j), eng.Cancel(ctx, nobody), pawl.CodeNotFound)
			if _, err := eng.Get(ctx, nobody); pawl.Code(err) != pawl.CodeNotFound {
				t.Errorf("member %d: %v", j, err)
			}
		}
	}
}

// TestOperatorsThroughAVisitor: repairs, migrations, copies and watches reach the owner as if it had been asked.
func TestOperatorsThroughAVisitor(t *testing.T) {
	s := open{modelstore.NewBackend(16, 2)}
	owner := member(t, s, 8)
	visitor := member(t, s, -1)
	ctx := t.Context()
	deploy := func(text string) {
		t.Helper()
		if _, err := owner.Deploy(ctx, pawl.Text("order.yaml", []byte(text))); err != nil {
			t.Fatal(err)
		}
	}
	deploy(membersText)
	run, err := owner.Start(ctx, "order", map[string]int{"n": 3})
	if err != nil {
		t.Fatal(err)
	}
	mine, err := visitor.Run(run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mine.Wait(ctx, "double"); err != nil {
		t.Fatal(err)
	}
	deploy(membersText[:len("\nworkflow: order\nversion: ")] + "2.0.0" + membersText[len("\nworkflow: order\nversion: 1.0.0"):])
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	must("pause", visitor.Pause(ctx, run.ID(), pawl.By("ann"), pawl.Why("lunch")))
	must("resume", visitor.Resume(ctx, run.ID(), pawl.RequestID("r1"), pawl.Shift()))
	must("resume again", visitor.Resume(ctx, run.ID(), pawl.RequestID("r1"), pawl.Shift()))
	must("migrate", visitor.Migrate(ctx, run.ID(), "2.0.0"))
	refuses(t, "migrate to what is not there", visitor.Migrate(ctx, run.ID(), "9.0.0"), pawl.CodeNotFound)
	x, err := mine.Get(ctx)
	if err != nil || x.Version != "2.0.0" {
		t.Fatalf("%+v, %v", x, err)
	}
	copied, err := visitor.Fork(ctx, run.ID())
	must("fork", err)
	must("complete", visitor.Complete(ctx, copied.ID(), "hold", "success", json.RawMessage(`null`)))
	if x, err := copied.Wait(ctx); err != nil || x.Status != model.Completed {
		t.Fatalf("the copy: %+v, %v", x, err)
	}
	refuses(t, "what no step is", visitor.Skip(ctx, run.ID(), "nowhere"), "unknown_step")
	var types []string
	watched := make(chan error, 1)
	go func() {
		for e, err := range mine.Watch(ctx, 0) {
			if err != nil {
				watched <- err
				return
			}
			types = append(types, e.Type)
		}
		watched <- nil
	}()
	must("signal", visitor.Signal(ctx, run.ID(), "go", nil))
	must("watch", <-watched)
	if n := len(types); n == 0 || types[n-1] != "completed" {
		t.Fatalf("watched %v", types)
	}
}

// TestVisitorWorksAlone: where nobody lives, a visitor takes the shard that it needs and gives it back.
func TestVisitorWorksAlone(t *testing.T) {
	s := open{modelstore.NewBackend(16, 2)}
	ctx := t.Context()
	visitor := member(t, s, -1)
	if _, err := visitor.Deploy(ctx, pawl.Text("order.yaml", []byte(membersText))); err != nil {
		t.Fatal(err)
	}
	run, err := visitor.Start(ctx, "order", map[string]int{"n": 3}, pawl.WithSignal("go", nil))
	if err != nil {
		t.Fatal(err)
	}
	claims, err := s.Claims(ctx)
	if err != nil {
		t.Fatal(err)
	}
	owned := 0
	for _, f := range claims {
		if f.Owner != (record.Owner{}) {
			owned++
		}
	}
	if owned != 1 {
		t.Fatalf("a visitor owns %d shards for one start", owned)
	}
	if err := visitor.Close(ctx); err != nil {
		t.Fatal(err)
	}
	worker := member(t, s, 8)
	again, err := worker.Run(run.ID())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := pawl.Result[int](ctx, again); err != nil || out != 12 {
		t.Fatalf("%v, %v", out, err)
	}
}
