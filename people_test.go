package pawl_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/sqlite"
)

const askText = `
workflow: ask
input: {who: [string]}
nodes:
  - review:
      approval: {title: "Ask ${ execution.key }", assignees: "${ input.who }", form: {schema: {type: [object, "null"], properties: {n: {type: integer}}, additionalProperties: false}}}
      next: {approved: done, rejected: done}
  - done: {end: {outcome: decided, output: "${ nodes.review.output.by }"}}
`

// TestInbox: every page of the inbox holds what waits for a person, nothing that has been decided, and survives a restart.
func TestInbox(t *testing.T) {
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "pawl.db")
	eng, err := pawl.Open(ctx, sqlite.Open(file), pawl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, eng, askText)
	var runs []*pawl.Run
	for i := range 25 {
		who := "odd"
		if i%2 == 0 {
			who = "even"
		}
		runs = append(runs, start(t, eng, "ask", map[string]any{"who": []string{who}}, pawl.Key(fmt.Sprint("k", i))))
	}
	if x, err := runs[0].Get(ctx); err != nil || len(x.Tags) != 0 {
		t.Errorf("the tag of the inbox shows: %v %v", x.Tags, err)
	}
	if err := runs[3].Decide(ctx, "review", model.Rejected, pawl.By("odd")); err != nil {
		t.Fatal(err)
	}
	if _, err := runs[3].Wait(ctx); err != nil {
		t.Fatal(err)
	}
	if err := eng.Close(ctx); err != nil {
		t.Fatal(err)
	}
	eng = open(t, sqlite.Open(file), pawl.Options{Workers: -1})
	for person, want := range map[string]int{"odd": 11, "even": 13, "nobody": 0, "": 24} {
		seen := map[string]bool{}
		f := pawl.ApprovalFilter{Person: person, Limit: 5}
		for {
			page, err := eng.Approvals(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range page.Approvals {
				if seen[a.Execution] || a.Title != "Ask "+a.Key || a.Workflow != "ask" {
					t.Errorf("%s: %+v", person, a)
				}
				seen[a.Execution] = true
			}
			if f.Cursor = page.Next; f.Cursor == "" {
				break
			}
			if len(page.Approvals) < f.Limit {
				t.Errorf("%s: a page that is not the last has %d", person, len(page.Approvals))
			}
		}
		if len(seen) != want {
			t.Errorf("%s has %d, want %d", person, len(seen), want)
		}
	}
	if _, err := eng.Approvals(ctx, pawl.ApprovalFilter{Cursor: "x"}); pawl.Code(err) != pawl.CodeInvalid {
		t.Error(err)
	}
}

// TestDecisionsRace: of many people who decide at once one wins, and all others hear who it was.
func TestDecisionsRace(t *testing.T) {
	ctx := t.Context()
	eng := open(t, memory.Open(), pawl.Options{})
	deploy(t, eng, strings.Replace(askText, "assignees: \"${ input.who }\", ", "", 1))
	run := start(t, eng, "ask", map[string]any{"who": []string{}})
	var all sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		all.Go(func() {
			word := []string{"approved", "rejected"}[i%2]
			errs[i] = eng.Decide(ctx, run.ID(), "", word, pawl.By(fmt.Sprint("p", i)), pawl.Form(map[string]int{"n": i}))
		})
	}
	all.Wait()
	winner, err := pawl.Result[string](ctx, run)
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range errs {
		switch {
		case fmt.Sprint("p", i) == winner:
			if err != nil {
				t.Errorf("the winner hears %v", err)
			}
		case pawl.Code(err) != pawl.CodeAlreadyDecided || !strings.Contains(err.Error(), winner):
			t.Errorf("p%d hears %v, %s won", i, err, winner)
		}
	}
}

// TestDecideRefuses: what the door and the engine refuse, each with its code.
func TestDecideRefuses(t *testing.T) {
	ctx := t.Context()
	eng := open(t, memory.Open(), pawl.Options{})
	deploy(t, eng, askText)
	deploy(t, eng, "workflow: plain\nnodes:\n  - go: {approval: {title: t}, next: {rejected: fail}}\n")
	run := start(t, eng, "ask", map[string]any{"who": []string{"ann"}})
	plain := start(t, eng, "plain", nil)
	for _, c := range []struct {
		run           *pawl.Run
		step, outcome string
		opts          []pawl.CommandOption
		code          string
	}{
		{run, "review", "approved", nil, pawl.CodeNoIdentity},
		{run, "review", "approved", []pawl.CommandOption{pawl.By("bob"), pawl.Groups("a", "b")}, pawl.CodeNotAssignee},
		{run, "review", "maybe", []pawl.CommandOption{pawl.By("ann")}, pawl.CodeUnknownOutcome},
		{run, "review", "approved", []pawl.CommandOption{pawl.By("ann"), pawl.Form(map[string]string{"n": "x"})}, pawl.CodeInvalid},
		{run, "review", "approved", []pawl.CommandOption{pawl.By("ann"), pawl.Form(strings.Repeat("x", 17<<20))}, pawl.CodePayload},
		{run, "review", "approved", []pawl.CommandOption{pawl.By("ann"), pawl.Groups("bad\x00group")}, pawl.CodeInvalid},
		{run, "elsewhere", "approved", []pawl.CommandOption{pawl.By("ann")}, pawl.CodeNotWaiting},
		{plain, "go", "approved", []pawl.CommandOption{pawl.By("ann"), pawl.Form(map[string]int{"n": 1})}, pawl.CodeInvalid},
	} {
		if err := c.run.Decide(ctx, c.step, c.outcome, c.opts...); pawl.Code(err) != c.code {
			t.Errorf("%s %s: %v, want %s", c.step, c.outcome, err, c.code)
		}
	}
	if err := eng.Decide(ctx, strings.Repeat("0", 26), "x", "approved", pawl.By("ann")); pawl.Code(err) != pawl.CodeNotFound {
		t.Error(err)
	}
	for range 2 { // a repeated request is answered as before (I7)
		if err := eng.Approve(ctx, run.ID(), "review", pawl.By("ann"), pawl.RequestID("r1")); err != nil {
			t.Error(err)
		}
	}
}

// TestSignalTTL: a signal is gone when its sender's time for it is over, and not before (I13).
func TestSignalTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		eng := open(t, memory.Open(), pawl.Options{})
		deploy(t, eng, "workflow: w\nnodes:\n  - a: {wait: {for: 1h}}\n  - b: {signal: go}\n")
		run := start(t, eng, "w", nil)
		for i, ttl := range []time.Duration{time.Minute, 2 * time.Hour} {
			if err := run.Signal(ctx, "go", i, pawl.SignalTTL(ttl)); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := pawl.Result[int](ctx, run); err != nil || out != 1 {
			t.Errorf("got %d, %v", out, err)
		}
		if err := run.Signal(ctx, "go", 1, pawl.SignalTTL(-time.Second)); pawl.Code(err) != pawl.CodeInvalid {
			t.Error(err)
		}
	})
}

// TestTokenOutlivesTheProcess: a token answers after a restart, and an answer that came before the attempt's own result
// counts when that comes, in whichever process.
func TestTokenOutlivesTheProcess(t *testing.T) {
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "pawl.db")
	tokens := make(chan string, 4)
	release := make(chan struct{})
	register := func(eng *pawl.Engine, hold bool) {
		pawl.Register(eng, "order", func(ctx context.Context, _ struct{}) (string, error) {
			tokens <- pawl.TaskFrom(ctx).Token
			if hold {
				select {
				case <-release:
				case <-ctx.Done():
					return "", ctx.Err()
				}
			}
			return "ordered", nil
		})
	}
	eng, err := pawl.Open(ctx, sqlite.Open(file), pawl.Options{Grace: 1})
	if err != nil {
		t.Fatal(err)
	}
	register(eng, true)
	deploy(t, eng, "workflow: w\nnodes:\n  - a: {call: order, callback: true}\n  - b: {call: order, args: {}, callback: true}\n")
	run := start(t, eng, "w", nil)
	first := <-tokens
	if err := eng.CompleteTask(ctx, first, "early"); err != nil { // its attempt still runs
		t.Fatal(err)
	}
	wants(t, eng.HeartbeatTask(ctx, first, nil), pawl.ErrStale)
	if err := eng.Close(ctx); err != nil {
		t.Fatal(err)
	}

	eng = open(t, sqlite.Open(file), pawl.Options{})
	register(eng, false)
	second := <-tokens
	if second == first {
		second = <-tokens // step a ran again, which it need not have
	}
	if err := eng.HeartbeatTask(ctx, second, map[string]int{"percent": 5}); err != nil {
		t.Fatal(err)
	}
	if err := eng.CompleteTask(ctx, second, "late"); err != nil {
		t.Fatal(err)
	}
	if err := eng.CompleteTask(ctx, second, "late"); err != nil && pawl.Code(err) != pawl.CodeStale {
		t.Error(err)
	}
	if out, err := pawl.Result[string](ctx, mustRun(t, eng, run.ID())); err != nil || out != "late" {
		t.Error(out, err)
	}
	x, err := eng.Get(ctx, run.ID())
	if err != nil || string(x.Steps[0].Output) != `"early"` {
		t.Errorf("%+v %v", x, err)
	}
	wants(t, eng.CompleteTask(ctx, first, "other"), pawl.ErrStale)
	wants(t, eng.FailTask(ctx, "nonsense", pawl.Failure{Code: "x"}), pawl.ErrBadToken)
	other := open(t, memory.Open(), pawl.Options{})
	wants(t, other.CompleteTask(ctx, first, nil), pawl.ErrBadToken)
}

func mustRun(t *testing.T, eng *pawl.Engine, id string) *pawl.Run {
	t.Helper()
	run, err := eng.Run(id)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// TestTokenAnswersAreChecked: an answer is checked as a result of an executor is, and refused instead of recorded.
func TestTokenAnswersAreChecked(t *testing.T) {
	ctx := t.Context()
	eng := open(t, memory.Open(), pawl.Options{})
	tokens := make(chan string, 1)
	pawl.Register(eng, "order", func(ctx context.Context, in struct{ Token string }) (string, error) {
		if in.Token != pawl.TaskFrom(ctx).Token {
			return "", fmt.Errorf("task.token is another one than Task.Token")
		}
		tokens <- in.Token
		return "token " + in.Token, nil
	})
	deploy(t, eng, "workflow: w\nnodes:\n  - a: {call: order, args: {token: \"${ task.token }\"}, callback: true}\n")
	run := start(t, eng, "w", nil)
	token := <-tokens
	for _, c := range []struct {
		answer pawl.Answer
		code   string
	}{
		{pawl.Answer{Output: []byte("{")}, pawl.CodeInvalid},
		{pawl.Answer{Outcome: "not a word"}, pawl.CodeInvalid},
		{pawl.Answer{Output: []byte(`"` + strings.Repeat("x", 17<<20) + `"`)}, pawl.CodePayload},
	} {
		if err := eng.AnswerTask(ctx, token, c.answer); pawl.Code(err) != c.code {
			t.Errorf("%v, want %s", err, c.code)
		}
	}
	if err := eng.HeartbeatTask(ctx, token, strings.Repeat("x", 100<<10)); pawl.Code(err) != pawl.CodePayload {
		t.Error(err)
	}
	if err := eng.CompleteTask(ctx, token, nil); err != nil {
		t.Fatal(err)
	}
	out, err := pawl.Result[string](ctx, run)
	if err != nil || strings.Contains(out, token) || !strings.HasPrefix(out, "token ") {
		t.Errorf("the journal holds the token: %q %v", out, err)
	}
}
