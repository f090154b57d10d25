package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/internal/expr"
)

type evalCmd struct {
	Expr   string   `arg:"" help:"Expression, bare or as text with $${ }; - reads it from stdin."`
	Data   []string `short:"d" sep:"none" help:"Values of the names in it: @FILE, a JSON object, or name=value; repeatable." placeholder:"DATA"`
	Output string   `short:"o" help:"json, yaml or text." enum:"json,yaml,text" default:"json"`
}

// Run evaluates an expression as the engine would, with now() as the time and uuid() the same in every call.
func (c *evalCmd) Run(_ context.Context, e *env) error {
	src := c.Expr
	if src == "-" {
		raw, err := readFile(e, "-")
		if err != nil {
			return err
		}
		src = strings.TrimSpace(string(raw))
	}
	raw, err := readInput(e, c.Data)
	if err != nil {
		return err
	}
	names, err := namesOf(raw)
	if err != nil {
		return err
	}
	v, err := evaluate(src, &expr.Context{Names: names, Now: time.Now().UnixMilli(), Seed: 1})
	if err != nil {
		return e.exprError(err)
	}
	return c.print(e, v)
}

func evaluate(src string, c *expr.Context) (any, error) {
	if strings.Contains(src, "${") {
		t, err := expr.CompileText(src)
		if err != nil {
			return nil, err
		}
		return t.Value(c)
	}
	p, err := expr.Compile(src)
	if err != nil {
		return nil, err
	}
	return p.Eval(c)
}

func (c *evalCmd) print(e *env, v any) error {
	if s, ok := v.(string); ok && c.Output == "text" {
		fmt.Fprintln(e.out, s)
		return nil
	}
	raw, err := expr.Append(nil, v)
	if err != nil {
		return e.exprError(err)
	}
	if c.Output == "yaml" {
		return printYAML(e.out, json.RawMessage(raw))
	}
	return printJSON(e.out, json.RawMessage(raw), c.Output == "json")
}

// exprError shows where in the expression the fault is.
func (e *env) exprError(err error) error {
	var x *expr.Error
	if !errors.As(err, &x) {
		return err
	}
	e.say("pawl: %s", oneLine(x.Error()))
	if caret := x.Caret(); caret != "" {
		e.say("%s", caret)
	}
	return quiet(exitFailed)
}

// names looks the root names of an expression up in a JSON object.
type names map[string]any

func (n names) Lookup(name string) (any, bool, error) {
	v, ok := n[name]
	return v, ok, nil
}

func namesOf(raw json.RawMessage) (names, error) {
	if len(raw) == 0 {
		return names{}, nil
	}
	v, err := expr.Decode(raw)
	if err != nil {
		return nil, usage("--data: %v", err)
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, usage("--data must be an object from names to values")
	}
	return m, nil
}
