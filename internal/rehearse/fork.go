package rehearse

import (
	"bytes"
	"context"
	"fmt"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Fork says how an execution begins with the past of another.
type Fork struct {
	Of *Execution
	// Rerun: under the same key, once the original has closed; without From, from its failed steps.
	Rerun bool
	// From is a step to run again, by path.
	From string
	// Version is another one to go on with, "" for none; Renames are what nodes are called in it.
	Version string
	Renames map[string]string
	By, Why string
}

// Fork begins an execution with the past of another; refused is the answer of the engine.
func (w *World) Fork(f Fork) (refused *model.Error, err error) {
	if f.Rerun && !f.Of.Closed {
		return &model.Error{Code: "open", Message: "the execution is " + string(f.Of.Status)}, nil
	}
	entries, err := w.journal(f.Of.ID)
	if err != nil {
		return nil, err
	}
	var from []string
	if f.From != "" {
		from = []string{f.From}
	}
	k, refused := kernel.NewFork(entries, 0, from, f.Rerun && f.From == "")
	if refused != nil {
		return refused, nil
	}
	if f.Version != "" {
		if k.Migration, err = w.migration(f.Of.Workflow, f.Version, f.Renames); err != nil {
			return nil, err
		}
	}
	w.ids++
	start, slot := k.Start, uint16(w.ids)
	start.Fork, start.Parent = k, record.ID{}
	c := engine.Command{Verb: shard.Start, Start: &start, By: f.By, Why: f.Why}
	if !f.Rerun {
		start.Key = ""
	}
	if start.Key != "" {
		slot = record.KeySlot(record.Key{Namespace: Namespace, Workflow: start.Workflow, Key: start.Key})
		c.Existing, c.Digest = shard.New, uint64(record.Checksum(start.Input))
	}
	start.ID = record.NewID(w.now, w.ids, slot)
	c.Execution = start.ID
	r, ok := w.Do(c)
	if !ok {
		return nil, fmt.Errorf("the engine does not answer the start of a fork")
	}
	return r.Error, w.err
}

// journal reads all entries of an execution.
func (w *World) journal(id record.ID) (list []kernel.Entry, err error) {
	const page = 1000
	for {
		read, err := w.backend.Journal(context.Background(), id, uint64(len(list)+1), page)
		if err != nil || len(read) == 0 {
			return list, err
		}
		for i := range read {
			ops, err := kernel.Decode(bytes.Clone(read[i].Body[1:]))
			if err != nil {
				return nil, err
			}
			list = append(list, kernel.Entry{Seq: read[i].Seq, At: read[i].At, Ops: ops})
		}
	}
}

// migration is what it takes to go on with another version.
func (w *World) migration(workflow, version string, renames map[string]string) (*kernel.Migration, error) {
	d, err := w.backend.Get(context.Background(), Namespace, workflow, version)
	if err != nil {
		return nil, fmt.Errorf("the version %s of %s: %w; name the file that defines it under test", version, workflow, err)
	}
	def, err := engine.Compile(d.Body)
	if err != nil {
		return nil, err
	}
	return &kernel.Migration{Definition: def, Version: d.Version, Hash: d.Hash, Map: renames}, nil
}
