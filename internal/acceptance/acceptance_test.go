package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	lite "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store/sqlite"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(built)
		os.Exit(code)
	}))
}

// bystanderText is a workflow that is half-way done while others misbehave.
const bystanderText = `
workflow: bystander
input: {n: integer}
nodes:
  - before: {call: double, args: "${ input.n }"}
  - hold: {signal: go}
  - after: {call: double, args: "${ nodes.before.output }"}
output: "${ nodes.after.output }"
`

// house is one engine on one SQLite file, with a bystander that has run its first step.
type house struct {
	t    *testing.T
	path string
	opts pawl.Options
	// functions registers what the test calls beside double, at every opening.
	functions func(*pawl.Engine) error

	eng  *pawl.Engine
	log  *logbook
	half bystander
	// doubled counts the calls of double; each bystander makes two.
	doubled    atomic.Int64
	bystanders int64
	// known are the executions that the engine has acknowledged.
	known []string
}

// build opens an engine on a new file. functions may be nil.
func build(t *testing.T, functions func(*pawl.Engine) error) *house {
	t.Helper()
	return buildAt(t, filepath.Join(t.TempDir(), "pawl.db"), functions)
}

func buildAt(t *testing.T, path string, functions func(*pawl.Engine) error) *house {
	t.Helper()
	h := &house{t: t, path: path, functions: functions, log: &logbook{}}
	h.opts = pawl.Options{Grace: 100 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(h.log, nil))}
	h.open()
	t.Cleanup(h.close)
	h.deploy(bystanderText)
	h.half = h.newBystander()
	return h
}

func (h *house) open() {
	h.t.Helper()
	eng, err := pawl.Open(h.t.Context(), sqlite.Open(h.path), h.opts)
	if err != nil {
		h.t.Fatal(err)
	}
	h.eng = eng
	err = pawl.Register(eng, "double", func(_ context.Context, n int) (int, error) {
		h.doubled.Add(1)
		return 2 * n, nil
	})
	if h.functions != nil {
		err = errors.Join(err, h.functions(eng))
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) close() {
	h.t.Helper()
	if h.eng == nil {
		return
	}
	if err := h.eng.Close(context.Background()); err != nil {
		h.t.Error(err)
	}
	h.eng = nil
}

// reopen closes the engine and opens the file with another one.
func (h *house) reopen() {
	h.t.Helper()
	h.close()
	h.open()
}

func (h *house) deploy(text string) {
	h.t.Helper()
	if _, err := h.eng.Deploy(h.t.Context(), pawl.Text("good.yaml", []byte(text))); err != nil {
		h.t.Fatal(err)
	}
}

// start begins an execution that must be accepted.
func (h *house) start(workflow string, input any, opts ...pawl.StartOption) *pawl.Run {
	h.t.Helper()
	run, err := h.eng.Start(h.t.Context(), workflow, input, opts...)
	if err != nil {
		h.t.Fatal(err)
	}
	h.known = append(h.known, run.ID())
	return run
}

// bystander is an execution that minds its own business.
type bystander struct {
	run *pawl.Run
	n   int
}

// newBystander starts one and waits for its first step.
func (h *house) newBystander() bystander {
	h.t.Helper()
	h.bystanders++
	b := bystander{n: int(h.bystanders)}
	b.run = h.start("bystander", map[string]int{"n": b.n})
	if x, err := b.run.Wait(h.t.Context(), "before"); err != nil || x.Closed() {
		h.t.Fatalf("the bystander: %+v, %v", x, err)
	}
	return b
}

// undisturbed lets the bystander end, and one that starts only now; no step of them ran twice. Another is half-way
// done afterwards.
func (h *house) undisturbed() {
	h.t.Helper()
	h.finish(h.half)
	h.finish(h.newBystander())
	h.half = h.newBystander()
	if got, want := h.doubled.Load(), 2*h.bystanders-1; got != want {
		h.t.Errorf("the steps of the bystanders ran %d times instead of %d", got, want)
	}
}

func (h *house) finish(b bystander) {
	h.t.Helper()
	run := h.run(b.run)
	if err := run.Signal(h.t.Context(), "go", nil); err != nil {
		h.t.Fatalf("signalling the bystander: %v", err)
	}
	if got, err := pawl.Result[int](h.t.Context(), run); err != nil || got != 4*b.n {
		h.t.Fatalf("the bystander gave %d for %d, %v", got, b.n, err)
	}
}

// run is the handle of an execution on the engine that is open now.
func (h *house) run(old *pawl.Run) *pawl.Run {
	h.t.Helper()
	run, err := h.eng.Run(old.ID())
	if err != nil {
		h.t.Fatal(err)
	}
	return run
}

// endures ends a test: the bystander is undisturbed, and everything acknowledged is the same after the file has been
// opened again, which finds nothing wrong with it.
func (h *house) endures() {
	h.t.Helper()
	h.undisturbed()
	before := h.remember()
	h.reopen()
	for id, want := range before {
		if got := h.story(id); got != want {
			h.t.Errorf("execution %s changed over a restart\n%s\n%s", id, want, got)
		}
	}
	h.undisturbed()
	h.close()
	if got := h.sql("PRAGMA integrity_check"); got != "ok" {
		h.t.Errorf("the file: %s", got)
	}
}

// remember tells every known execution.
func (h *house) remember() map[string]string {
	h.t.Helper()
	all := map[string]string{}
	for _, id := range h.known {
		all[id] = h.story(id)
	}
	return all
}

// story is an execution and its history as text.
func (h *house) story(id string) string {
	h.t.Helper()
	x, err := h.eng.Get(h.t.Context(), id)
	if err != nil {
		return err.Error()
	}
	for i := range x.Waiting {
		x.Waiting[i].Sentence = "" // it says how long ago
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	if err := enc.Encode(x); err != nil {
		h.t.Fatal(err)
	}
	for ev, err := range h.eng.History(h.t.Context(), id, 0) {
		if err != nil {
			return err.Error()
		}
		if err := enc.Encode(ev); err != nil {
			h.t.Fatal(err)
		}
	}
	return b.String()
}

// wait returns an execution once it has ended.
func (h *house) wait(run *pawl.Run) *pawl.Execution {
	h.t.Helper()
	x, err := h.run(run).Wait(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return x
}

// comesTo watches an execution until an event of that type, and returns it.
func (h *house) comesTo(run *pawl.Run, event string) pawl.Event {
	h.t.Helper()
	for ev, err := range h.run(run).Watch(h.t.Context(), 0) {
		if err != nil {
			h.t.Fatal(err)
		}
		if ev.Type == event {
			return ev
		}
	}
	h.t.Fatalf("execution %s ended without %s", run.ID(), event)
	return pawl.Event{}
}

// history lists the types of all events of an execution.
func (h *house) history(run *pawl.Run) []pawl.Event {
	h.t.Helper()
	var all []pawl.Event
	for ev, err := range h.eng.History(h.t.Context(), run.ID(), 0) {
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, ev)
	}
	return all
}

// count is how many executions of a workflow there are.
func (h *house) count(workflow string, statuses ...model.Status) int {
	h.t.Helper()
	p, err := h.eng.List(h.t.Context(), pawl.Filter{Workflow: workflow, Statuses: statuses, Limit: 1000})
	if err != nil {
		h.t.Fatal(err)
	}
	return len(p.Executions)
}

// refuses checks the code of an error, and that it says something and not too much.
func refuses(t *testing.T, what string, err error, code string) {
	t.Helper()
	switch {
	case pawl.Code(err) != code:
		t.Errorf("%s: got %.300v, want %s", what, err, code)
	case len(err.Error()) < len(code)+10 || len(err.Error()) > 2000:
		t.Errorf("%s: a message of %d bytes: %.300v", what, len(err.Error()), err)
	}
}

// sql runs a statement on the file, which no engine has open, and returns the first column of the last row.
func (h *house) sql(statement string, args ...any) (got string) {
	h.t.Helper()
	conn, err := lite.OpenConn(h.path, lite.OpenReadWrite)
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.Close()
	err = sqlitex.ExecuteTransient(conn, statement, &sqlitex.ExecOptions{Args: args, ResultFunc: func(s *lite.Stmt) error {
		got = s.ColumnText(0)
		return nil
	}})
	if err != nil {
		h.t.Fatal(fmt.Errorf("%s: %w", statement, err))
	}
	return got
}

// logbook collects the log of an engine.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
