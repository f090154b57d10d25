package pawl

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Run is a handle of one execution. It holds no resources and may be kept, copied and made again with [Engine.Run].
type Run struct {
	eng      *Engine
	id       record.ID
	existing bool
	// posted: it began in somebody's transaction, so it may not be there yet.
	posted bool
}

// Run returns the handle of the execution id. Whether it exists shows with the first call.
func (e *Engine) Run(id string) (*Run, error) {
	x, err := e.parseID(id)
	if err != nil {
		return nil, err
	}
	return &Run{eng: e, id: x}, nil
}

// ID names the execution.
func (r *Run) ID() string { return r.id.String() }

// Existing reports whether the start found this execution under its key instead of making one.
func (r *Run) Existing() bool { return r.existing }

// Get reads the execution: see [Engine.Get].
func (r *Run) Get(ctx context.Context) (*Execution, error) { return r.eng.Get(ctx, r.ID()) }

// Signal sends a signal: see [Engine.Signal].
func (r *Run) Signal(ctx context.Context, name string, data any, opts ...CommandOption) error {
	return r.eng.Signal(ctx, r.ID(), name, data, opts...)
}

// Decide tells an approval what a person decided: see [Engine.Decide].
func (r *Run) Decide(ctx context.Context, step, outcome string, opts ...CommandOption) error {
	return r.eng.Decide(ctx, r.ID(), step, outcome, opts...)
}

// Cancel asks the execution to end: see [Engine.Cancel].
func (r *Run) Cancel(ctx context.Context, opts ...CommandOption) error {
	return r.eng.Cancel(ctx, r.ID(), opts...)
}

// Watch follows the execution: see [Engine.Watch].
func (r *Run) Watch(ctx context.Context, after uint64) iter.Seq2[Event, error] {
	return r.eng.Watch(ctx, r.ID(), after)
}

// Wait returns when the execution has ended or, with nodes, as soon as a step of one of them has. Nodes are looked
// for in the scopes that are open. A parked or paused execution keeps Wait waiting; ctx ends it.
func (r *Run) Wait(ctx context.Context, nodes ...string) (*Execution, error) {
	x, err := r.wait(ctx, nodes)
	for r.posted && Code(err) == CodeNotFound && time.Since(time.UnixMilli(r.id.Millis())) < postedFor {
		if err := rest(ctx, postedPoll); err != nil {
			return nil, err
		}
		x, err = r.wait(ctx, nodes)
	}
	return x, err
}

const (
	postedFor  = 10 * time.Second // how long a run of StartTx may take to be there
	postedPoll = 10 * time.Millisecond
)

// rest waits for d; the error is that of ctx.
func rest(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Run) wait(ctx context.Context, nodes []string) (*Execution, error) {
	var got *Execution
	_, err := r.eng.do(ctx, engine.Command{Verb: shard.Wait, Execution: r.id, Look: func(s *kernel.State, _ *kernel.Definition) bool {
		if !s.Status().Closed() && !anyEnded(s, nodes) {
			return false
		}
		got = r.eng.copyState(s, time.Now().UnixMilli())
		return true
	}})
	if err != nil {
		return nil, err
	}
	if got == nil {
		return r.Get(ctx)
	}
	return got, nil
}

func anyEnded(s *kernel.State, nodes []string) bool {
	if len(nodes) == 0 {
		return false
	}
	for v := range kernel.Steps(s) {
		if v.Ended != 0 && slices.Contains(nodes, v.Node) {
			return true
		}
	}
	return false
}

// Result waits for the end of an execution and decodes its output. Where it ended badly the error has [CodeFailed]
// and wraps the *[Failure].
func Result[T any](ctx context.Context, r *Run) (T, error) {
	var out T
	x, err := r.Wait(ctx)
	if err != nil {
		return out, err
	}
	if x.Status != model.Completed {
		return out, failed(x)
	}
	if len(x.Output) == 0 {
		return out, nil
	}
	if err := json.Unmarshal(x.Output, &out); err != nil {
		return out, &Error{Code: CodeOutput, Message: "the output of execution " + x.ID + " does not fit", Cause: err}
	}
	return out, nil
}

func failed(x *Execution) error {
	e := &Error{Code: CodeFailed, Message: "execution " + x.ID + " of " + x.Workflow + " was " + string(x.Status)}
	if x.Status == model.Failed {
		e.Message = "execution " + x.ID + " of " + x.Workflow + " failed"
	}
	if x.Error != nil {
		e.Cause = x.Error
	}
	return e
}
