package pawl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Get reads the execution id with its input, output, what it waits for and its steps: those of the scopes that are
// open, or for a closed execution those of its own graph. Of an open execution whose journal cannot be read it gives
// what the list has, parked, with the reason.
func (e *Engine) Get(ctx context.Context, id string) (*Execution, error) {
	x, err := e.parseID(id)
	if err != nil {
		return nil, err
	}
	var got *Execution
	_, err = e.do(ctx, engine.Command{Verb: shard.View, Execution: x, Look: func(s *kernel.State, _ *kernel.Definition) bool {
		got = e.copyState(s, time.Now().UnixMilli())
		return true
	}})
	if c := Code(err); c == CodeQuarantined || c == CodeLocked {
		return e.held(ctx, id, err)
	}
	if err != nil {
		return nil, err
	}
	if got.Input == nil {
		if got.Input, err = e.inputOf(ctx, x); err != nil {
			return nil, err
		}
	}
	if got.Closed() {
		got.Steps, err = e.stepsOf(ctx, x)
	}
	got.Waiting = e.heldBy(ctx, got.Waiting)
	return got, err
}

// held is what is known of an open execution that cannot be loaded because of why.
func (e *Engine) held(ctx context.Context, id string, why error) (*Execution, error) {
	p, err := e.List(ctx, Filter{IDPrefix: id, Limit: 1})
	if err != nil || len(p.Executions) == 0 || p.Executions[0].Closed() {
		return nil, why
	}
	x := &p.Executions[0]
	x.Status, x.Error = model.Parked, failureOf(why)
	x.Waiting = []Waiting{waitingOf(kernel.Outstanding{Kind: kernel.OpenParked, Error: x.Error}, time.Now().UnixMilli())}
	return x, nil
}

func failureOf(err error) *Failure {
	var e *Error
	if errors.As(err, &e) {
		return &Failure{Code: e.Code, Message: e.Message}
	}
	return &Failure{Code: CodeUnavailable, Message: err.Error()}
}

// stepsOf folds the steps of the root scope from the journal. Outputs come from the state, since operations may only say
// where theirs stands.
func (e *Engine) stepsOf(ctx context.Context, id record.ID) ([]Step, error) {
	f, s := stepFold{at: map[string]int{}}, kernel.New()
	var events []kernel.Event
	err := e.eachEntry(ctx, id, 0, func(en *kernel.Entry, first bool) error {
		if first {
			f.begin(en.Ops)
		}
		events = kernel.Events(events[:0], en.Seq, en.At, en.Ops)
		for j := range events {
			f.apply(&events[j])
		}
		if err := kernel.Replay(s, en, f.ended); err != nil {
			return damagedJournal(id, err)
		}
		return nil
	})
	return f.steps, err
}

// stepFold collects the steps of the root scope.
type stepFold struct {
	steps []Step
	at    map[string]int
}

// ended takes the output of a step.
func (f *stepFold) ended(v kernel.StepView) {
	if i, ok := f.at[v.Path]; ok {
		f.steps[i].Output = bytes.Clone(v.Output)
	}
}

// begin takes the steps of the state with which a journal begins whose first entries were removed.
func (f *stepFold) begin(ops []kernel.Op) {
	s, err := kernel.Base(ops)
	if err != nil || s == nil {
		return
	}
	f.steps = f.steps[:0]
	clear(f.at)
	for v := range kernel.Steps(s) {
		if !strings.Contains(v.Path, "/") {
			f.at[v.Path] = len(f.steps)
			f.steps = append(f.steps, stepOf(v))
		}
	}
}

func (f *stepFold) apply(ev *kernel.Event) {
	if ev.Step == "" || strings.Contains(ev.Step, "/") {
		return
	}
	if ev.Type == "step_scheduled" {
		f.at[ev.Step] = len(f.steps)
		f.steps = append(f.steps, Step{Path: ev.Step, Node: ev.Node, Type: ev.NodeType, Status: model.StepScheduled, Scheduled: moment(ev.At)})
		return
	}
	path, _, _ := strings.Cut(ev.Step, "[") // of an instance: its composite
	i, ok := f.at[path]
	if !ok {
		return
	}
	s := &f.steps[i]
	switch ev.Type {
	case "attempt_started":
		s.Attempt = ev.Attempt
	case "composite_started":
		s.Total = ev.Total
	case "scope_closed":
		if ev.Error != nil || model.Bad(ev.Outcome) {
			s.Failed++
		} else {
			s.Good++
		}
	case "step_completed", "step_failed", "step_skipped", "step_cancelled":
		s.Status = model.StepStatus(strings.TrimPrefix(ev.Type, "step_"))
		s.Outcome, s.Error, s.Ended = ev.Outcome, ev.Error, moment(ev.At)
	}
}

// Explain says what the open execution id waits for, one thing after the other, by step path; nothing for a closed
// one.
func (e *Engine) Explain(ctx context.Context, id string) ([]Waiting, error) {
	x, err := e.parseID(id)
	if err != nil {
		return nil, err
	}
	var got []Waiting
	_, err = e.do(ctx, engine.Command{Verb: shard.View, Execution: x, Look: func(s *kernel.State, _ *kernel.Definition) bool {
		got = waitingIn(s, time.Now().UnixMilli())
		return true
	}})
	if c := Code(err); c == CodeQuarantined || c == CodeLocked {
		x, err := e.held(ctx, id, err)
		if err != nil {
			return nil, err
		}
		return x.Waiting, nil
	}
	return e.heldBy(ctx, got), err
}

// copyState reads a state on its owner's goroutine; nothing of it is kept.
func (e *Engine) copyState(s *kernel.State, now int64) *Execution {
	var h record.Head
	s.Head(&h)
	h.Execution = s.ID()
	x := executionOf(&h)
	x.Seq = s.Seq()
	if of, seq := s.ForkOf(); !of.IsZero() {
		x.ForkOf, x.ForkSeq = of.String(), seq
	}
	if s.Gathered() { // the first entry has only that of the first start
		x.Input = bytes.Clone(s.Input())
	}
	x.Output = bytes.Clone(s.Output())
	if f := s.Failure(); f != nil {
		x.Error = cloneFailure(f)
	}
	for v := range kernel.Steps(s) {
		x.Steps = append(x.Steps, stepOf(v))
	}
	x.Waiting = waitingIn(s, now)
	return &x
}

func waitingIn(s *kernel.State, now int64) []Waiting {
	if s.Status().Closed() {
		return nil
	}
	var out []Waiting
	for o := range kernel.Open(s) {
		out = append(out, waitingOf(o, now))
	}
	return out
}

// inputOf reads the input from the first entry.
func (e *Engine) inputOf(ctx context.Context, id record.ID) (json.RawMessage, error) {
	entries, err := e.backend.Journal(ctx, id, 1, 1)
	if err != nil || len(entries) == 0 {
		return nil, wrapStore("reading the journal", err)
	}
	events, err := decodeEntry(nil, &entries[0], 1)
	if err != nil {
		return nil, err
	}
	for _, ev := range events {
		if ev.Type == "started" {
			return append(json.RawMessage(nil), ev.Data...), nil
		}
	}
	return inputAt(&entries[0])
}

// inputAt reads the input from the state with which a journal begins whose first entries were removed.
func inputAt(en *record.Entry) (json.RawMessage, error) {
	ops, err := kernel.Decode(en.Body[1:])
	if err != nil {
		return nil, err
	}
	s, err := kernel.Base(ops)
	if err != nil || s == nil {
		return nil, err
	}
	return append(json.RawMessage(nil), s.Input()...), nil
}
