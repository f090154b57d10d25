package pawl_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open starts an engine that the test closes.
func open(t *testing.T, s store.Opener, o pawl.Options) *pawl.Engine {
	t.Helper()
	eng, err := pawl.Open(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := eng.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return eng
}

func deploy(t *testing.T, eng *pawl.Engine, text string) *pawl.Deployment {
	t.Helper()
	d, err := eng.Deploy(t.Context(), pawl.Text("test.yaml", []byte(text)))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func start(t *testing.T, eng *pawl.Engine, workflow string, input any, opts ...pawl.StartOption) *pawl.Run {
	t.Helper()
	run, err := eng.Start(t.Context(), workflow, input, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func wants(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("got %v, want %v", err, target)
	}
}

const reviewText = `
workflow: review
input: {amount: number, limit: "number = 100"}
tags: {amount: "${ input.amount }"}
signals: {decision: {schema: {type: object, required: [ok]}}}
nodes:
  - look: {call: look, args: {amount: "${ input.amount }", limit: "${ input.limit }"}}
  - wait: {signal: decision}
  - done: {end: {outcome: decided, output: {looked: "${ nodes.look.output }", ok: "${ nodes.wait.output.ok }"}}}
`

type amount struct{ Amount, Limit float64 }

func look(_ context.Context, in amount) (string, error) {
	return fmt.Sprintf("%v of %v", in.Amount, in.Limit), nil
}

func reviewer(t *testing.T) *pawl.Engine {
	t.Helper()
	eng := open(t, memory.Open(), pawl.Options{By: "tester"})
	if err := pawl.Register(eng, "look", look); err != nil {
		t.Fatal(err)
	}
	deploy(t, eng, reviewText)
	return eng
}

func TestLifeOfAnExecution(t *testing.T) {
	eng, ctx := reviewer(t), t.Context()
	run := start(t, eng, "review", map[string]any{"amount": 70}, pawl.Key("k"))
	x, err := run.Wait(ctx, "look")
	if err != nil || x.Closed() || x.Status != model.Running {
		t.Fatalf("waiting for a node gave %+v, %v", x, err)
	}
	waiting, err := eng.Explain(ctx, run.ID())
	if err != nil || len(waiting) != 1 || waiting[0].Kind != "wait" || waiting[0].Signals[0] != "decision" || !strings.Contains(waiting[0].Sentence, "the signal decision") {
		t.Fatalf("explained %+v, %v", waiting, err)
	}
	wants(t, run.Signal(ctx, "other", nil), pawl.ErrUnknownSignal)
	wants(t, run.Signal(ctx, "decision", map[string]any{}), pawl.ErrInvalid)
	wants(t, run.Signal(ctx, "decision", make(chan int)), pawl.ErrInvalid)
	if err := run.Signal(ctx, "decision", map[string]bool{"ok": true}); err != nil {
		t.Fatal(err)
	}
	out, err := pawl.Result[struct {
		Looked string
		OK     bool
	}](ctx, run)
	if err != nil || out.Looked != "70 of 100" || !out.OK {
		t.Fatalf("the result is %+v, %v", out, err)
	}
	if _, err := pawl.Result[int](ctx, run); pawl.Code(err) != pawl.CodeOutput {
		t.Errorf("an output that does not fit gave %v", err)
	}
	x, err = run.Get(ctx)
	if err != nil || x.Outcome != "decided" || x.Key != "k" || x.Tags["amount"] != 70.0 || len(x.Steps) != 3 || len(x.Waiting) != 0 {
		t.Fatalf("got %+v, %v", x, err)
	}
	var in amount
	if err := json.Unmarshal(x.Input, &in); err != nil || in != (amount{70, 100}) {
		t.Errorf("the input is %s", x.Input)
	}
	wants(t, run.Signal(ctx, "decision", map[string]bool{"ok": true}), pawl.ErrClosed)
	wants(t, run.Cancel(ctx), pawl.ErrClosed)
}

func TestStartRefuses(t *testing.T) {
	eng, ctx := reviewer(t), t.Context()
	for name, c := range map[string]struct {
		workflow string
		input    any
		opts     []pawl.StartOption
		want     error
	}{
		"no such workflow": {"nothing", nil, nil, pawl.ErrNotFound},
		"no such version":  {"review", nil, []pawl.StartOption{pawl.Version("9.9.9")}, pawl.ErrNotFound},
		"wrong type":       {"review", map[string]any{"amount": "much"}, nil, pawl.ErrInvalid},
		"missing":          {"review", nil, nil, pawl.ErrInvalid},
		"no JSON":          {"review", func() {}, nil, pawl.ErrInvalid},
		"broken JSON":      {"review", json.RawMessage("{"), nil, pawl.ErrInvalid},
	} {
		if _, err := eng.Start(ctx, c.workflow, c.input, c.opts...); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if _, err := eng.Get(ctx, "nonsense"); !errors.Is(err, pawl.ErrInvalid) {
		t.Errorf("an id that is none: %v", err)
	}
	if _, err := eng.Get(ctx, "01jd0000000000000000000000"); !errors.Is(err, pawl.ErrNotFound) {
		t.Errorf("an id that nobody has: %v", err)
	}
}

func TestKeys(t *testing.T) {
	eng, ctx := reviewer(t), t.Context()
	in := map[string]any{"amount": 1}
	first := start(t, eng, "review", in, pawl.Key("k"))
	if again := start(t, eng, "review", json.RawMessage(`{"limit":100, "amount":1}`), pawl.Key("k")); again.ID() != first.ID() || !again.Existing() {
		t.Error("the same key and input made another execution")
	}
	_, err := eng.Start(ctx, "review", map[string]any{"amount": 2}, pawl.Key("k"))
	wants(t, err, pawl.ErrKeyConflict)
	_, err = eng.Start(ctx, "review", in, pawl.Key("k"), pawl.OnExisting(pawl.RejectExisting))
	wants(t, err, pawl.ErrKeyExists)
	_, err = eng.Start(ctx, "review", in, pawl.Key("k"), pawl.OnExisting(pawl.NewUnlessOpen))
	wants(t, err, pawl.ErrKeyExists)
	other := start(t, eng, "review", in, pawl.Key("k"), pawl.OnExisting(pawl.ReplaceOpen))
	if other.ID() == first.ID() {
		t.Error("an open holder was not replaced")
	}
	if x, err := first.Wait(ctx); err != nil || x.Status != model.Cancelled {
		t.Errorf("the holder is %+v, %v", x, err)
	}
	a := start(t, eng, "review", in, pawl.RequestID("r1"))
	b := start(t, eng, "review", in, pawl.RequestID("r1"))
	if a.ID() != b.ID() {
		t.Error("a repeated request started twice")
	}
}

func TestStop(t *testing.T) {
	eng, ctx := reviewer(t), t.Context()
	in := map[string]any{"amount": 1}
	run := start(t, eng, "review", in)
	wants(t, eng.Resume(ctx, run.ID()), pawl.ErrNotPaused)
	if err := eng.Pause(ctx, run.ID(), pawl.Why("lunch")); err != nil {
		t.Fatal(err)
	}
	if err := run.Signal(ctx, "decision", map[string]bool{"ok": false}); err != nil {
		t.Fatal(err)
	}
	waiting, err := eng.Explain(ctx, run.ID())
	if err != nil || waiting[0].Kind != "paused" || !strings.Contains(waiting[0].Sentence, "by tester (lunch)") {
		t.Fatalf("explained %+v, %v", waiting, err)
	}
	if err := eng.Resume(ctx, run.ID(), pawl.RequestID("once")); err != nil {
		t.Fatal(err)
	}
	if err := eng.Resume(ctx, run.ID(), pawl.RequestID("once")); err != nil && !errors.Is(err, pawl.ErrClosed) {
		t.Errorf("a repeated resume: %v", err)
	}
	if x, err := run.Wait(ctx); err != nil || x.Status != model.Completed {
		t.Fatalf("%+v, %v", x, err)
	}
	other := start(t, eng, "review", in)
	if err := eng.Terminate(ctx, other.ID()); err != nil {
		t.Fatal(err)
	}
	_, err = pawl.Result[any](ctx, other)
	wants(t, err, pawl.ErrFailed)
	late := start(t, eng, "review", in, pawl.Delay(time.Hour), pawl.WithSignal("decision", map[string]bool{"ok": true}))
	if x, err := late.Get(ctx); err != nil || x.Status != model.Pending {
		t.Fatalf("%+v, %v", x, err)
	}
	if err := late.Cancel(ctx); err != nil {
		t.Fatal(err)
	}
	if x, err := late.Wait(ctx); err != nil || x.Status != model.Cancelled {
		t.Fatalf("%+v, %v", x, err)
	}
}

func TestFailureSaysWhy(t *testing.T) {
	eng := open(t, memory.Open(), pawl.Options{})
	err := pawl.Register(eng, "pay", func(context.Context, struct{}) (struct{}, error) {
		return struct{}{}, pawl.Permanent(&pawl.Failure{Code: "card_declined", Message: "no money"})
	})
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, eng, "workflow: pay\nnodes: {pay: {call: pay, retry: 5}}")
	_, err = pawl.Result[any](t.Context(), start(t, eng, "pay", nil))
	var why *pawl.Failure
	if !errors.Is(err, pawl.ErrFailed) || !errors.As(err, &why) || why.Code != "card_declined" {
		t.Fatalf("got %v", err)
	}
}

func TestListAndPages(t *testing.T) {
	eng, ctx := reviewer(t), t.Context()
	for i := range 7 {
		start(t, eng, "review", map[string]any{"amount": i}, pawl.Key(fmt.Sprint("k", i)))
	}
	seen := map[string]bool{}
	f := pawl.Filter{Workflow: "review", Statuses: []model.Status{model.Running}, Limit: 3}
	for pages := 0; ; pages++ {
		p, err := eng.List(ctx, f)
		if err != nil || pages > 3 {
			t.Fatalf("page %d: %v", pages, err)
		}
		for _, x := range p.Executions {
			seen[x.Key] = true
		}
		if f.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	if len(seen) != 7 {
		t.Errorf("seen %v", seen)
	}
	p, err := eng.List(ctx, pawl.Filter{Tags: map[string]any{"amount": 4}})
	if err != nil || len(p.Executions) != 1 || p.Executions[0].Key != "k4" {
		t.Errorf("by tag: %+v, %v", p, err)
	}
	_, err = eng.List(ctx, pawl.Filter{Tags: map[string]any{"amount": []int{4}}})
	wants(t, err, pawl.ErrInvalid)
	_, err = eng.List(ctx, pawl.Filter{Parent: "nonsense"})
	wants(t, err, pawl.ErrInvalid)
}

func TestDeploy(t *testing.T) {
	eng, ctx := open(t, memory.Open(), pawl.Options{}), t.Context()
	v := func(d *pawl.Deployment) pawl.DeployedVersion { return d.Versions[0] }
	one := "workflow: w\nnodes: {a: {set: {}, output: 1}}"
	two := "workflow: w\nnodes: {a: {set: {}, output: 2}}"
	if got := v(deploy(t, eng, one)); got.Version != "1.0.0" || !got.Active || got.Unchanged {
		t.Errorf("first: %+v", got)
	}
	if got := v(deploy(t, eng, one)); got.Version != "1.0.0" || !got.Unchanged {
		t.Errorf("again: %+v", got)
	}
	if got := v(deploy(t, eng, two)); got.Version != "1.0.1" || !got.Active {
		t.Errorf("changed: %+v", got)
	}
	_, err := eng.Deploy(ctx, pawl.Text("x", []byte("version: 1.0.0\n"+two)))
	wants(t, err, pawl.ErrVersionExists)
	if got := v(deploy(t, eng, "version: 0.5.0\n"+two)); got.Active {
		t.Error("a lower version became active")
	}
	d, err := eng.Deploy(ctx, pawl.Text("x", []byte("version: 3.0.0\n"+two)), pawl.Inactive())
	if err != nil || v(d).Active {
		t.Errorf("inactive: %+v, %v", d, err)
	}
	for version, want := range map[string]int{"": 2, "1.0.0": 1, "3.0.0": 2} {
		var opts []pawl.StartOption
		if version != "" {
			opts = append(opts, pawl.Version(version))
		}
		if got, err := pawl.Result[int](ctx, start(t, eng, "w", nil, opts...)); err != nil || got != want {
			t.Errorf("version %q gave %d, %v", version, got, err)
		}
	}
	d = deploy(t, eng, "workflow: x\nnodes: {a: {set: {}}}\n---\nworkflow: y\nnodes: {a: {set: {}}}")
	if len(d.Versions) != 2 || d.Versions[1].Workflow != "y" {
		t.Errorf("two in one file: %+v", d)
	}
	_, err = eng.Deploy(ctx, pawl.Text("x", []byte("workflow: z\nnodes: {a: {http: {url: x}}}")))
	wants(t, err, pawl.ErrFaults)
	_, err = eng.Deploy(ctx, pawl.File("testdata/no-such-file.yaml"))
	wants(t, err, pawl.ErrNotFound)
}

// TestWatchHasNoGaps: whenever a watcher comes, it sees every entry once and in order, however slow it is.
func TestWatchHasNoGaps(t *testing.T) {
	eng, ctx := open(t, memory.Open(), pawl.Options{}), t.Context()
	deploy(t, eng, `
workflow: many
nodes:
  - loop: {loop: {max: 300}, do: [{step: {call: step}}], next: {exhausted: done}}
  - done: {end: {}}
`)
	gate := make(chan struct{})
	var n atomic.Int64
	err := pawl.Register(eng, "step", func(ctx context.Context, _ struct{}) (int64, error) {
		if n.Add(1) == 100 {
			select {
			case <-gate:
			case <-ctx.Done():
			}
		}
		return n.Load(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	run := start(t, eng, "many", nil)
	var wg sync.WaitGroup
	watch := func(after uint64, slow bool) {
		wg.Go(func() {
			last := after
			for ev, err := range run.Watch(ctx, after) {
				if err != nil {
					t.Error(err)
					return
				}
				if ev.Seq != last && ev.Seq != last+1 || ev.Seq <= after {
					t.Errorf("entry %d follows %d", ev.Seq, last)
					return
				}
				last = ev.Seq
				if slow && ev.Seq == 20 {
					close(gate)
					slow = false
					if _, err := run.Wait(ctx); err != nil { // miss everything
						t.Error(err)
					}
				}
				if ev.Type == "completed" {
					return
				}
			}
			t.Errorf("the watch ended after entry %d without the end", last)
		})
	}
	watch(0, true)
	watch(50, false)
	wg.Wait()
	watch(0, false) // all of it is history now
	wg.Wait()
	for ev, err := range run.Watch(ctx, 0) {
		if err != nil || ev.Seq != 1 {
			t.Fatalf("%+v, %v", ev, err)
		}
		break // leaving early is fine
	}
	for _, err := range eng.Watch(ctx, "01jd0000000000000000000000", 0) {
		wants(t, err, pawl.ErrNotFound)
	}
}

func TestHistory(t *testing.T) {
	eng, ctx := reviewer(t), t.Context()
	run := start(t, eng, "review", map[string]any{"amount": 1})
	if err := run.Signal(ctx, "decision", map[string]bool{"ok": true}); err != nil {
		t.Fatal(err)
	}
	if _, err := run.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	var types []string
	var last uint64
	for ev, err := range eng.History(ctx, run.ID(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		types, last = append(types, ev.Type), ev.Seq
	}
	if types[0] != "started" || types[len(types)-1] != "completed" {
		t.Errorf("the history is %v", types)
	}
	for ev, err := range eng.History(ctx, run.ID(), last) {
		if err != nil || ev.Seq != last {
			t.Errorf("from entry %d: %+v, %v", last, ev, err)
		}
	}
	for _, err := range eng.History(ctx, "01jd0000000000000000000000", 0) {
		wants(t, err, pawl.ErrNotFound)
	}
}

// TestReopen: what one engine left the next goes on with, finished steps are not run again, and a function that is
// registered after the open is found.
func TestReopen(t *testing.T) {
	s, ctx := memory.Open(), t.Context()
	text := `
workflow: two
nodes:
  - one: {call: one}
  - two: {call: two}
`
	var ones atomic.Int64
	one := func(context.Context, struct{}) (int64, error) { return ones.Add(1), nil }
	began := make(chan struct{})
	eng, err := pawl.Open(ctx, s, pawl.Options{Grace: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(pawl.Register(eng, "one", one), pawl.Register(eng, "two", func(ctx context.Context, _ struct{}) (string, error) {
		close(began)
		<-ctx.Done()
		return "", ctx.Err()
	}))
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, eng, text)
	run := start(t, eng, "two", nil)
	<-began
	if err := eng.Close(ctx); err != nil {
		t.Fatal(err)
	}
	wants(t, run.Signal(ctx, "x", nil), pawl.ErrStopping)
	if err := eng.Close(ctx); err != nil {
		t.Errorf("the second close: %v", err)
	}

	eng = open(t, s, pawl.Options{})
	if run, err = eng.Run(run.ID()); err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		pawl.Register(eng, "two", func(ctx context.Context, _ struct{}) (string, error) { return pawl.TaskFrom(ctx).Key, nil }),
		pawl.Register(eng, "one", one),
	)
	if err != nil {
		t.Fatal(err)
	}
	if key, err := pawl.Result[string](ctx, run); err != nil || key == "" {
		t.Fatalf("the result is %q, %v", key, err)
	}
	if n := ones.Load(); n != 1 {
		t.Errorf("the finished step ran %d times", n)
	}
}

func TestEngineThatRunsNothing(t *testing.T) {
	s, ctx := memory.Open(), t.Context()
	eng, err := pawl.Open(ctx, s, pawl.Options{Workers: -1})
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, eng, reviewText)
	run := start(t, eng, "review", map[string]any{"amount": 1})
	waiting, err := run.Get(ctx)
	if err != nil || len(waiting.Waiting) != 1 || waiting.Waiting[0].Kind != "task" {
		t.Fatalf("%+v, %v", waiting, err)
	}
	if err := eng.Close(ctx); err != nil {
		t.Fatal(err)
	}
	eng = open(t, s, pawl.Options{})
	if err := pawl.Register(eng, "look", look); err != nil {
		t.Fatal(err)
	}
	next, err := eng.Run(run.ID())
	if err != nil {
		t.Fatal(err)
	}
	x, err := next.Wait(ctx, "look")
	if err != nil || x.Steps[0].Attempt < 1 || x.Steps[0].Status != model.StepCompleted {
		t.Fatalf("%+v, %v", x, err)
	}
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]pawl.Options{
		"namespace": {Namespace: "No Spaces"}, "grace": {Grace: -1}, "executions": {MaxExecutions: -1}, "memory": {Memory: -1},
	} {
		if eng, err := pawl.Open(t.Context(), memory.Open(), o); !errors.Is(err, pawl.ErrInvalid) {
			t.Errorf("%s: %v %v", name, eng, err)
		}
	}
	if _, err := pawl.Open(t.Context(), nil, pawl.Options{}); !errors.Is(err, pawl.ErrInvalid) {
		t.Errorf("no store: %v", err)
	}
	s := memory.Open()
	open(t, s, pawl.Options{})
	_, err := pawl.Open(t.Context(), s, pawl.Options{})
	wants(t, err, pawl.ErrInUse)
}

func TestErrors(t *testing.T) {
	err := error(&pawl.Error{Code: pawl.CodeStore, Message: "reading", Cause: io.ErrUnexpectedEOF})
	if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, pawl.ErrNotFound) || pawl.Code(err) != "store" {
		t.Errorf("%v", err)
	}
	if got := err.Error(); got != "store: reading: unexpected EOF" {
		t.Errorf("it says %q", got)
	}
	if pawl.Code(io.EOF) != "" {
		t.Error("an error of others has a code")
	}
}
