package rehearse

import (
	"fmt"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Executor says what becomes of a task. It is asked once for each attempt that counts: an attempt that was lost with
// its process and runs again gets the answer that it was to get, as a service that knows its idempotency key gives.
type Executor func(*Task) Answer

// Task is an attempt as an executor sees it.
type Task struct {
	runner.Lease
	// Key is equal for all attempts of the step.
	Key string
	// With is the configuration with secrets and other late values filled in.
	With []byte
	// Now is Unix milliseconds.
	Now int64
	// Attempt counts the attempts of the step that were answered, from 1: one that was lost with its process is not.
	Attempt int
}

// Answer is what an executor does.
type Answer struct {
	Result model.Result
	// Delay is how long it takes, in milliseconds.
	Delay int64
	// Never: no answer comes. Lost: the process dies with it. Late: being asked to stop changes nothing.
	Never, Lost, Late bool
}

type tryOf struct {
	execution record.ID
	step      string
}

// try is one attempt of a step that counts, whatever number it has.
type try struct {
	tryOf
	n int
}

// answer is what a try was answered, from when on.
type answer struct {
	Answer
	since int64
}

// task is an attempt in the hands of this process.
type task struct {
	lease runner.Lease
	try   try
	a     *answer
	over  bool
}

// begin asks for the answer of a leased task and puts it on the agenda.
func (w *World) begin(l runner.Lease) {
	of := tryOf{l.Token.Execution, l.Token.Step}
	t := &task{lease: l, try: try{of, w.tries[of]}}
	t.a = w.answers[t.try]
	if t.a == nil {
		t.a = &answer{Answer: w.ask(l, t.try.n+1), since: w.now}
		w.answers[t.try] = t.a
	}
	w.tasks[l.Token] = t
	at, end := t.a.since+t.a.Delay, func() { w.answer(t) }
	if limit, why := t.limit(w.now); limit > 0 && (t.a.Never || at > limit) {
		at, end = limit, func() { w.report(t, model.Result{Error: why}) }
	} else if t.a.Never {
		return
	}
	w.at(t, max(at, w.now), end)
}

// limit is when the runner gives up waiting for the executor, and what it says then. The deadline of the step is the
// kernel's to watch.
func (t *task) limit(now int64) (at int64, why *model.Error) {
	k := &t.lease.Task
	put := func(until int64, code, message string) {
		if at == 0 || until < at {
			at, why = until, &model.Error{Code: code, Message: message}
		}
	}
	if k.Timeout > 0 {
		put(now+k.Timeout, "timeout", "the attempt took longer than "+expr.FormatDuration(k.Timeout))
	}
	if k.Heartbeat > 0 && t.a.Never {
		put(now+k.Heartbeat, "heartbeat", "the attempt gave no sign of life for "+expr.FormatDuration(k.Heartbeat))
	}
	return at, why
}

// at does something later, unless the attempt or its process is over by then.
func (w *World) at(t *task, at int64, do func()) {
	life := w.life
	token := &t.lease.Token
	p := place{t.a.since, w.written[t.lease.Workflow+"/"+t.lease.Task.Node], token.Step, token.Execution.String()}
	w.agenda.add(at, p, func() {
		if w.life == life && !t.over {
			do()
		}
	})
}

func (w *World) answer(t *task) {
	if t.a.Lost {
		w.tries[t.try.tryOf]++
		w.crash()
		return
	}
	w.report(t, t.a.Result)
}

// report tells the engine how an attempt ended.
func (w *World) report(t *task, r model.Result) {
	t.over = true
	delete(w.tasks, t.lease.Token)
	w.push(engine.Reported{Ref: w.ref(), List: []runner.Report{{Token: t.lease.Token, Result: r}}})
}

// cancelTasks asks executors to stop.
func (w *World) cancelTasks(r engine.CancelTasks) {
	for _, token := range r.Tokens {
		t := w.tasks[token]
		switch {
		case t == nil || t.over || t.a.Late && !r.Lost:
		case r.Lost:
			t.over = true
			delete(w.tasks, token)
		default:
			w.at(t, w.now, func() {
				w.report(t, model.Result{Error: &model.Error{Code: "cancelled", Message: "the attempt was cancelled"}})
			})
		}
	}
}

// ask prepares a task and asks the executor.
func (w *World) ask(l runner.Lease, attempt int) Answer {
	t := &Task{Lease: l, Key: runner.Key(l.Token), With: l.Task.With, Now: w.now, Attempt: attempt}
	if len(l.Task.Late) > 0 {
		with, err := expr.Resolve(t.With, l.Task.Late, lateNames{t, w.cfg.Secrets})
		if err != nil {
			return Answer{Result: model.Result{Error: &model.Error{Code: "expression", Message: err.Error(), Retryable: new(bool)}}}
		}
		t.With = with
	}
	return w.cfg.Execute(t)
}

// lateNames are what late values may name.
type lateNames struct {
	t       *Task
	secrets map[string]string
}

// Lookup implements expr.Names.
func (n lateNames) Lookup(name string) (any, bool, error) {
	switch name {
	case "secrets":
		return secretNames(n.secrets), true, nil
	case "task":
		return map[string]any{"key": n.t.Key, "attempt": int64(n.t.Token.Attempt), "token": TokenText(n.t.Token)}, true, nil
	}
	return nil, false, nil
}

// TokenText writes a token, for task.token.
func TokenText(t runner.Token) string {
	return fmt.Sprintf("%s/%s/%d", t.Execution, t.Step, t.Attempt)
}

type secretNames map[string]string

// Get implements expr.Object.
func (s secretNames) Get(name string) (any, error) {
	if v, ok := s[name]; ok {
		return v, nil
	}
	return name, nil
}

// Keys implements expr.Object.
func (secretNames) Keys() []string { return nil }
