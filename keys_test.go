package pawl_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store/memory"
)

const holdText = "workflow: hold\nversion: 1.0.0\nnodes: {a: {wait: {signal: go}}}"

var policies = map[string]pawl.Existing{
	"return": pawl.ReturnExisting, "reject": pawl.RejectExisting, "new": pawl.NewUnlessOpen, "replace": pawl.ReplaceOpen,
}

func TestF43_I21_ParallelStartsOfOneKeyAreOneExecution(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			eng, ctx := open(t, memory.Open(), pawl.Options{}), t.Context()
			deploy(t, eng, holdText)
			var mu sync.Mutex
			var group sync.WaitGroup
			ids, refused := map[string]int{}, 0
			for i := range 200 {
				group.Go(func() {
					input := 1
					if i%10 == 9 {
						input = 2 // another body under the same key
					}
					run, err := eng.Start(ctx, "hold", input, pawl.Key("k"), pawl.OnExisting(policy))
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						ids[run.ID()]++
					case errors.Is(err, pawl.ErrKeyExists), errors.Is(err, pawl.ErrKeyConflict):
						refused++
					default:
						t.Error(err)
					}
				})
			}
			group.Wait()
			page, err := eng.List(ctx, pawl.Filter{Key: "k", Limit: 1000})
			if err != nil {
				t.Fatal(err)
			}
			open := 0
			for _, x := range page.Executions {
				if !x.Closed() {
					open++
				}
			}
			if open != 1 {
				t.Errorf("%d are open", open)
			}
			switch {
			case policy == pawl.ReplaceOpen:
				if len(page.Executions) != 200 || refused != 0 {
					t.Errorf("%d executions, %d refused", len(page.Executions), refused)
				}
			case len(page.Executions) != 1 || len(ids) != 1:
				t.Errorf("%d executions, %d ids", len(page.Executions), len(ids))
			case policy != pawl.ReturnExisting && refused != 199, policy == pawl.ReturnExisting && refused != 20 && refused != 180:
				t.Errorf("%d refused", refused)
			}
		})
	}
}

// TestI7_ARepeatedRequestGetsItsAnswer: whatever a start asks for where its key is taken, sent again it gives what it
// did, also when others have had the key since.
func TestI7_ARepeatedRequestGetsItsAnswer(t *testing.T) {
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			eng, ctx := open(t, memory.Open(), pawl.Options{Retention: time.Hour}), t.Context()
			deploy(t, eng, "workflow: hold\nversion: 1.0.0\nnodes: {a: {wait: {signal: go}}}")
			ask := func(request string, input any) (*pawl.Run, error) {
				return eng.Start(ctx, "hold", input, pawl.Key("k"), pawl.OnExisting(policy), pawl.RequestID(request))
			}
			first, err := ask("r1", 1)
			if err != nil || first.Existing() {
				t.Fatalf("%v", err)
			}
			same := func(when string) {
				t.Helper()
				if run, err := ask("r1", 1); err != nil || run.ID() != first.ID() || !run.Existing() {
					t.Fatalf("%s: %v, %v", when, run, err)
				}
			}
			same("open")
			_, err = ask("r1", 2)
			says(t, err, pawl.ErrKeyConflict, first.ID())
			if x, err := first.Get(ctx); err != nil || x.Closed() {
				t.Fatalf("a repeat ended it: %+v, %v", x, err)
			}
			if err := first.Signal(ctx, "go", nil); err != nil {
				t.Fatal(err)
			}
			if _, err := first.Wait(ctx); err != nil {
				t.Fatal(err)
			}
			same("ended")
			second, err := eng.Start(ctx, "hold", 1, pawl.Key("k"), pawl.OnExisting(pawl.NewUnlessOpen), pawl.RequestID("r2"))
			if err != nil || second.ID() == first.ID() {
				t.Fatalf("%v", err)
			}
			same("another has the key")
			if x, err := second.Get(ctx); err != nil || x.Closed() {
				t.Fatalf("the repeat ended the other: %+v, %v", x, err)
			}
			if page, err := eng.List(ctx, pawl.Filter{Key: "k"}); err != nil || len(page.Executions) != 2 {
				t.Errorf("%d executions, %v", len(page.Executions), err)
			}
		})
	}
}

// A key is apart in every namespace and workflow.
func TestF43_I25_KeysAcrossNamespaces(t *testing.T) {
	s := memory.Open()
	ids := map[string]bool{}
	for _, namespace := range []string{"a", "b"} {
		eng := open(t, s, pawl.Options{Namespace: namespace})
		for _, workflow := range []string{"one", "two"} {
			deploy(t, eng, fmt.Sprintf("workflow: %s\nnodes: {a: {set: {}}}", workflow))
			run := start(t, eng, workflow, nil, pawl.Key("k"), pawl.RequestID("r"))
			if run.Existing() {
				t.Errorf("%s %s: the key of another", namespace, workflow)
			}
			ids[run.ID()] = true
			if again := start(t, eng, workflow, nil, pawl.Key("k"), pawl.RequestID("r")); again.ID() != run.ID() {
				t.Errorf("%s %s: a second one", namespace, workflow)
			}
		}
		if err := eng.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(ids) != 4 {
		t.Errorf("%d executions", len(ids))
	}
}
