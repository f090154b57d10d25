package pawl

import (
	"context"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
)

// Preview is what an operator's verb would do, had it been asked for now. Steps are named by path.
type Preview struct {
	// Refused is why it would be refused; the other fields are empty then.
	Refused *Failure `json:"refused,omitempty"`
	// Kept have ended and stay as they are; steps of scopes that have ended are kept, too, and not listed.
	Kept []string `json:"kept,omitempty"`
	// Again have ended and are taken back: they run again if the flow leads there.
	Again []string `json:"again,omitempty"`
	// Cancelled are live and would be cancelled, Ends live and would end in another way.
	Cancelled []string `json:"cancelled,omitempty"`
	Ends      []string `json:"ends,omitempty"`
	// Repeats touched the world, or are composites with such steps inside, and would do so once more.
	Repeats []string `json:"repeats,omitempty"`
	// Begins are new steps.
	Begins []string     `json:"begins,omitempty"`
	Status model.Status `json:"status"`
}

type planOption struct{ into *Preview }

func (o planOption) command(c *commandOptions) { c.plan = o.into }

// Plan makes a verb change nothing and write into p what it would do now. A refusal is in the preview and
// no error.
func Plan(p *Preview) CommandOption { return planOption{p} }

// foresee runs the input on a copy of the execution, where it lives.
func (e *Engine) foresee(ctx context.Context, id string, in kernel.Input, o *commandOptions) error {
	x, err := e.parseID(id)
	if err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	in.By, in.Why = o.by, o.why
	var p kernel.Preview
	var failed error
	_, err = e.do(ctx, engine.Command{Verb: shard.View, Execution: x, Look: func(s *kernel.State, d *kernel.Definition) bool {
		p, failed = kernel.Preview{}, errNoDefinition
		if d != nil {
			p, failed = kernel.Foresee(d, s, in, e.env())
		}
		return true
	}})
	if err == nil && failed != nil {
		err = &Error{Code: CodeQuarantined, Message: "the execution cannot be tried out", Cause: failed}
	}
	if err != nil {
		return err
	}
	*o.plan = previewOf(&p)
	return nil
}

var errNoDefinition = &Error{Code: CodeNotFound, Message: "its definition is missing"}

func previewOf(p *kernel.Preview) Preview {
	return Preview{
		Refused: cloneFailure(p.Error), Kept: p.Kept, Again: p.Again, Cancelled: p.Cancelled, Ends: p.Ends,
		Repeats: p.Repeats, Begins: p.Begins, Status: p.Status,
	}
}
