package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/rehearse"
)

type validateCmd struct {
	Files  []string `arg:"" help:"Definition files, - for stdin."`
	Output format   `short:"o" help:"table, json or jsonl." enum:"table,json,jsonl" default:"table"`
	Strict bool     `help:"Let warnings count as faults."`
}

// Run checks files, of cases too, and reports every fault of all of them.
func (c *validateCmd) Run(_ context.Context, e *env) error {
	bad, warnings, workflows := 0, 0, 0
	l := &listing{}
	for _, name := range c.Files {
		n, faults, err := checkFile(e, name)
		if err != nil {
			return err
		}
		workflows += n
		for _, f := range faults {
			if f.Warn {
				warnings++
			} else {
				bad++
			}
			l.values = append(l.values, f)
		}
		if c.Output == asTable {
			for _, f := range faults {
				fmt.Fprint(e.out, f.Pretty(e.colour(e.outTTY)))
			}
		}
	}
	if c.Output != asTable {
		if err := e.print(c.Output, l); err != nil {
			return err
		}
	}
	e.say("%s in %s: %s, %s.", count(workflows, "workflow"), count(len(c.Files), "file"), count(bad, "fault"), count(warnings, "warning"))
	if bad > 0 || c.Strict && warnings > 0 {
		return quiet(exitFailed)
	}
	return nil
}

// checkFile gives the number of workflows of a file, none of a file of cases, and its faults.
func checkFile(e *env, name string) (int, pawl.Faults, error) {
	if rehearse.IsSuite(name) {
		_, err := rehearse.Load(name, descriptors(), func(path string) ([]byte, error) { return readFile(e, path) })
		var faults pawl.Faults
		if errors.As(err, &faults) {
			return 0, faults, nil
		}
		return 0, nil, err
	}
	text, err := readFile(e, name)
	if err != nil {
		return 0, nil, err
	}
	defs, faults, err := check(e, pawl.Text(name, text), workFlags{})
	return len(defs), faults, err
}

// check gives the workflows of a file and its faults; err is for what is no fault of the definition.
func check(e *env, src pawl.Source, w workFlags) ([]pawl.Definition, pawl.Faults, error) {
	types, _, err := w.executors(e)
	if err != nil {
		return nil, nil, err
	}
	defs, faults, err := pawl.Check(src, types...)
	if errors.As(err, &faults) {
		return defs, faults, nil
	}
	return defs, faults, err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
