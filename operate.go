package pawl

import (
	"context"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
)

// configured is what definitions see as config, for those who decide beside the engine.
type configured struct {
	values   map[string]any
	revision uint64
}

func (e *Engine) env() kernel.Env {
	return kernel.Env{Now: time.Now().UnixMilli(), Config: e.config.values, Revision: e.config.revision}
}

// operate does to the execution id what an operator asks, or says what it would do where the options have a [Plan].
func (e *Engine) operate(ctx context.Context, id string, in kernel.Input, opts []CommandOption) error {
	for _, s := range []string{in.Step, in.To} {
		if err := checkText("the step", s, maxName); err != nil {
			return err
		}
	}
	o := e.commandOptions(opts)
	in.IfAt, in.IfSeq = o.ifAt, o.ifSeq
	if o.plan != nil {
		return e.foresee(ctx, id, in, &o)
	}
	return e.command(ctx, id, shard.Operate, opts, func(c *engine.Command, _ *commandOptions) { c.Operator = &in })
}

type (
	ifAtOption  string
	ifSeqOption uint64
)

func (o ifAtOption) command(c *commandOptions)  { c.ifAt = string(o) }
func (o ifSeqOption) command(c *commandOptions) { c.ifSeq = uint64(o) }

// IfAt makes [Engine.Move] happen only if the step of that path is live, or waits for an operator; else the answer is
// [CodeChanged].
func IfAt(step string) CommandOption { return ifAtOption(step) }

// IfSeq makes [Engine.SetVars] happen only if that entry is the last of the execution, as [Execution].Seq shows it; else
// the answer is [CodeChanged].
func IfSeq(seq uint64) CommandOption { return ifSeqOption(seq) }

type scopeOption string

func (o scopeOption) command(c *commandOptions) { c.scope = string(o) }

// In names the scope, or a step in it, whose variables [Engine.SetVars] means. Left out, it is the execution's own.
func In(scope string) CommandOption { return scopeOption(scope) }

// The codes of refused operators' verbs.
const (
	CodeUnknownStep       = "unknown_step"       // the execution has no such step
	CodeUnknownNode       = "unknown_node"       // the graph has no such node
	CodeUnknownVariable   = "unknown_variable"   // no scope around declares it
	CodeUnknownEdge       = "unknown_edge"       // no edge leads there
	CodeStepEnded         = "step_ended"         // the step has ended and the execution has gone on
	CodeNotFailed         = "not_failed"         // retry of a step that has not failed
	CodeNotParked         = "not_parked"         // the step has no edge to choose
	CodeClosing           = "closing"            // the scope of the step is ending
	CodeChanged           = "changed"            // the execution is not where the caller saw it
	CodeUndeclaredOutcome = "undeclared_outcome" // the node does not declare that outcome
	CodeNothing           = "nothing_to_do"      // the command names nothing to do
)
