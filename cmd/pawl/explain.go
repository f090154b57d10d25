package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl"
)

type explainCmd struct {
	Path string `arg:"" optional:"" help:"A key, such as node, node.retry, wait.first or http.url; without one, the list of what there is."`
}

// Run explains a key of the definition file.
func (c *explainCmd) Run(_ context.Context, e *env) error {
	text, err := pawl.ExplainKey(c.Path, nodeTypes(workFlags{})...)
	if err != nil {
		return err
	}
	fmt.Fprintln(e.out, strings.TrimRight(text, "\n"))
	return nil
}
