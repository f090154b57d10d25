package pawltest

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/rehearse"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Run is one execution of a World.
type Run struct {
	w  *World
	id record.ID
}

// StartOption goes with [World.Start].
type StartOption func(*rehearse.Start)

// Key names the execution.
func Key(key string) StartOption { return func(s *rehearse.Start) { s.Key = key } }

// By is who starts it.
func By(who string) StartOption { return func(s *rehearse.Start) { s.By = who } }

// Start begins an execution of the latest version of a workflow.
func (w *World) Start(workflow string, input any, opts ...StartOption) *Run {
	w.t.Helper()
	s := rehearse.Start{Workflow: workflow}
	if input != nil {
		s.Input = w.json("the input", input)
	}
	for _, opt := range opts {
		opt(&s)
	}
	id, refused, err := w.w.Start(s)
	if err != nil {
		w.t.Fatalf("pawltest: starting %s: %v", workflow, err)
	}
	if refused != nil {
		w.t.Fatalf("pawltest: starting %s: %v %s", workflow, refused, refused.Details)
	}
	w.check()
	return &Run{w, id}
}

func (w *World) json(what string, v any) []byte {
	w.t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		w.t.Fatalf("pawltest: %s: %v", what, err)
	}
	return raw
}

// Find gives the latest execution with a key, or of a workflow: children, too.
func (w *World) Find(name string) *Run {
	w.t.Helper()
	x := w.w.Find(name)
	if x == nil {
		w.t.Fatalf("pawltest: there is no execution of, or with the key, %s", name)
	}
	return &Run{w, x.ID}
}

func (r *Run) do(c engine.Command) *model.Error {
	r.w.t.Helper()
	r.w.w.Pass(0)
	c.Execution = r.id
	reply, ok := r.w.w.Do(c)
	r.w.check()
	if !ok {
		r.w.t.Fatal("pawltest: the engine does not answer")
	}
	return reply.Error
}

// must ends the test where a command was refused.
func (r *Run) must(what string, err *model.Error) {
	r.w.t.Helper()
	if err != nil {
		r.w.t.Fatalf("pawltest: %s: %v", what, err)
	}
}

// Signal delivers a signal once everything that is due has happened.
func (r *Run) Signal(name string, data any) {
	r.w.t.Helper()
	r.must("signal "+name, r.TrySignal(name, data))
}

// TrySignal is Signal, and gives the engine's refusal back.
func (r *Run) TrySignal(name string, data any) *pawl.Failure {
	r.w.t.Helper()
	return r.do(engine.Command{Verb: shard.Signal, Signal: &kernel.Signal{Name: name, Data: r.w.json("the data", data)}})
}

// Decision is what somebody says to an approval.
type Decision struct {
	// By decides, as a member of Groups.
	By     string
	Groups []string
	// Outcome is a word of the approval; "" is approved.
	Outcome string
	// Form is what was filled in: anything that marshals to JSON.
	Form any
}

// Decide tells the approval at step, a path or a node id, what somebody decided.
func (r *Run) Decide(step string, d Decision) {
	r.w.t.Helper()
	r.must("deciding "+step, r.TryDecide(step, d))
}

// TryDecide is Decide, and gives the engine's refusal back.
func (r *Run) TryDecide(step string, d Decision) *pawl.Failure {
	r.w.t.Helper()
	k := &kernel.Decision{Step: step, Outcome: cmp.Or(d.Outcome, "approved"), Groups: d.Groups}
	if d.Form != nil {
		k.Form = r.w.json("the form", d.Form)
	}
	return r.do(engine.Command{Verb: shard.Decide, By: d.By, Decision: k})
}

// Cancel asks the execution to end, undoing what it did.
func (r *Run) Cancel(why string) {
	r.w.t.Helper()
	r.must("cancel", r.do(engine.Command{Verb: shard.Cancel, Why: why}))
}

// Pause stops it from starting anything.
func (r *Run) Pause() {
	r.w.t.Helper()
	r.must("pause", r.do(engine.Command{Verb: shard.Pause}))
}

// Resume lets it go on.
func (r *Run) Resume() {
	r.w.t.Helper()
	r.must("resume", r.do(engine.Command{Verb: shard.Resume}))
}

func (r *Run) view() rehearse.View {
	r.w.t.Helper()
	v, err := r.w.w.View(r.id)
	if err != nil {
		r.w.t.Fatalf("pawltest: %v", err)
	}
	r.w.check()
	return v
}

// Status is that of the execution.
func (r *Run) Status() model.Status { r.w.t.Helper(); return r.view().Status }

// Outcome is the label it ended with, "" while it is open.
func (r *Run) Outcome() string { r.w.t.Helper(); return r.view().Outcome }

// Error is why it failed, nil where it did not.
func (r *Run) Error() *pawl.Failure { r.w.t.Helper(); return r.view().Error }

// Output decodes the output into v.
func (r *Run) Output(v any) {
	r.w.t.Helper()
	raw := r.view().Output
	if len(raw) == 0 {
		raw = []byte("null")
	}
	if err := json.Unmarshal(raw, v); err != nil {
		r.w.t.Fatalf("pawltest: the output %s: %v", raw, err)
	}
}

// Path are the steps that have ended, in order, as in "reserve" and "charge: declined".
func (r *Run) Path() []string { return r.execution().Path }

// Waiting says in sentences what is outstanding: for whom, since when, until when.
func (r *Run) Waiting() []string {
	r.w.t.Helper()
	var out []string
	for _, o := range r.view().Open {
		out = append(out, kernel.Explain(o, r.w.w.Now()))
	}
	return out
}

func (r *Run) execution() *rehearse.Execution {
	for _, x := range r.w.w.Executions() {
		if x.ID == r.id {
			return x
		}
	}
	return &rehearse.Execution{}
}

// end is what a run without a crash and one with a crash must have in common.
func (r *Run) end() string {
	v := r.view()
	code := ""
	if v.Error != nil {
		code = v.Error.Code
	}
	return fmt.Sprintf("%s %s %s %s\n%q", v.Status, v.Outcome, code, v.Output, rehearse.Comparable(r.execution().Path))
}
