package main

import (
	"context"

	"github.com/pawl-dev/pawl"
)

// decideFlags are common to the verbs that decide an approval.
type decideFlags struct {
	storeFlags
	ID    string   `arg:"" help:"Id of the execution, the beginning of it, or its key."`
	Step  string   `arg:"" optional:"" help:"The approval: its step or node; not needed where only one waits."`
	By    string   `help:"Who decides." env:"USER" placeholder:"PERSON"`
	Group []string `short:"g" sep:"none" help:"A group that the one who decides belongs to; repeatable." placeholder:"GROUP"`
	Form  string   `short:"f" help:"What is filled in: JSON, or @FILE." placeholder:"JSON"`
	Why   string   `help:"Comment, kept with the decision." placeholder:"TEXT"`
}

type approveCmd struct {
	decideFlags
	Outcome string `help:"Another outcome that the approval offers." default:"approved" placeholder:"OUTCOME"`
}

// Run approves. It executes nothing: pawl resume goes on.
func (c *approveCmd) Run(ctx context.Context, e *env) error { return c.decide(ctx, e, c.Outcome) }

// decide tells the approval what was decided.
func (c *decideFlags) decide(ctx context.Context, e *env, outcome string) error {
	form, err := signalData(e, c.Form)
	if err != nil {
		return err
	}
	eng, id, err := c.lookUp(ctx, e, c.ID)
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	opts := []pawl.CommandOption{pawl.By(c.By), pawl.Groups(c.Group...), pawl.Why(c.Why)}
	if form != nil {
		opts = append(opts, pawl.Form(form))
	}
	if err := eng.Decide(ctx, id, c.Step, outcome, opts...); err != nil {
		return err
	}
	e.say("%s has decided: %s. Go on with: pawl resume %s", c.By, outcome, id)
	return nil
}
