package rehearse

import (
	"fmt"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
)

// act lets time pass and does what the act says.
func (x *run) act(a *spec.Act) error {
	x.w.Pass(int64(a.After)) // at least what is due by now
	if a.Until != "" {
		if err := x.until(a); err != nil {
			return err
		}
	}
	refused, err := x.verb(a)
	if err != nil {
		return err
	}
	if a.Verb != "" {
		x.refusal(a, refused)
	}
	if a.Expect != nil {
		e, err := x.target(a)
		if err != nil {
			return err
		}
		x.compare(a.Expect, e, a.Line, false)
	}
	return nil
}

// refusal compares the answer of a command with what the case says.
func (x *run) refusal(a *spec.Act, got *model.Error) {
	switch {
	case got == nil && a.Refused != "":
		x.problem(a.Line, "%s %s: want it refused with %s, but it was accepted", a.Verb, a.Of, a.Refused)
	case got != nil && a.Refused == "":
		x.problem(a.Line, "%s %s was refused: %s: %s%s", a.Verb, a.Of, got.Code, got.Message, details(got))
	case got != nil && got.Code != a.Refused:
		x.problem(a.Line, "%s %s: want it refused with %s, got %s: %s", a.Verb, a.Of, a.Refused, got.Code, got.Message)
	}
}

// target is the execution that an act is about.
func (x *run) target(a *spec.Act) (*Execution, error) {
	if a.To == "" {
		if e := x.main(); e != nil {
			return e, nil
		}
		return nil, fmt.Errorf("the execution has not begun")
	}
	if e := x.w.Find(a.To); e != nil {
		return e, nil
	}
	return nil, fmt.Errorf("there is no execution of, or with the key, %s", a.To)
}

// until lets time pass until a step of the node has begun.
func (x *run) until(a *spec.Act) error {
	for {
		if e, err := x.target(a); err == nil && e.Has(a.Until) {
			return nil
		}
		if !x.w.Next(x.w.cfg.Begin + never.Milliseconds()) {
			return fmt.Errorf("no step of %s begins", a.Until)
		}
	}
}

// verb does what an act does; refused is the engine's answer.
func (x *run) verb(a *spec.Act) (refused *model.Error, err error) {
	switch a.Verb {
	case "":
		return nil, nil
	case "crash":
		x.w.Crash()
		return nil, x.w.err
	case "start":
		_, refused, err := x.w.Start(Start{Workflow: a.Of, Key: a.Key, By: a.By, Input: a.Data})
		return refused, err
	}
	e, err := x.target(a)
	if err != nil {
		return nil, err
	}
	if a.Verb == "rerun" || a.Verb == "fork" {
		return x.w.Fork(Fork{Of: e, Rerun: a.Verb == "rerun", From: a.Of, Version: a.Version, Renames: a.Renames, By: a.By, Why: a.Why})
	}
	c := engine.Command{Execution: e.ID, By: a.By, Why: a.Why}
	if c.Why == "" && a.Verb != "signal" {
		c.Why = a.Of
	}
	switch a.Verb {
	case "signal":
		c.Verb, c.Signal = shard.Signal, &kernel.Signal{Name: a.Of, ID: a.ID, Data: a.Data}
		if bad := x.badSignal(e, a); bad != nil {
			return bad, nil
		}
	case "decide":
		c.Verb, c.Why = shard.Decide, a.Why
		c.Decision = &kernel.Decision{Step: a.Of, Outcome: a.Outcome, Groups: a.Groups, Form: a.Data}
	case "cancel":
		c.Verb = shard.Cancel
	case "terminate":
		c.Verb = shard.Terminate
	case "pause":
		c.Verb = shard.Pause
	case "resume":
		c.Verb, c.Shift = shard.Resume, a.Shift
	case "callback":
		if err := x.callback(a, e, &c); err != nil {
			return nil, err
		}
	case "migrate":
		m, err := x.w.migration(e.Workflow, a.Of, a.Renames)
		if err != nil {
			return nil, err
		}
		c.Verb, c.Why, c.Operator = shard.Operate, a.Why, &kernel.Input{Kind: kernel.InMigrate, Migration: m, By: a.By, Why: a.Why}
	case "retry", "skip", "complete", "fail", "route", "move", "vars":
		c.Verb, c.Why, c.Operator = shard.Operate, a.Why, operator(a)
	default:
		return nil, fmt.Errorf("this version cannot do %s in a case yet", a.Verb)
	}
	r, ok := x.w.Do(c)
	if !ok {
		return nil, fmt.Errorf("the engine does not answer %s", a.Verb)
	}
	return r.Error, x.w.err
}

// callback answers the token of a task whose step waits for it.
func (x *run) callback(a *spec.Act, e *Execution, c *engine.Command) error {
	v, err := x.w.View(e.ID)
	if err != nil {
		return err
	}
	for _, o := range v.Open {
		if o.Kind == kernel.OpenCallback && (o.Node == a.Of || o.Step == a.Of) {
			c.Verb, c.Why, c.Task = shard.Callback, a.Why, kernel.TaskRef{Step: o.Step, Attempt: o.Attempt}
			c.Callback = &kernel.Callback{Result: &model.Result{Outcome: a.Outcome, Output: a.Output, Error: a.Error}}
			return nil
		}
	}
	return fmt.Errorf("no step of %s waits for a callback", a.Of)
}

// operator is what an operator asks for.
func operator(a *spec.Act) *kernel.Input {
	in := &kernel.Input{Step: a.Of, By: a.By, Why: a.Why}
	switch a.Verb {
	case "retry":
		in.Kind = kernel.InRetry
	case "skip":
		in.Kind = kernel.InSkip
	case "complete":
		in.Kind, in.Result = kernel.InComplete, &model.Result{Outcome: a.Outcome, Output: a.Output}
	case "fail":
		in.Kind, in.Error = kernel.InFail, a.Error
	case "route":
		in.Kind, in.To = kernel.InRoute, a.Outcome
	case "move":
		in.Kind, in.Step, in.To = kernel.InMove, a.From, a.Of
	case "vars":
		in.Kind, in.Vars = kernel.InVars, a.Vars
	}
	return in
}

// badSignal checks the data of a declared signal, as the door does.
func (x *run) badSignal(e *Execution, a *spec.Act) *model.Error {
	for _, def := range x.s.Workflows {
		s, ok := def.Signals[a.Of]
		if !ok || def.Name != e.Workflow {
			continue
		}
		schema, err := spec.CompileInput(s.Schema)
		if err != nil {
			return &model.Error{Code: "bad_schema", Message: err.Error()}
		}
		return schema.Validate(a.Data)
	}
	return nil
}
