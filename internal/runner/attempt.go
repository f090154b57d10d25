package runner

import (
	"context"
	"encoding/json"
	"errors"
	"runtime/debug"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
)

// Causes with which the context of an attempt ends; [context.Cause] tells an executor which.
var (
	// ErrTimeout: the attempt ran out of time.
	ErrTimeout = errors.New("the attempt ran out of time")
	// ErrSilent: the attempt gave no sign of life for longer than its node's heartbeat.
	ErrSilent = errors.New("the attempt gave no heartbeat")
	// ErrCancelled: the step was cancelled.
	ErrCancelled = errors.New("the step was cancelled")
	// ErrStale: the attempt is not outstanding any more; its result counts for nothing.
	ErrStale = errors.New("the attempt is not outstanding any more")

	errDrained = errors.New("the runner stops")
)

// attempt is one task in a slot. The worker's goroutine owns all but what mu guards.
type attempt struct {
	pool  *pool
	slot  int
	lease Lease
	task  node.Task
	// returned is set when the executor came back by itself, unrun when it was not called.
	returned, unrun bool

	life lifetime

	mu      sync.Mutex
	masks   []string // the values of the secrets that the task was given
	since   time.Time
	cause   error // why the context was ended; nil while it is not
	settled bool  // the result is decided; whoever sets it reports
	// limit ends an attempt that is out of time, silent one without a heartbeat, grace one that does not stop.
	limit, silent, grace *time.Timer
	beat                 time.Time
	progress             json.RawMessage
	log                  lines
}

// perform executes the task and hands its result to the outbox. It reports whether the worker still owns the slot.
func (a *attempt) perform() bool {
	r := a.pool.run
	r.executed.Add(1)
	res, err := a.execute()
	if !a.settle() {
		// Abandoned: the slot has another worker, the result was decided without this one.
		a.pool.unhang()
		r.Logger.Info("an abandoned executor returned", a.attrs()...)
		return false
	}
	a.report(ending{res: res, err: err, unrun: a.unrun})
	return true
}

// execute prepares the task and calls its executor.
func (a *attempt) execute() (model.Result, error) {
	r := a.pool.run
	a.start()
	x, ok := r.executor(a.lease.Task.Type)
	if !ok {
		return failed(codeUnknownType, "this process has no executor of type "+a.lease.Task.Type, permanent), nil
	}
	if e := a.prepare(); e != nil {
		return model.Result{Error: e}, nil
	}
	if a.over() {
		a.unrun = true
		return model.Result{}, context.Canceled
	}
	return a.call(x)
}

// call runs the executor and turns a panic into a result. An executor that ends the goroutine (runtime.Goexit) gets
// its result here, and its slot a new worker.
func (a *attempt) call(x node.Executor) (res model.Result, err error) {
	defer func() {
		if a.returned {
			return
		}
		v := recover()
		res, err = a.panicked(v, debug.Stack()), nil
		if v != nil {
			return
		}
		if !a.settle() {
			a.pool.unhang()
			return
		}
		a.report(ending{res: res})
		a.pool.forsake(a)
	}()
	res, err = x.Execute(&a.life, &a.task)
	a.returned = true
	return res, err
}

// panicked counts and logs a panic; nobody but the log of this process sees its value or stack.
func (a *attempt) panicked(v any, stack []byte) model.Result {
	r := a.pool.run
	r.panicked.Add(1)
	hide := a.hider()
	r.Logger.Error("an executor panicked", append(a.attrs(), "panic", hide.text(describe(v)), "stack", hide.text(string(stack)))...)
	return failed(codePanic, "the "+a.lease.Task.Type+" executor panicked; the log of the process that ran it has the stack", undecided)
}

// start makes the context and arms the clocks.
func (a *attempt) start() {
	t := &a.lease.Task
	a.mu.Lock()
	defer a.mu.Unlock()
	a.since = time.Now()
	a.beat = a.since
	if limit, ok := a.bound(); ok {
		a.life.deadline = a.since.Add(limit)
		a.limit = time.AfterFunc(limit, func() { a.stop(ErrTimeout) })
	}
	if t.Heartbeat > 0 {
		a.silent = time.AfterFunc(time.Duration(t.Heartbeat)*time.Millisecond, a.listen)
	}
}

// over reports whether the attempt was ended before it began.
func (a *attempt) over() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.cause != nil || !a.life.deadline.IsZero() && !a.since.Before(a.life.deadline)
}

// bound is the time the attempt has: the shorter of its own and what is left of the step's.
func (a *attempt) bound() (time.Duration, bool) {
	t := &a.lease.Task
	limit, ok := time.Duration(t.Timeout)*time.Millisecond, t.Timeout > 0
	if t.Deadline > 0 {
		if left := time.UnixMilli(t.Deadline).Sub(a.since); !ok || left < limit {
			limit, ok = max(left, 0), true
		}
	}
	return limit, ok
}

// stop ends the context and gives the executor StopGrace to return. The first cause counts.
func (a *attempt) stop(cause error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.settled || a.cause != nil {
		return
	}
	a.cause = cause
	a.grace = time.AfterFunc(a.pool.run.StopGrace, a.abandon)
	if cause != ErrTimeout { // the context's own deadline does that
		a.life.end(cause)
	}
}

// listen ends an attempt that was silent for too long.
func (a *attempt) listen() {
	a.mu.Lock()
	bound := time.Duration(a.lease.Task.Heartbeat) * time.Millisecond
	quiet := time.Since(a.beat)
	if quiet < bound && !a.settled {
		a.silent.Reset(bound - quiet)
		a.mu.Unlock()
		return
	}
	a.mu.Unlock()
	a.stop(ErrSilent)
}

// abandon decides the result of an executor that does not stop.
func (a *attempt) abandon() {
	r := a.pool.run
	if !a.pool.hang() {
		r.Logger.Error("an executor does not stop, and too many do not: its slot stays taken", a.attrs()...)
		return
	}
	if !a.settle() {
		a.pool.unhang()
		return
	}
	r.abandoned.Add(1)
	r.Logger.Error("an executor does not stop; its slot is given to another", append(a.attrs(), "cause", a.cause)...)
	a.report(ending{hung: true})
	a.pool.forsake(a)
}

// settle claims the right to report and stops the clocks.
func (a *attempt) settle() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.settled {
		return false
	}
	a.settled = true
	for _, t := range []*time.Timer{a.limit, a.silent, a.grace} {
		if t != nil {
			t.Stop()
		}
	}
	return true
}

// hider hides the secrets that the task was given.
func (a *attempt) hider() *hider {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.pool.run.hider(a.masks)
}

// heartbeat is given to executors as Task.Heartbeat.
func (a *attempt) heartbeat(progress any) {
	var said json.RawMessage
	if progress != nil {
		said = a.shown(progress)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.beat = time.Now()
	if said != nil {
		a.progress = said
	}
}

// shown is progress as people may see it; nil if it is no JSON or too long.
func (a *attempt) shown(progress any) json.RawMessage {
	b, err := json.Marshal(progress)
	if err != nil || len(b) > maxMessage || checkJSON(b) != "" {
		return nil
	}
	return a.hider().json(b)
}

// note is given to executors as Task.Log.
func (a *attempt) note(line string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.settled {
		a.log.add(line)
	}
}

func (a *attempt) view() Running {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Running{Token: a.lease.Token, Type: a.lease.Task.Type, Since: a.since, Beat: a.beat, Progress: a.progress}
}

// attrs name the attempt in a log line.
func (a *attempt) attrs() []any {
	t := a.lease.Token
	return []any{"execution", t.Execution.String(), "step", t.Step, "attempt", t.Attempt, "type", a.lease.Task.Type}
}
