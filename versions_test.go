package pawl_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

// number is a workflow whose output tells versions apart.
func numbered(version string, n int) string {
	return fmt.Sprintf("workflow: w\nversion: %s\nnodes: {a: {set: {}, output: %d}}", version, n)
}

func says(t *testing.T, err, target error, words ...string) {
	t.Helper()
	wants(t, err, target)
	for _, w := range words {
		if err != nil && !strings.Contains(err.Error(), w) {
			t.Errorf("%v does not say %q", err, w)
		}
	}
}

func TestActivateAndRetire(t *testing.T) {
	eng, ctx := open(t, memory.Open(), pawl.Options{By: "ada"}), t.Context()
	for i, v := range []string{"1.9.0", "1.10.0", "2.0.0"} {
		deploy(t, eng, numbered(v, i))
	}
	uses := func(want int, opts ...pawl.StartOption) {
		t.Helper()
		if got, err := pawl.Result[int](ctx, start(t, eng, "w", nil, opts...)); err != nil || got != want {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	}
	uses(2)
	uses(1, pawl.Version("^1"))
	uses(0, pawl.Version("~1.9"))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(eng.Activate(ctx, "w", "1.9.0")) // rollback
	must(eng.Activate(ctx, "w", "1.9.0"))
	uses(0)
	deploy(t, eng, numbered("2.0.0", 2)) // deploying it again does not undo the rollback
	uses(0)
	must(eng.Activate(ctx, "w", "1.10.0"))
	must(eng.Retire(ctx, "w", "2.0.0"))
	must(eng.Retire(ctx, "w", "2.0.0"))
	_, err := eng.Start(ctx, "w", nil, pawl.Version("2.0.0"))
	says(t, err, pawl.ErrRetired, "w 2.0.0 is retired", "the active version is 1.10.0")
	says(t, eng.Activate(ctx, "w", "2.0.0"), pawl.ErrRetired, "w 2.0.0")
	_, err = eng.Start(ctx, "w", nil, pawl.Version("^2"))
	says(t, err, pawl.ErrNotFound, "no version of w fits ^2", "2.0.0 (retired)")
	must(eng.Retire(ctx, "w", "1.10.0"))
	uses(0, pawl.Version("^1"))
	_, err = eng.Start(ctx, "w", nil)
	says(t, err, pawl.ErrRetired, "activate another")
	_, err = eng.Start(ctx, "w", nil, pawl.Version("2.0.0"))
	says(t, err, pawl.ErrRetired, "so is the active version, 1.10.0")
	must(eng.Unretire(ctx, "w", "2.0.0"))
	uses(2, pawl.Version("2.0.0"))

	for _, do := range []func(string, string) error{
		func(w, v string) error { return eng.Activate(ctx, w, v) },
		func(w, v string) error { return eng.Retire(ctx, w, v) },
		func(w, v string) error { return eng.Unretire(ctx, w, v) },
	} {
		says(t, do("w", "3.0.0"), pawl.ErrNotFound, `no version "3.0.0" of "w"; there is 2.0.0, 1.10.0 (retired), 1.9.0`)
		says(t, do("w", ""), pawl.ErrNotFound)
		says(t, do("v", "3.0.0"), pawl.ErrNotFound, `no workflow "v"`)
	}
	all, err := eng.Versions(ctx, "w")
	if err != nil || len(all) != 3 || all[0].Version != "2.0.0" || all[2].Version != "1.9.0" || !all[1].Active || !all[1].Retired || all[0].Active || all[0].By != "ada" {
		t.Errorf("got %+v, %v", all, err)
	}
	_, err = eng.Versions(ctx, "nothing")
	says(t, err, pawl.ErrNotFound)
}

func TestDependentsAreKept(t *testing.T) {
	eng, ctx := open(t, memory.Open(), pawl.Options{}), t.Context()
	pay := func(version, input string) pawl.Source {
		return pawl.Text("pay.yaml", []byte("workflow: pay\nversion: "+version+"\ninput: "+input+"\nnodes: {a: {set: {}}}"))
	}
	put := func(src pawl.Source, opts ...pawl.DeployOption) error {
		_, err := eng.Deploy(ctx, src, opts...)
		return err
	}
	if err := put(pay("1.0.0", "{amount: number}")); err != nil {
		t.Fatal(err)
	}
	d := deploy(t, eng, `
workflow: order
nodes:
  - pay: {workflow: {name: pay, version: ">=1", input: {amount: 1}}}
  - mail: {workflow: {name: mail}}
`)
	if len(d.Warnings) != 1 || d.Warnings[0].Code != "no_such_version" || !d.Warnings[0].Warn || d.Warnings[0].Message != "there is no workflow mail" {
		t.Errorf("warnings: %+v", d.Warnings)
	}
	err := put(pay("2.0.0", "{amount: integer, note: string}"))
	says(t, err, pawl.ErrNarrows, "pay 2.0.0 takes less input than 1.0.0", "note is required now", "amount was number, is integer", "order 1.0.0 (>=1)")
	var n *pawl.Narrows
	if !errors.As(err, &n) || len(n.Losses) != 2 || len(n.Dependents) != 1 || n.Next != "3.0.0" {
		t.Errorf("got %+v", n)
	}
	says(t, put(pay("1.1.0", "{amount: integer}")), pawl.ErrNarrows)
	wants(t, put(pay("1.1.0", "{amount: integer}"), pawl.Force(" ")), pawl.ErrInvalid)
	if all, err := eng.Versions(ctx, "pay"); err != nil || len(all) != 1 {
		t.Errorf("refused and yet deployed: %+v, %v", all, err)
	}
	says(t, eng.Retire(ctx, "pay", "1.0.0"), pawl.ErrDependents, "pay 1.0.0 is the last version that fits order 1.0.0 (>=1)")
	if err := put(pay("1.1.0", "{amount: integer}"), pawl.Force("order sends whole numbers only")); err != nil {
		t.Fatal(err)
	}
	all, err := eng.Versions(ctx, "pay")
	if err != nil || all[0].Version != "1.1.0" || !strings.Contains(all[0].Why, "whole numbers") {
		t.Errorf("got %+v, %v", all, err)
	}
	deps, err := eng.Dependents(ctx, "pay")
	if err != nil || len(deps) != 1 || deps[0] != (pawl.Dependent{Workflow: "order", Version: "1.0.0", Constraint: ">=1", Takes: "1.1.0"}) {
		t.Errorf("got %+v, %v", deps, err)
	}
	for _, v := range []string{"1.0.0", "1.1.0"} {
		if err := eng.Retire(ctx, "pay", v, pawl.Force("pay is closed")); err != nil {
			t.Error(err)
		}
	}
	_, err = eng.Dependents(ctx, "nothing")
	says(t, err, pawl.ErrNotFound)
}

func TestNarrowedInputIsRefused(t *testing.T) {
	eng, ctx := open(t, memory.Open(), pawl.Options{}), t.Context()
	put := func(version, input string, opts ...pawl.DeployOption) error {
		text := "workflow: pay\nversion: " + version + "\ninput: " + input + "\nnodes: {a: {set: {}}}"
		_, err := eng.Deploy(ctx, pawl.Text("pay.yaml", []byte(text)), opts...)
		return err
	}
	if err := put("1.0.0", "{amount: number}"); err != nil {
		t.Fatal(err)
	}
	err := put("1.1.0", "{amount: integer, note: string}")
	says(t, err, pawl.ErrNarrows, "pay 1.1.0 takes less input than 1.0.0", "note is required now", "amount was number, is integer")
	var n *pawl.Narrows
	if !errors.As(err, &n) || len(n.Losses) != 2 || n.Next != "2.0.0" {
		t.Errorf("got %+v", n)
	}
	wants(t, put("1.1.0", "{amount: integer}", pawl.Force(" ")), pawl.ErrInvalid)
	if all, err := eng.Versions(ctx, "pay"); err != nil || len(all) != 1 {
		t.Errorf("refused and yet deployed: %+v, %v", all, err)
	}
	if err := put("1.1.0", "{amount: integer}", pawl.Force("everybody sends whole numbers")); err != nil {
		t.Fatal(err)
	}
	all, err := eng.Versions(ctx, "pay")
	if err != nil || all[0].Version != "1.1.0" || !strings.Contains(all[0].Why, "whole numbers") {
		t.Errorf("got %+v, %v", all, err)
	}
	if err := put("2.0.0", "{amount: boolean}"); err != nil {
		t.Error(err)
	}
	_, err = eng.Dependents(ctx, "nothing")
	says(t, err, pawl.ErrNotFound)
}

// Deploys at once neither share a number nor leave a lower version active.
func TestF25_DeploysAtOnce(t *testing.T) {
	eng, ctx := open(t, memory.Open(), pawl.Options{}), t.Context()
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			text := fmt.Sprintf("workflow: w\nnodes: {a: {set: {}, output: %d}}", i)
			if _, err := eng.Deploy(ctx, pawl.Text("w.yaml", []byte(text))); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	all, err := eng.Versions(ctx, "")
	if err != nil || len(all) != 20 || all[0].Version != "1.0.19" || !all[0].Active {
		t.Errorf("got %d versions, %+v, %v", len(all), all[0], err)
	}
}

// The schedules of a workflow tick as long as it takes starts, and no longer.
func TestRetireStopsSchedules(t *testing.T) {
	eng, ctx := open(t, memory.Open(), pawl.Options{}), t.Context()
	for _, v := range []string{"1.0.0", "2.0.0"} {
		deploy(t, eng, "workflow: w\nversion: "+v+"\ntriggers: [{every: 1h}]\nnodes: {done: {end: {outcome: v"+v[:1]+"}}}\n")
	}
	status := func(want string) {
		t.Helper()
		s, err := eng.Schedules().Get(ctx, "w", "every")
		if err != nil || s.Status != want || s.Next.IsZero() != (want == "retired") {
			t.Fatalf("%+v, %v; want %s", s, err, want)
		}
	}
	for _, step := range []struct {
		do      func(context.Context, string, string) error
		version string
		want    string
	}{
		{func(ctx context.Context, w, v string) error { return eng.Retire(ctx, w, v) }, "1.0.0", "running"},
		{func(ctx context.Context, w, v string) error { return eng.Retire(ctx, w, v) }, "2.0.0", "retired"},
		{eng.Unretire, "1.0.0", "retired"},
		{eng.Unretire, "2.0.0", "running"},
	} {
		if err := step.do(ctx, "w", step.version); err != nil {
			t.Fatal(err)
		}
		status(step.want)
	}
}
