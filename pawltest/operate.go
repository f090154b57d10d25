package pawltest

import (
	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
)

// operate does what an operator asks, for a reason.
func (r *Run) operate(what string, in kernel.Input, why string) {
	r.w.t.Helper()
	in.By, in.Why = "operator", why
	r.must(what+" "+in.Step, r.do(engine.Command{Verb: shard.Operate, Operator: &in, By: in.By, Why: why}))
}

// Callback answers the token of the task at step, a path or a node id, whose step waits for it.
func (r *Run) Callback(step string, a Answer) {
	r.w.t.Helper()
	for _, o := range r.view().Open {
		if o.Kind != kernel.OpenCallback || o.Step != step && o.Node != step {
			continue
		}
		res := &model.Result{Outcome: a.Outcome, Error: a.Error}
		if a.Output != nil {
			res.Output = r.w.json("the output", a.Output)
		}
		r.must("answering "+step, r.do(engine.Command{
			Verb: shard.Callback, Task: kernel.TaskRef{Step: o.Step, Attempt: o.Attempt}, Callback: &kernel.Callback{Result: res},
		}))
		return
	}
	r.w.t.Fatalf("pawltest: no step of %s waits for a callback", step)
}

// Retry runs the node of a failed step again.
func (r *Run) Retry(step, why string) {
	r.w.t.Helper()
	r.operate("retry", kernel.Input{Kind: kernel.InRetry, Step: step}, why)
}

// Skip ends a step skipped.
func (r *Run) Skip(step, why string) {
	r.w.t.Helper()
	r.operate("skip", kernel.Input{Kind: kernel.InSkip, Step: step}, why)
}

// Complete ends a step with an outcome, "" for success, and an output.
func (r *Run) Complete(step, outcome string, output any, why string) {
	r.w.t.Helper()
	res := &model.Result{Outcome: outcome}
	if output != nil {
		res.Output = r.w.json("the output", output)
	}
	r.operate("complete", kernel.Input{Kind: kernel.InComplete, Step: step, Result: res}, why)
}

// Fail ends a step in error; "" is the execution.
func (r *Run) Fail(step string, err *pawl.Failure, why string) {
	r.w.t.Helper()
	r.operate("fail", kernel.Input{Kind: kernel.InFail, Step: step, Error: err}, why)
}

// Route takes the edge to a node, for a step whose edges wait for an operator.
func (r *Run) Route(step, to, why string) {
	r.w.t.Helper()
	r.operate("route", kernel.Input{Kind: kernel.InRoute, Step: step, To: to}, why)
}
