package main

import (
	"context"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store/transfer"
)

type storeCheckCmd struct {
	storeArg
	blobsFlag
	Output format `short:"o" help:"table, wide, json, jsonl, yaml or name." enum:"table,wide,json,jsonl,yaml,name" default:"table"`
}

// checkFinding is a fault as programs read it.
type checkFinding struct {
	Namespace string `json:"namespace"`
	Execution string `json:"execution,omitempty"`
	Text      string `json:"text"`
}

// Run opens the store, which is the preflight, and reads all there is.
func (c *storeCheckCmd) Run(ctx context.Context, e *env) error {
	b, err := c.bareOf(ctx, inspecting, false, c.blobsFlag)
	if err != nil {
		return err
	}
	defer b.Close()
	for _, line := range b.Info().Warnings {
		e.say("warning: store %s: %s", b.Info().Driver, line)
	}
	last := time.Now()
	got, err := transfer.Check(ctx, b, func(at transfer.Checked) {
		if e.errTTY && time.Since(last) > time.Second {
			last = time.Now()
			e.say("%d executions, %d entries so far", at.Executions, at.Entries)
		}
	})
	if err != nil {
		return noStore(err)
	}
	l := &listing{columns: []column{{title: "NAMESPACE"}, {title: "EXECUTION"}, {title: "WHAT"}}}
	for _, f := range got.Faults {
		found := checkFinding{Namespace: f.Namespace, Text: f.Text}
		if f.Execution != (record.ID{}) {
			found.Execution = f.Execution.String()
		}
		l.rows = append(l.rows, []string{found.Namespace, found.Execution, found.Text})
		l.names = append(l.names, found.Execution)
		l.values = append(l.values, found)
	}
	if err := e.print(c.Output, l); err != nil {
		return err
	}
	e.say("%d executions with %d entries (%s) in %d namespaces, %d definitions: %d problems.",
		got.Executions, got.Entries, bytesText(uint64(got.Bytes)), got.Namespaces, got.Definitions, got.Problems)
	if got.Problems > 0 {
		return quiet(exitFailed)
	}
	return nil
}
