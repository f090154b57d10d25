package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
)

type varsCmd struct {
	storeFlags
	operatorFlags
	Set   []string `arg:"" optional:"" name:"name=value" help:"Assignments: NAME=JSON, or NAME:OP=JSON with append, concat, merge, add or unset. None: show the variables."`
	In    string   `help:"Scope, or step in it, whose variables are meant; left out, the execution's own." placeholder:"PATH"`
	IfSeq uint64   `name:"if-seq" help:"Only if that is the last entry of the journal." placeholder:"N"`
}

// Run shows or changes variables.
func (c *varsCmd) Run(ctx context.Context, e *env) error {
	if len(c.Set) == 0 {
		return c.show(ctx, e)
	}
	changes, err := changesOf(c.Set)
	if err != nil {
		return err
	}
	opts := []pawl.CommandOption{pawl.In(c.In), pawl.IfSeq(c.IfSeq)}
	return c.operate(ctx, e, &c.storeFlags, "The variables are changed", func(eng *pawl.Engine, id string, more ...pawl.CommandOption) error {
		return eng.SetVars(ctx, id, changes, append(opts, more...)...)
	})
}

// changesOf reads assignments, NAME=JSON or NAME:OP=JSON.
func changesOf(set []string) (changes []pawl.Change, err error) {
	for _, a := range set {
		left, value, ok := strings.Cut(a, "=")
		name, op, _ := strings.Cut(left, ":")
		if name == "" || !ok && op != "unset" {
			return nil, usage("%q is no NAME=VALUE", a)
		}
		changes = append(changes, pawl.Change{Var: name, Op: op, Value: json.RawMessage(looseJSON(value))})
	}
	return changes, nil
}

// show prints the variables that the scope sees.
func (c *varsCmd) show(ctx context.Context, e *env) error {
	eng, id, err := c.lookUp(ctx, e, c.ID)
	if err != nil {
		return err
	}
	defer eng.Close(ctx)
	vars, seq, err := eng.Vars(ctx, id, pawl.In(c.In))
	if err != nil {
		return err
	}
	if c.Output != asTable {
		return e.print(c.Output, &listing{single: true, values: []any{map[string]any{"seq": seq, "vars": vars}}})
	}
	for _, name := range sortedKeys(vars) {
		fmt.Fprintf(e.out, "%s=%s\n", name, vars[name])
	}
	e.say("As of entry %d.", seq)
	return nil
}
