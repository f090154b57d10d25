package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// FirstVersion is that of a definition that names none.
const FirstVersion = "1.0.0"

// Deploy adds a version, which starts use from now on.
func (w *World) Deploy(def *model.Workflow) error {
	active, err := w.backend.Get(context.Background(), Namespace, def.Name, "")
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return w.put(def, &store.Move{From: active.Version})
}

// Add adds a version that starts do not use.
func (w *World) Add(def *model.Workflow) error { return w.put(def, nil) }

func (w *World) put(def *model.Workflow, move *store.Move) error {
	c := *def
	if c.Version == "" {
		c.Version = FirstVersion
	}
	hash, err := def.Hash()
	if err != nil {
		return err
	}
	body, err := json.Marshal(&c)
	if err != nil {
		return err
	}
	if _, err := engine.Compile(body); err != nil {
		return err
	}
	for i, n := range coverageOf(&c).Nodes {
		if name := c.Name + "/" + n.Node; move != nil || w.written[name] == 0 {
			w.written[name] = i
		}
	}
	return w.backend.Put(context.Background(), store.Definition{
		Namespace: Namespace, Workflow: c.Name, Version: c.Version, Hash: hash, Body: body, At: w.now,
	}, move)
}

// Start is the birth of an execution, as a caller gives it.
type Start struct {
	Workflow, Key, By string
	// Input and Trigger are JSON; nil is none, and a start by hand.
	Input, Trigger []byte
}

// Start begins an execution. refused says why the engine, or the input's schema, does not let it.
func (w *World) Start(s Start) (id record.ID, refused *model.Error, err error) {
	d, err := w.backend.Get(context.Background(), Namespace, s.Workflow, "")
	if err != nil {
		return id, nil, fmt.Errorf("the workflow %s: %w", s.Workflow, err)
	}
	var def model.Workflow
	if err := json.Unmarshal(d.Body, &def); err != nil {
		return id, nil, err
	}
	input, trigger, refused, err := w.input(&def, &s)
	if err != nil || refused != nil {
		return id, refused, err
	}
	w.ids++
	slot := uint16(w.ids)
	if s.Key != "" {
		slot = record.KeySlot(record.Key{Namespace: Namespace, Workflow: s.Workflow, Key: s.Key})
	}
	k := &kernel.Start{
		ID: record.NewID(w.now, w.ids, slot), Namespace: Namespace, Workflow: s.Workflow, Version: d.Version, Hash: d.Hash,
		Key: s.Key, Input: input, Trigger: trigger,
	}
	c := engine.Command{Verb: shard.Start, Execution: k.ID, Start: k, By: s.By}
	if s.Key != "" {
		c.Digest = uint64(record.Checksum(input))
	}
	r, ok := w.Do(c)
	if !ok {
		return id, nil, fmt.Errorf("the engine does not answer the start of %s", s.Workflow)
	}
	return r.Execution, r.Error, w.err
}

// input fills in defaults and checks the schema, as the door does.
func (w *World) input(def *model.Workflow, s *Start) (input, trigger []byte, refused *model.Error, err error) {
	d, err := spec.CompileDefaults(def.Input, def.InputDefaults)
	if err != nil {
		return nil, nil, nil, err
	}
	trigger = s.Trigger
	if trigger == nil {
		trigger = spec.ManualTrigger(w.now)
	}
	input, seen, err := d.Fill(s.Input, trigger, w.now, w.ids)
	if err != nil {
		return nil, nil, nil, err
	}
	if s.Trigger == nil {
		trigger = seen
	}
	schema, err := spec.CompileInput(def.Input)
	if err != nil {
		return nil, nil, nil, err
	}
	return input, trigger, schema.Validate(input), nil
}
