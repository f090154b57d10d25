package pawltest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/pawltest"
)

// saga waits for thirty days between two calls of Go functions.
var saga = pawl.Text("saga.yaml", []byte(`
workflow: saga
input: {order: string}
signals: {cancel: {}}
nodes:
  - reserve: {call: reserve, args: {order: "${ input.order }"}, retry: 3}
  - patience: {wait: {first: {over: {for: 30d}, recalled: {signal: cancel}}}, next: {over: ship, recalled: release}}
  - ship: {call: ship, args: "${ nodes.reserve.output }", next: stop}
  - release: {call: release}
`))

// shop stands for the services of the saga: they honour idempotency keys.
type shop struct {
	done  map[string]int
	calls int
	fails int
}

func (s *shop) reserve(ctx context.Context, in struct{ Order string }) (map[string]string, error) {
	s.calls++
	if s.fails > 0 {
		s.fails--
		return nil, fmt.Errorf("no connection")
	}
	s.done[pawl.TaskFrom(ctx).Key]++
	return map[string]string{"parcel": "P-" + in.Order}, nil
}

func register(w *pawltest.World, s *shop) {
	pawltest.Register(w, "reserve", s.reserve)
	pawltest.Register(w, "ship", func(_ context.Context, in map[string]string) (string, error) { return in["parcel"] + " shipped", nil })
	w.Mock("release")
}

func TestThirtyDaysInMilliseconds(t *testing.T) {
	began := time.Now()
	w := pawltest.New(t, saga, pawltest.Begin(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)))
	s := &shop{done: map[string]int{}, fails: 2}
	register(w, s)
	run := w.Start("saga", map[string]string{"order": "o-1"}, pawltest.Key("o-1"), pawltest.By("ada"))
	w.Until("patience")
	if got := run.Waiting(); len(got) != 1 || !strings.Contains(got[0], "patience waits for") {
		t.Errorf("waiting: %q", got)
	}
	w.Pass(29 * 24 * time.Hour)
	if run.Status() != "running" {
		t.Errorf("status %s after 29 days", run.Status())
	}
	if !w.Run() {
		t.Fatal("it does not end")
	}
	var out string
	run.Output(&out)
	if out != "P-o-1 shipped" || run.Outcome() != "success" || run.Error() != nil || s.calls != 3 {
		t.Errorf("output %q, outcome %s, error %v, %d calls", out, run.Outcome(), run.Error(), s.calls)
	}
	if want := []string{"reserve", "patience: over", "ship"}; !slices.Equal(run.Path(), want) {
		t.Errorf("path %v", run.Path())
	}
	if d := w.Now().Sub(time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)); d < 0 || d > time.Minute {
		t.Errorf("it is %s", w.Now())
	}
	if d := time.Since(began); d > 30*time.Second {
		t.Errorf("thirty days took %s", d)
	}
}

func TestCrashEverywhere(t *testing.T) {
	runs := 0
	pawltest.CrashEverywhere(t, saga, func(w *pawltest.World) {
		runs++
		register(w, &shop{done: map[string]int{}, fails: 1})
		w.Start("saga", map[string]string{"order": "a"}, pawltest.Key("a"))
		b := w.Start("saga", map[string]string{"order": "b"})
		w.Pass(24 * time.Hour)
		b.Signal("cancel", map[string]any{"why": "changed my mind"})
	})
	if runs < 10 {
		t.Errorf("%d runs", runs)
	}
}

// probe is a testing.TB that keeps what it is told.
type probe struct {
	*testing.T
	said []string
}

func (p *probe) Helper() {}

func (p *probe) Fatalf(format string, args ...any) {
	p.said = append(p.said, fmt.Sprintf(format, args...))
	panic(p)
}

// refuses gives what ends a test.
func refuses(t *testing.T, f func(t testing.TB)) (said string) {
	p := &probe{T: t}
	defer func() {
		if recover() != nil && len(p.said) > 0 {
			said = p.said[0]
		}
	}()
	f(p)
	return ""
}

func TestWhatEndsATest(t *testing.T) {
	for _, c := range []struct {
		name, want string
		f          func(w *pawltest.World)
	}{
		{"no mock", "there is no mock for the node reserve (function reserve)", func(w *pawltest.World) { w.Start("saga", map[string]string{"order": "x"}) }},
		{"bad input", "order", func(w *pawltest.World) { w.Start("saga", map[string]int{"order": 1}) }},
		{"no workflow", "the workflow other", func(w *pawltest.World) { w.Start("other", nil) }},
		{"unknown signal", "signal other: unknown_signal", func(w *pawltest.World) {
			w.Mock("any")
			w.Start("saga", map[string]string{"order": "x"}).Signal("other", nil)
		}},
		{"never begins", "no step of release begins", func(w *pawltest.World) {
			w.Mock("any")
			w.Start("saga", map[string]string{"order": "x"})
			w.Until("release")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := refuses(t, func(t testing.TB) { c.f(pawltest.New(t, saga)) })
			if !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if got := refuses(t, func(t testing.TB) { pawltest.New(t, pawl.Text("x.yaml", []byte("workflow: x"))) }); !strings.Contains(got, "nodes") {
		t.Error(got)
	}
}

func TestCancelAndPause(t *testing.T) {
	w := pawltest.New(t, saga)
	w.Mock("reserve", pawltest.Answer{Never: true})
	run := w.Start("saga", map[string]string{"order": "x"})
	run.Pause()
	run.Resume()
	run.Cancel("not needed")
	w.Run()
	if run.Status() != "cancelled" {
		t.Error(run.Status())
	}
	if err := run.TrySignal("cancel", nil); err == nil || err.Code != "closed" {
		t.Error(err)
	}
	w.Crash()
	if w.Find("saga").Status() != "cancelled" {
		t.Error("the crash changed it")
	}
}

func TestDecide(t *testing.T) {
	w := pawltest.New(t, pawl.Text("review.yaml", []byte(`
workflow: review
nodes:
  - look: {approval: {title: Look, assignees: [leads], quorum: 2, exclude: [clerk]}, next: {rejected: stop}}
  - go: {call: go}
`)))
	w.Mock("go")
	run := w.Start("review", nil, pawltest.By("clerk"))
	leads := []string{"leads"}
	if err := run.TryDecide("look", pawltest.Decision{By: "clerk", Groups: leads}); err == nil {
		t.Error("the clerk may decide")
	}
	run.Decide("look", pawltest.Decision{By: "ann", Groups: leads})
	run.Decide("look", pawltest.Decision{By: "bob", Groups: leads, Form: map[string]int{"limit": 3}})
	w.Run()
	if want := []string{"look: approved", "go"}; !slices.Equal(run.Path(), want) {
		t.Errorf("path %v", run.Path())
	}
}

func TestOperators(t *testing.T) {
	w := pawltest.New(t, pawl.Text("park.yaml", []byte(`
workflow: park
on_failure: park
nodes:
  - a: {call: a}
  - b: {call: b, next: [{when: output.n > 1, to: c}]}
  - c: {call: c}
`)))
	w.Mock("a", pawltest.Answer{Error: &pawl.Failure{Code: "away"}}, pawltest.Answer{})
	w.Mock("b", pawltest.Answer{Error: &pawl.Failure{Code: "away"}})
	w.Mock("c")
	run := w.Start("park", nil)
	w.Pass(time.Hour)
	if run.Status() != "parked" {
		t.Fatal(run.Status())
	}
	run.Retry("a", "it is back")
	w.Pass(time.Minute)
	run.Complete("b", "", map[string]int{"n": 2}, "done by hand")
	w.Run()
	if want := []string{"a: error", "a#2", "b: error", "b#2", "c"}; !slices.Equal(run.Path(), want) {
		t.Errorf("path %v", run.Path())
	}
}

func TestCallback(t *testing.T) {
	w := pawltest.New(t, pawl.Text("account.yaml", []byte("workflow: account\nnodes: {open: {call: open, callback: true, timeout: 1d}}")))
	w.Mock("open", pawltest.Answer{Delay: time.Minute})
	run := w.Start("account", nil)
	w.Pass(time.Hour)
	run.Callback("open", pawltest.Answer{Output: map[string]int{"id": 7}})
	var out struct{ ID int }
	if w.Run(); run.Status() != "completed" {
		t.Fatal(run.Status())
	}
	if run.Output(&out); out.ID != 7 {
		t.Error(out)
	}
}

func TestRunCases(t *testing.T) {
	pawltest.RunCases(t, "../examples/order/order.test.yaml", pawltest.Everywhere(), pawltest.Covered())
}
