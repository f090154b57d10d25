package main

import (
	"context"
	"encoding/json"

	"github.com/pawl-dev/pawl"
)

type schemaCmd struct {
	Type string `arg:"" optional:"" help:"Node type; without one, the whole definition file."`
}

// Run prints a JSON Schema with which editors complete and check definition files.
func (c *schemaCmd) Run(_ context.Context, e *env) error {
	raw, err := pawl.Schema(c.Type, nodeTypes(workFlags{})...)
	if err != nil {
		return err
	}
	return printJSON(e.out, json.RawMessage(raw), true)
}
