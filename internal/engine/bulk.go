package engine

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/spec"
)

//go:embed bulk.yaml
var bulkText []byte

// bulkDefinition is built in: no store holds it.
func bulkDefinition() (*kernel.Definition, error) {
	docs, faults := spec.Parse(bulkText, spec.Options{File: "bulk.yaml"})
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if len(docs) != 1 {
		return nil, fmt.Errorf("bulk.yaml has %d workflows", len(docs))
	}
	w := *docs[0].Workflow
	w.Name = kernel.BulkWorkflow
	body, err := json.Marshal(&w)
	if err != nil {
		return nil, err
	}
	return Compile(body)
}
