package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pawl-dev/pawl/store/transfer"
)

type storeCopyCmd struct {
	From      string        `arg:"" help:"Store to read: a file or a URL."`
	To        string        `arg:"" help:"Store to write: a file or a URL; a file is made."`
	FromBlobs string        `help:"Where the large payloads of FROM are, where not in it: s3://bucket/prefix?endpoint=https://host." placeholder:"URL"`
	ToBlobs   string        `help:"Where the large payloads of TO are to be, where not in it." placeholder:"URL"`
	Namespace string        `help:"Only this tenant; without it everything." placeholder:"NAME"`
	DryRun    bool          `help:"Write nothing; say what would be copied and what differs."`
	Watch     time.Duration `help:"How long an owner of shards must be silent to count as gone; more than the engines' ClaimTTL." default:"12s"`
	Output    format        `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
}

// Run copies one store into another.
func (c *storeCopyCmd) Run(ctx context.Context, e *env) (err error) {
	from, err := (&storeArg{c.From}).bareOf(ctx, inspecting, false, blobsFlag{c.FromBlobs})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := (&storeArg{c.To}).bareOf(ctx, creating, false, blobsFlag{c.ToBlobs})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	for _, line := range to.Info().Warnings {
		e.say("warning: store %s: %s", to.Info().Driver, line)
	}
	done, err := transfer.Copy(ctx, from, to, transfer.Options{
		Namespace: c.Namespace, DryRun: c.DryRun, Watch: c.Watch, Progress: e.moving,
	})
	if err != nil {
		return moveFailed(err)
	}
	what := "Copied"
	if c.DryRun {
		what = "Would copy"
	}
	return e.moved(c.Output, what, &done)
}

// moving shows how far it is.
func (e *env) moving(d transfer.Done) {
	if e.errTTY {
		e.say("%d executions, %d entries so far", d.Executions, d.Entries)
	}
}

// moveFailed gives errors of moves their exit codes.
func moveFailed(err error) error {
	switch {
	case errors.Is(err, transfer.ErrDiffers), errors.Is(err, transfer.ErrAlive), errors.Is(err, transfer.ErrChanged):
		return &exitError{code: exitConflict, text: err.Error()}
	}
	return noStore(err)
}

// moved says what was done.
func (e *env) moved(f format, what string, d *transfer.Done) error {
	n := strconv.Itoa
	l := &listing{
		single: true, values: []any{d}, names: []string{n(d.Executions)},
		columns: []column{{title: "EXECUTIONS", right: true}, {title: "THERE ALREADY", right: true}, {title: "ENTRIES", right: true}, {title: "MESSAGES", right: true}, {title: "DEFINITIONS", right: true}, {title: "DATA KEYS", right: true}},
		rows:    [][]string{{n(d.Executions), n(d.Same), n(d.Entries), n(d.Messages), n(d.Definitions), n(d.DataKeys)}},
	}
	if err := e.print(f, l); err != nil {
		return err
	}
	e.say("%s %d executions; %d of them were there already, equal.", what, d.Executions, d.Same)
	if d.Unclean {
		e.say("The source was not closed by who used it last: whether its tasks did something is not known, and the engine that opens the target treats them so.")
	}
	if len(d.Damaged) > 0 {
		e.say("%s has entries with a checksum that does not fit (pawl store check lists them); they were carried as they are.", damagedText(d))
		return quiet(exitFailed)
	}
	return nil
}

func damagedText(d *transfer.Done) string {
	if len(d.Damaged) == 1 {
		return d.Damaged[0].String()
	}
	return fmt.Sprintf("%s and %d more", d.Damaged[0], len(d.Damaged)-1)
}
