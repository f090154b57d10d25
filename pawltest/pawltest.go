// Package pawltest tests workflows in plain go test, on virtual time: the whole engine runs on the test's goroutine,
// over a store that forgets, and time passes only where nothing else can happen. A saga of thirty days takes
// milliseconds, and equal tests give equal journals.
//
//	w := pawltest.New(t, pawl.File("order.yaml"))
//	pawltest.Register(w, "charge_card", charge)                   // called as it is
//	w.Mock("ship", pawltest.Answer{Output: parcel, Delay: time.Hour}) // or answered
//	run := w.Start("order", order)
//	w.Pass(48 * time.Hour)
//	run.Signal("paid", nil)
//	w.Run()
//
// [CrashEverywhere] plays a test again with a crash before and after each commit, and every run must end the same.
// [RunCases] plays the cases of a file, as pawl test does.
package pawltest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/rehearse"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/function"
	"github.com/pawl-dev/pawl/node/standard"
)

// World is an engine on virtual time. It belongs to the goroutine of its test; what goes wrong ends that test.
type World struct {
	t         testing.TB
	w         *rehearse.World
	mocks     []spec.Mock
	mock      *rehearse.Mocks
	functions function.Set
	executors node.Registry
}

// Option changes a World.
type Option func(*options)

type options struct {
	begin  time.Time
	config map[string]any
	types  []node.Type
	crash  rehearse.Crash
}

// Begin sets the clock; the default is 2026-01-01T00:00:00Z.
func Begin(at time.Time) Option { return func(o *options) { o.begin = at } }

// Config is what definitions see under that name: anything that marshals to JSON.
func Config(values map[string]any) Option { return func(o *options) { o.config = values } }

// Nodes adds node types. Their executors are called, in virtual time at once, unless a mock answers.
func Nodes(types ...node.Type) Option {
	return func(o *options) { o.types = append(o.types, types...) }
}

// New makes a World with the workflows of a source. The node types that come with Pawl may be named by definitions,
// but only functions that are registered, and types given with [Nodes], run; everything else needs a mock.
func New(t testing.TB, src pawl.Source, opts ...Option) *World {
	t.Helper()
	o := options{begin: time.UnixMilli(spec.CasesBegin)}
	for _, opt := range opts {
		opt(&o)
	}
	w := &World{t: t, executors: node.Registry{}}
	w.mock = rehearse.NewMocks(nil)
	values, err := decode(o.config)
	if err != nil {
		t.Fatalf("pawltest: the configuration: %v", err)
	}
	w.w, err = rehearse.New(rehearse.Config{Begin: o.begin.UnixMilli(), Execute: w.execute, Config: values, Crash: o.crash})
	if err != nil {
		t.Fatalf("pawltest: %v", err)
	}
	types := o.types
	for _, n := range types {
		w.executors.Add(n)
	}
	for _, d := range standard.Descriptors() {
		if _, there := w.executors[d.Type]; !there {
			types = append(types, node.Type{Descriptor: d})
		}
	}
	defs, _, err := pawl.Check(src, types...)
	if err != nil {
		t.Fatalf("pawltest: %v", err)
	}
	for _, d := range defs {
		if err := w.w.Deploy(d.Workflow); err != nil {
			t.Fatalf("pawltest: %v", err)
		}
	}
	return w
}

func decode(config map[string]any) (map[string]any, error) {
	out := map[string]any{}
	for name, v := range config {
		raw, err := json.Marshal(v)
		if err == nil {
			out[name], err = expr.Decode(raw)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Register lets definitions call fn by name. It runs on the test's goroutine, and takes no virtual time.
func Register[In, Out any](w *World, name string, fn func(context.Context, In) (Out, error), opts ...pawl.FunctionOption) {
	w.t.Helper()
	if err := function.Register(&w.functions, name, fn, opts...); err != nil {
		w.t.Fatalf("pawltest: %v", err)
	}
}

// Answer is what a mock does. The zero value is success without an output.
type Answer struct {
	// Outcome is the word the step ends with; "" is success, or error where Error is set.
	Outcome string
	// Output is anything that marshals to JSON.
	Output any
	Error  *pawl.Failure
	// Delay is how long it takes.
	Delay time.Duration
	// Never: no answer comes. Lost: the process dies with the task. Late: being asked to stop changes nothing.
	Never, Lost, Late bool
}

// Mock answers the tasks of a node, else those that call a function, else those of a node type. The first call gets
// the first answer, the second the second, and the last stays. Mocks come before functions and executors.
func (w *World) Mock(name string, answers ...Answer) {
	w.t.Helper()
	m := spec.Mock{For: name}
	for _, a := range answers {
		r := spec.Reply{Outcome: a.Outcome, Error: a.Error, Delay: model.Millis(a.Delay.Milliseconds()), Never: a.Never, Lost: a.Lost, Late: a.Late}
		if a.Output != nil {
			raw, err := json.Marshal(a.Output)
			if err != nil {
				w.t.Fatalf("pawltest: the output of the mock %s: %v", name, err)
			}
			r.Output = raw
		}
		m.Answers = append(m.Answers, r)
	}
	if len(m.Answers) == 0 {
		m.Answers = []spec.Reply{{}}
	}
	w.mocks = append([]spec.Mock{m}, w.mocks...)
	w.mock = rehearse.NewMocks(w.mocks)
}

// execute answers a task by a mock, else by a function or executor.
func (w *World) execute(t *rehearse.Task) rehearse.Answer {
	if w.mock.Has(t) {
		return w.mock.Execute(t)
	}
	var x node.Executor
	if n, ok := w.executors[t.Task.Type]; ok {
		x = n.Executor
	}
	if t.Task.Type == function.Type && x == nil && w.registered(t) {
		x = &w.functions
	}
	if x == nil {
		return w.mock.Execute(t) // which says that there is none
	}
	var log []string
	res, err := x.Execute(w.t.Context(), &node.Task{
		Namespace: t.Namespace, Workflow: t.Workflow, Version: t.Version, Execution: t.Token.Execution.String(),
		Step: t.Token.Step, Node: t.Task.Node, Type: t.Task.Type, Attempt: t.Token.Attempt, Key: t.Key, With: t.With,
		Scheduled: time.UnixMilli(t.Task.Scheduled), Heartbeat: func(any) {}, Log: func(line string) { log = append(log, line) },
	})
	if err != nil {
		var coded *model.Error
		if !errors.As(err, &coded) {
			coded = &model.Error{Code: "internal", Message: err.Error()}
		}
		res = model.Result{Error: coded}
	}
	res.Log = append(res.Log, log...)
	return rehearse.Answer{Result: res}
}

// registered reports whether the function that a task calls is there.
func (w *World) registered(t *rehearse.Task) bool {
	var with struct{ Name string }
	if json.Unmarshal(t.With, &with) != nil {
		return false
	}
	_, ok := w.functions.Lookup(with.Name)
	return ok
}

// check ends the test where the engine cannot go on.
func (w *World) check() {
	w.t.Helper()
	if err := w.w.Err(); err != nil {
		w.t.Fatalf("pawltest: %v", err)
	}
	for _, f := range w.mock.Faults() {
		w.t.Fatalf("pawltest: %s", f)
	}
}

// Now is what the clock says.
func (w *World) Now() time.Time { return time.UnixMilli(w.w.Now()).UTC() }

// Pass lets time pass, with everything that is due in it.
func (w *World) Pass(d time.Duration) {
	w.t.Helper()
	w.w.Pass(d.Milliseconds())
	w.check()
}

// Run lets time pass until every execution has ended or nothing more would happen. It reports whether all ended.
func (w *World) Run() bool {
	w.t.Helper()
	ended := w.w.Run()
	w.check()
	return ended
}

// Until lets time pass until a step of the node has begun and not ended in any execution.
func (w *World) Until(node string) {
	w.t.Helper()
	for !w.at(node) {
		more := w.w.Next(w.w.Now() + (100 * 365 * 24 * time.Hour).Milliseconds())
		w.check()
		if !more {
			w.t.Fatalf("pawltest: no step of %s begins", node)
		}
	}
}

func (w *World) at(node string) bool {
	for _, x := range w.w.Executions() {
		if x.Has(node) {
			return true
		}
	}
	return false
}

// Crash lets the process die and another one go on.
func (w *World) Crash() {
	w.t.Helper()
	w.w.Crash()
	w.check()
}
