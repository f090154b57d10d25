package rehearse

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// View is an execution as its owner sees it now.
type View struct {
	Status  model.Status
	Outcome string
	Output  []byte
	Error   *model.Error
	Open    []kernel.Outstanding
	Steps   []kernel.StepView
}

// View reads an execution.
func (w *World) View(id record.ID) (View, error) {
	var v View
	r, ok := w.Do(engine.Command{Verb: shard.View, Execution: id, Look: func(s *kernel.State, _ *kernel.Definition) bool {
		v = View{Status: s.Status(), Outcome: s.Outcome(), Output: bytes.Clone(s.Output()), Error: s.Failure(), Open: slices.Collect(kernel.Open(s))}
		v.Steps = slices.Collect(kernel.Steps(s))
		for i := range v.Steps {
			v.Steps[i].Output = bytes.Clone(v.Steps[i].Output)
		}
		return true
	}})
	switch {
	case !ok:
		return v, fmt.Errorf("the engine does not answer a question")
	case r.Error != nil:
		return v, r.Error
	}
	return v, w.err
}

// Limits reads every limit that was ever asked for, in the order of their ids.
func (w *World) Limits() ([]kernel.LimitView, error) {
	var ids []record.ID
	for id, x := range w.executions { // sorted: below
		if x.Workflow == kernel.LimitWorkflow {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b record.ID) int { return bytes.Compare(a[:], b[:]) })
	var list []kernel.LimitView
	for _, id := range ids {
		r, ok := w.Do(engine.Command{Verb: shard.View, Execution: id, Look: func(s *kernel.State, _ *kernel.Definition) bool {
			if v, is := kernel.ViewLimit(s); is {
				list = append(list, v)
			}
			return true
		}})
		switch {
		case !ok:
			return nil, fmt.Errorf("the engine does not answer a question")
		case r.Error != nil:
			return nil, r.Error
		}
	}
	return list, w.err
}
