package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
)

// world is a runner in a bubble.
type world struct {
	t    *testing.T
	src  *fake
	run  *Runner
	log  *strings.Builder
	stop context.CancelFunc
	done chan error
}

// start runs a runner over src in the bubble of t.
func start(t *testing.T, p Params) *world {
	t.Helper()
	w := &world{t: t, log: &strings.Builder{}, done: make(chan error, 1)}
	switch s := p.Source.(type) {
	case nil:
		w.src = newFake()
		p.Source = w.src
	case *fake:
		w.src = s
	case feeding:
		w.src = s.fake
	}
	p.Logger = slog.New(slog.NewTextHandler(&lockedWriter{w: w.log}, nil))
	r, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	w.run = r
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	go func() { w.done <- r.Run(ctx) }()
	return w
}

// end drains the runner.
func (w *world) end() {
	w.t.Helper()
	w.stop()
	if err := <-w.done; err != nil {
		w.t.Errorf("Run: %v", err)
	}
}

// only returns the one report there is.
func (w *world) only() Report {
	w.t.Helper()
	synctest.Wait()
	w.src.mu.Lock()
	defer w.src.mu.Unlock()
	if len(w.src.reports) != 1 {
		w.t.Fatalf("got %d reports, want 1; log:\n%s", len(w.src.reports), w.log)
	}
	return w.src.reports[0]
}

type lockedWriter struct {
	mu sync.Mutex
	w  *strings.Builder
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func code(r Report) string {
	if r.Result.Error == nil {
		return ""
	}
	return r.Result.Error.Code
}

func TestATaskIsExecutedAndReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen node.Task
		w := start(t, Params{Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) {
			seen = *task
			task.Log("working")
			return output(`{"total":3}`)
		}})})
		l := lease("each[17]/charge#2", "x")
		l.Token.Attempt = 4
		w.src.put(l)
		got := w.only()
		w.end()
		if got.Token != l.Token || string(got.Result.Output) != `{"total":3}` || len(got.Result.Log) != 1 {
			t.Errorf("report %+v", got)
		}
		if seen.Key != anExecution.String()+"/each[17]/charge#2" || seen.Attempt != 4 || seen.Namespace != "default" {
			t.Errorf("task %+v", seen)
		}
	})
}

func TestF17TheKeyIsEqualOverAttemptsAndFitsAHeader(t *testing.T) {
	a := Token{Execution: anExecution, Step: "pay", Attempt: 1}
	b := a
	b.Attempt = 9
	if Key(a) != Key(b) {
		t.Error("the key depends on the attempt")
	}
	b.Step = "pay#2"
	if Key(a) == Key(b) {
		t.Error("two steps share a key")
	}
	for _, step := range []string{strings.Repeat("x/", 400), "each[a b]/ü", "a\nb"} {
		k := Key(Token{Execution: anExecution, Step: step})
		if len(k) > maxKey || !plain(k) {
			t.Errorf("key %q of step %q does not fit a header", k, step)
		}
	}
}

func TestTimeoutEndsTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := start(t, Params{Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) {
			<-ctx.Done()
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) || context.Cause(ctx) != ErrTimeout {
				t.Errorf("context ended with %v, cause %v", ctx.Err(), context.Cause(ctx))
			}
			return model.Result{}, ctx.Err()
		}})})
		l := lease("a", "x")
		l.Task.Timeout = 1500
		w.src.put(l)
		for len(w.reports()) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		if d := time.Since(began); d < 1500*time.Millisecond || d > 1600*time.Millisecond {
			t.Errorf("ended after %s", d)
		}
		got := w.only()
		if code(got) != codeTimeout || got.Result.Error.Message != "the attempt took longer than 1.5s" {
			t.Errorf("error %+v", got.Result.Error)
		}
		w.end()
	})
}

func (w *world) reports() []Report {
	synctest.Wait()
	w.src.mu.Lock()
	defer w.src.mu.Unlock()
	return append([]Report(nil), w.src.reports...)
}

func TestTheStepsDeadlineBoundsTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Params{Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) {
			<-ctx.Done()
			return model.Result{}, ctx.Err()
		}})})
		soon, past := lease("soon", "x"), lease("past", "x")
		soon.Task.Timeout, soon.Task.Deadline = 60_000, time.Now().Add(time.Second).UnixMilli()
		past.Task.Deadline = time.Now().Add(-time.Hour).UnixMilli()
		w.src.put(soon, past)
		time.Sleep(1100 * time.Millisecond)
		for _, r := range w.reports() {
			if code(r) != codeTimeout {
				t.Errorf("%s: %+v", r.Token.Step, r.Result)
			}
		}
		if len(w.reports()) != 2 {
			t.Errorf("%d reports", len(w.reports()))
		}
		w.end()
	})
}

func TestAGoodResultStandsAlthoughItIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Params{Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) {
			<-ctx.Done()
			return output(`1`)
		}})})
		l := lease("a", "x")
		l.Task.Timeout = 100
		w.src.put(l)
		time.Sleep(time.Second)
		if got := w.only(); string(got.Result.Output) != "1" || code(got) != "" {
			t.Errorf("result %+v", got.Result)
		}
		w.end()
	})
}

func TestF23AHangingExecutorLosesItsSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		w := start(t, Params{Workers: 1, StopGrace: time.Second, Registry: types(map[string]do{
			"hang": func(ctx context.Context, task *node.Task) (model.Result, error) {
				<-free
				return output(`"late"`)
			},
			"quick": func(ctx context.Context, task *node.Task) (model.Result, error) { return output(`1`) },
		})})
		l := lease("a", "hang")
		l.Task.Timeout = 1000
		w.src.put(l, lease("b", "quick"))
		time.Sleep(3 * time.Second)
		got := w.reports()
		if len(got) != 2 || code(got[0]) != codeTimeout || string(got[1].Result.Output) != "1" {
			t.Fatalf("reports %+v", got)
		}
		if s := w.run.Stats(); s.Hanging != 1 || s.Abandoned != 1 || s.TimedOut != 1 {
			t.Errorf("stats %+v", s)
		}
		close(free)
		synctest.Wait()
		if s := w.run.Stats(); s.Hanging != 0 || len(w.reports()) != 2 {
			t.Errorf("after the return: stats %+v, %d reports", s, len(w.reports()))
		}
		w.end()
	})
}

func TestTooManyHangingExecutorsKeepTheirSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		w := start(t, Params{Workers: 1, Abandoned: 1, StopGrace: time.Second, Registry: types(map[string]do{
			"hang": func(ctx context.Context, task *node.Task) (model.Result, error) {
				<-free
				return model.Result{}, ctx.Err()
			},
		})})
		for _, step := range []string{"a", "b", "c"} {
			l := lease(step, "hang")
			l.Task.Timeout = 1000
			w.src.put(l)
		}
		time.Sleep(10 * time.Second)
		if s := w.run.Stats(); s.Running != 1 || s.Hanging != 1 || len(w.reports()) != 1 {
			t.Errorf("stats %+v, %d reports", s, len(w.reports()))
		}
		close(free)
		time.Sleep(10 * time.Second)
		if got := w.reports(); len(got) != 3 {
			t.Errorf("%d reports at the end", len(got))
		}
		w.end()
	})
}

func TestHeartbeatBoundsSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Params{Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) {
			for i := range 5 {
				time.Sleep(800 * time.Millisecond)
				task.Heartbeat(map[string]int{"done": i})
			}
			<-ctx.Done()
			return model.Result{}, context.Cause(ctx)
		}})})
		l := lease("a", "x")
		l.Task.Heartbeat = 1000
		began := time.Now()
		w.src.put(l)
		time.Sleep(4500 * time.Millisecond)
		if live := w.run.Running(); len(live) != 1 || string(live[0].Progress) != `{"done":4}` || live[0].Token != l.Token {
			t.Errorf("running %+v", live)
		}
		for len(w.reports()) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		if d := time.Since(began); d < 5*time.Second || d > 5100*time.Millisecond {
			t.Errorf("ended after %s, want 4 s of work and 1 s of silence", d)
		}
		if got := w.only(); code(got) != codeHeartbeat {
			t.Errorf("error %+v", got.Result.Error)
		}
		w.end()
	})
}

func TestCancelByBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newFake()
		src.verdi = func(tok Token) Verdict {
			if tok.Step == "b" {
				return CancelAsked
			}
			return Accepted
		}
		cancelled(t, src, func(Token) { time.Sleep(2 * defaultBeat) })
	})
}

func TestCancelByFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := feeding{newFake()}
		cancelled(t, src, func(b Token) {
			src.cancel(Cancel{Token: b}, Cancel{Token: Token{Step: "unknown"}}, Cancel{Token: b})
			synctest.Wait()
		})
	})
}

// cancelled starts a and b, cancels b and expects that only b ends.
func cancelled(t *testing.T, src Source, cancel func(b Token)) {
	t.Helper()
	free := make(chan struct{})
	w := start(t, Params{Source: src, Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) {
		select {
		case <-free:
			return output(`1`)
		case <-ctx.Done():
			return model.Result{}, context.Cause(ctx)
		}
	}})})
	b := lease("b", "x")
	w.src.put(lease("a", "x"), b)
	synctest.Wait()
	cancel(b.Token)
	if got := w.only(); got.Token.Step != "b" || code(got) != codeCancelled {
		t.Errorf("report %+v", got)
	}
	close(free)
	synctest.Wait()
	if got := w.reports(); len(got) != 2 || string(got[1].Result.Output) != "1" {
		t.Errorf("reports %+v", got)
	}
	w.end()
}

func TestCancelBeforeTheBeginGivesTheTaskBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		src := feeding{newFake()}
		w := start(t, Params{Source: src, Workers: 2, Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) {
			<-free
			return output(`1`)
		}})})
		// White box: two run, and a third is in the queue although the demand would not have asked for it.
		w.src.put(lease("a", "x"), lease("b", "x"))
		synctest.Wait()
		c := lease("c", "x")
		w.run.pools[0].add([]Lease{c})
		src.cancel(Cancel{Token: c.Token})
		if got := w.only(); got.Token != c.Token || !got.Released {
			t.Errorf("report %+v", got)
		}
		close(free)
		w.end()
	})
}

func TestAStaleAttemptIsStoppedAndNotReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newFake()
		src.verdi = func(Token) Verdict { return Stale }
		stale(t, src, src, func(Token) { time.Sleep(2 * defaultBeat) })
	})
}

func TestALostAttemptIsStoppedAndNotReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := feeding{newFake()}
		stale(t, src, src.fake, func(tok Token) { src.cancel(Cancel{Token: tok, Lost: true}) })
	})
}

// stale starts a task, has it withdrawn and expects to hear nothing of it.
func stale(t *testing.T, src Source, f *fake, withdraw func(Token)) {
	t.Helper()
	var cause error
	w := start(t, Params{Source: src, Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) {
		<-ctx.Done()
		cause = context.Cause(ctx)
		return output(`1`)
	}})})
	f.put(lease("a", "x"))
	synctest.Wait()
	withdraw(lease("a", "x").Token)
	synctest.Wait()
	w.end()
	if cause != ErrStale || len(w.reports()) != 0 {
		t.Errorf("cause %v, %d reports", cause, len(w.reports()))
	}
}

func TestAPanicIsTheTasksOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Params{Workers: 1, Secrets: func(string) (string, bool) { return "hunter22", true }, Registry: types(map[string]do{
			"panic": func(ctx context.Context, task *node.Task) (model.Result, error) { panic("with hunter22") },
			"nil": func(ctx context.Context, task *node.Task) (model.Result, error) {
				var list []string
				return output(list[len(task.Step)])
			},
			"goexit": func(ctx context.Context, task *node.Task) (model.Result, error) { runtime.Goexit(); return output(`1`) },
			"good":   func(ctx context.Context, task *node.Task) (model.Result, error) { return output(`1`) },
		})})
		p := lease("p", "panic")
		p.Task.With = []byte(`{"a":"${}"}`)
		p.Task.Late = []expr.Late{{Path: "/a", Parts: []expr.Part{{Expr: "secrets.x"}}}}
		w.src.put(p, lease("n", "nil"), lease("g", "goexit"), lease("ok", "good"))
		got := w.reports()
		w.end()
		if len(got) != 4 {
			t.Fatalf("%d reports", len(got))
		}
		for _, r := range got[:3] {
			if code(r) != codePanic || strings.Contains(r.Result.Error.Message, "hunter22") || strings.Contains(r.Result.Error.Message, "goroutine") {
				t.Errorf("%s: %+v", r.Token.Step, r.Result.Error)
			}
		}
		if string(got[3].Result.Output) != "1" {
			t.Errorf("the task after the panics: %+v", got[3])
		}
		log := w.log.String()
		if !strings.Contains(log, "runner_test.go") || strings.Contains(log, "hunter22") {
			t.Errorf("the log lacks the stack or shows the secret:\n%s", log)
		}
	})
}

func TestF22BadResults(t *testing.T) {
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for name, tc := range map[string]struct {
		res  model.Result
		code string
	}{
		"empty is null":      {model.Result{}, ""},
		"not JSON":           {model.Result{Output: json.RawMessage(`{"a":NaN}`)}, codeBadResult},
		"text behind":        {model.Result{Output: json.RawMessage(`1 2`)}, codeBadResult},
		"17 MB":              {model.Result{Output: json.RawMessage(`"` + strings.Repeat("x", 17<<20) + `"`)}, codePayload},
		"invalid UTF-8":      {model.Result{Output: json.RawMessage("\"a\xffb\"")}, codeBadResult},
		"NUL":                {model.Result{Output: json.RawMessage(`"a\u0000b"`)}, codeBadResult},
		"100 deep":           {model.Result{Output: json.RawMessage(deep)}, codeBadResult},
		"a large integer":    {model.Result{Output: json.RawMessage(`12345678901234567890`)}, codeBadResult},
		"infinity":           {model.Result{Output: json.RawMessage(`1e400`)}, codeBadResult},
		"an odd outcome":     {model.Result{Outcome: "a b"}, codeBadResult},
		"a long outcome":     {model.Result{Outcome: strings.Repeat("a", 65)}, codeBadResult},
		"a bad variable":     {model.Result{Set: []model.Assign{{Var: "x", Value: json.RawMessage(`{`)}}}, codeBadResult},
		"large variables":    {model.Result{Set: []model.Assign{{Var: "x", Value: json.RawMessage(`"` + strings.Repeat("x", 70<<10) + `"`)}}}, codePayload},
		"a bad tag":          {model.Result{Tags: map[string]json.RawMessage{"x": json.RawMessage(`{`)}}, codeBadResult},
		"an error of no one": {model.Result{Error: &model.Error{Code: "no code!", Message: "a\x00b\xff"}}, codeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := start(t, Params{Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) { return tc.res, nil }})})
				w.src.put(lease("a", "x"))
				got := w.only()
				w.end()
				if code(got) != tc.code {
					t.Errorf("code %q, want %q: %+v", code(got), tc.code, got.Result.Error)
				}
				if e := got.Result.Error; e != nil && (strings.ContainsRune(e.Message, 0) || len(e.Message) > maxMessage) {
					t.Errorf("message %q", e.Message)
				}
			})
		})
	}
}

func TestAnExecutorsOwnFaultIsInternal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, Params{Registry: types(map[string]do{
			"plain": func(ctx context.Context, task *node.Task) (model.Result, error) {
				return model.Result{}, errors.New("no luck")
			},
			"coded": func(ctx context.Context, task *node.Task) (model.Result, error) {
				return model.Result{}, fmt.Errorf("wrapped: %w", &model.Error{Code: "no_stock", Message: "none left"})
			},
		})})
		w.src.put(lease("a", "plain"), lease("b", "coded"))
		for _, r := range w.reports() {
			if want := map[string]string{"a": codeInternal, "b": "no_stock"}[r.Token.Step]; code(r) != want {
				t.Errorf("%s: %+v", r.Token.Step, r.Result.Error)
			}
		}
		w.end()
	})
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newFake()
		w := start(t, Params{Source: src, Workers: 3, DrainGrace: 5 * time.Second, StopGrace: time.Second, Registry: types(map[string]do{
			"quick": func(ctx context.Context, task *node.Task) (model.Result, error) {
				time.Sleep(3 * time.Second)
				return output(`1`)
			},
			"slow": func(ctx context.Context, task *node.Task) (model.Result, error) {
				<-ctx.Done()
				return model.Result{}, ctx.Err()
			},
			"finishes": func(ctx context.Context, task *node.Task) (model.Result, error) { <-ctx.Done(); return output(`2`) },
		})})
		w.src.put(lease("a", "quick"), lease("b", "slow"), lease("c", "finishes"))
		synctest.Wait()
		queued := lease("d", "quick")
		w.run.pools[0].add([]Lease{queued})
		began := time.Now()
		w.end()
		if d := time.Since(began); d != 5*time.Second {
			t.Errorf("the drain took %s", d)
		}
		if len(src.released) != 1 || src.released[0] != queued.Token {
			t.Errorf("released %+v", src.released)
		}
		got := map[string]Report{}
		for _, r := range w.reports() {
			got[r.Token.Step] = r
		}
		if len(got) != 3 || string(got["a"].Result.Output) != "1" || !got["b"].Released || string(got["c"].Result.Output) != "2" {
			t.Errorf("reports %+v", got)
		}
	})
}

func TestDrainLeavesBehindWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		w := start(t, Params{DrainGrace: time.Second, StopGrace: time.Second, Registry: types(map[string]do{
			"hang": func(ctx context.Context, task *node.Task) (model.Result, error) { <-free; return output(`1`) },
		})})
		w.src.put(lease("a", "hang"))
		synctest.Wait()
		w.stop()
		if err := <-w.done; err == nil || !strings.Contains(err.Error(), "1 executors") {
			t.Errorf("Run: %v", err)
		}
		if got := w.only(); !got.Released {
			t.Errorf("report %+v", got)
		}
		close(free)
	})
}

func TestF19AReportIsRepeatedUntilItIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newFake()
		tries := map[string]int{}
		src.answer = func(r Report) Verdict {
			tries[r.Token.Step]++
			switch {
			case r.Token.Step == "b" && tries["b"] < 5:
				return Unavailable
			case r.Token.Step == "c" && tries["c"] < 12:
				return NotOwner
			case r.Token.Step == "d":
				return Stale
			}
			return Accepted
		}
		w := start(t, Params{Source: src, Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) { return output(`1`) }})})
		w.src.put(lease("a", "x"), lease("b", "x"), lease("c", "x"), lease("d", "x"))
		time.Sleep(time.Minute)
		got := w.reports()
		if len(got) != 3 || got[0].Token.Step != "a" || tries["a"] != 1 || tries["b"] != 5 || tries["c"] != 12 || tries["d"] != 1 {
			t.Errorf("tries %v, %d accepted", tries, len(got))
		}
		if n := w.run.Stats().Unreported; n != 0 {
			t.Errorf("%d unreported", n)
		}
		w.end()
	})
}

func TestAStoreThatIsAwayStopsTheLeasing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newFake()
		away := true
		src.answer = func(Report) Verdict {
			if away {
				return Unavailable
			}
			return Accepted
		}
		w := start(t, Params{Source: src, Workers: 8, Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) { return output(`1`) }})})
		for i := range 2500 {
			w.src.put(lease(fmt.Sprint(i), "x"))
		}
		time.Sleep(time.Minute)
		s := w.run.Stats()
		if s.Unreported < 1056 || s.Unreported > 1056+8 {
			t.Errorf("unreported %d, want the bound of 1056", s.Unreported)
		}
		src.mu.Lock()
		away = false
		src.mu.Unlock()
		time.Sleep(time.Minute)
		if n := len(w.reports()); n != 2500 {
			t.Errorf("%d of 2500 reported in the end", n)
		}
		w.end()
	})
}

func TestReportsTravelTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newFake()
		src.gate = make(chan struct{})
		w := start(t, Params{Source: src, Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) { return output(`1`) }})})
		for i := range 2000 {
			w.src.put(lease(fmt.Sprint(i), "x"))
		}
		synctest.Wait()
		close(src.gate)
		if n := len(w.reports()); n != 2000 {
			t.Fatalf("%d reports", n)
		}
		if src.calls > maxCalls+10 {
			t.Errorf("%d calls for 2000 reports", src.calls)
		}
		w.end()
	})
}

func TestPoolsDoNotStarveEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		w := start(t, Params{Pools: []Pool{{Types: []string{"slow"}, Workers: 2}, {Workers: 2}}, Registry: types(map[string]do{
			"slow":  func(ctx context.Context, task *node.Task) (model.Result, error) { <-free; return output(`1`) },
			"quick": func(ctx context.Context, task *node.Task) (model.Result, error) { return output(`1`) },
		})})
		for i := range 10 {
			w.src.put(lease(fmt.Sprint("s", i), "slow"), lease(fmt.Sprint("q", i), "quick"))
		}
		if n := len(w.reports()); n != 10 {
			t.Errorf("%d reports while the slow pool is full, want 10", n)
		}
		if s := w.run.Stats(); s.Running != 2 {
			t.Errorf("stats %+v", s)
		}
		close(free)
		if n := len(w.reports()); n != 20 {
			t.Errorf("%d reports", n)
		}
		w.end()
	})
}

func TestNewRefuses(t *testing.T) {
	reg := types(map[string]do{"x": nil})
	for name, p := range map[string]Params{
		"no source":  {Registry: reg},
		"unknown":    {Source: newFake(), Registry: reg, Pools: []Pool{{Types: []string{"y"}, Workers: 1}}},
		"twice":      {Source: newFake(), Registry: reg, Pools: []Pool{{Types: []string{"x"}, Workers: 1}, {Types: []string{"x"}, Workers: 1}}},
		"no workers": {Source: newFake(), Registry: reg, Pools: []Pool{{}}},
		"two rests":  {Source: newFake(), Registry: reg, Pools: []Pool{{Workers: 1}, {Workers: 1}}},
	} {
		if _, err := New(p); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestASourceThatFailsIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newFake()
		calls := 0
		src.fail = func() error {
			if calls++; calls < 6 {
				return errors.New("away")
			}
			return nil
		}
		w := start(t, Params{Source: src, Registry: types(map[string]do{"x": func(ctx context.Context, task *node.Task) (model.Result, error) { return output(`1`) }})})
		w.src.put(lease("a", "x"))
		time.Sleep(10 * time.Second)
		w.only()
		w.end()
		if calls > 10 {
			t.Errorf("%d calls", calls)
		}
	})
}
