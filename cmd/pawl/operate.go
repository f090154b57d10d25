package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
)

// planFlags show what a verb would do.
type planFlags struct {
	Plan   bool   `help:"Change nothing; show what would be kept, run again and cancelled, and which effects would repeat."`
	Output format `short:"o" help:"Of the plan: table, json or yaml." enum:"table,json,yaml" default:"table"`
}

// planned does it, or with --plan shows what it would do and reports true.
func (c *planFlags) planned(e *env, do func(...pawl.CommandOption) error, opts ...pawl.CommandOption) (bool, error) {
	if !c.Plan {
		return false, do(opts...)
	}
	var p pawl.Preview
	if err := do(append(opts, pawl.Plan(&p))...); err != nil {
		return true, err
	}
	return true, e.showPlan(&p, c.Output)
}

// operatorFlags are common to the verbs that change an execution by hand.
type operatorFlags struct {
	ID  string `arg:"" help:"Id of the execution, the beginning of it, or its key."`
	Why string `help:"Reason, kept in the journal." placeholder:"TEXT"`
	planFlags
}

// operate opens the store, does one thing to one execution, and says what. It executes nothing: pawl resume goes on.
func (c *operatorFlags) operate(ctx context.Context, e *env, s *storeFlags, done string, do func(*pawl.Engine, string, ...pawl.CommandOption) error) error {
	eng, id, err := s.lookUp(ctx, e, c.ID)
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	act := func(opts ...pawl.CommandOption) error { return do(eng, id, opts...) }
	if planned, err := c.planned(e, act, pawl.Why(c.Why)); planned || err != nil {
		return err
	}
	x, err := eng.Get(ctx, id)
	if err != nil {
		return err
	}
	if x.Closed() {
		e.say("%s; %s is %s.", done, id, x.Status)
		return nil
	}
	e.say("%s. Go on with: pawl resume %s", done, id)
	return nil
}

// showPlan prints a preview. One that would be refused is an error.
func (e *env) showPlan(p *pawl.Preview, f format) error {
	if f != asTable {
		if err := e.print(f, &listing{single: true, values: []any{p}}); err != nil {
			return err
		}
	} else if p.Refused == nil {
		e.planTable(p)
	}
	if p.Refused == nil {
		return nil
	}
	err := &pawl.Error{Code: p.Refused.Code, Message: p.Refused.Message}
	var list pawl.Obstacles
	if p.Refused.Code == pawl.CodeCannotMigrate && json.Unmarshal(p.Refused.Details, &list) == nil {
		err.Cause = list
	}
	return err
}

func (e *env) planTable(p *pawl.Preview) {
	for _, l := range []struct {
		what  string
		steps []string
	}{
		{"kept", p.Kept}, {"run again", p.Again}, {"cancelled", p.Cancelled}, {"ended", p.Ends}, {"begun", p.Begins},
		{"effects repeated", p.Repeats},
	} {
		if len(l.steps) > 0 {
			fmt.Fprintf(e.out, "%-17s %s\n", l.what, strings.Join(l.steps, ", "))
		}
	}
	fmt.Fprintf(e.out, "%-17s %s\n", "status", p.Status)
}

// operatorCodes are the exit codes of refused operators' verbs.
var operatorCodes = map[string]int{
	pawl.CodeStepEnded:     exitConflict,
	pawl.CodeNotFailed:     exitConflict,
	pawl.CodeNotParked:     exitConflict,
	pawl.CodeClosing:       exitConflict,
	pawl.CodeChanged:       exitConflict,
	pawl.CodeOpen:          exitConflict,
	pawl.CodeScopeEnded:    exitConflict,
	pawl.CodeCannotMigrate: exitConflict,
	pawl.CodeUnknownStep:   exitNotFound,
	pawl.CodeUnknownNode:   exitNotFound,
}
