package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
)

// operatorFlags are common to the verbs that change an execution by hand.
type operatorFlags struct {
	ID     string `arg:"" help:"Id of the execution, the beginning of it, or its key."`
	Why    string `help:"Reason, kept in the journal." placeholder:"TEXT"`
	Plan   bool   `help:"Change nothing; show what would be kept, run again and cancelled, and which effects would repeat."`
	Output format `short:"o" help:"Of the plan: table, json or yaml." enum:"table,json,yaml" default:"table"`
}

// operate opens the store, does one thing to one execution, and says what. It executes nothing: pawl resume goes on.
func (c *operatorFlags) operate(ctx context.Context, e *env, s *storeFlags, done string, do func(*pawl.Engine, string, ...pawl.CommandOption) error) error {
	eng, err := s.open(ctx, e, inspecting, workFlags{})
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	id, err := find(ctx, eng, c.ID)
	if err != nil {
		return err
	}
	opts := []pawl.CommandOption{pawl.Why(c.Why)}
	var p pawl.Preview
	if c.Plan {
		opts = append(opts, pawl.Plan(&p))
	}
	if err := do(eng, id, opts...); err != nil {
		return err
	}
	if c.Plan {
		return e.showPlan(&p, c.Output)
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
