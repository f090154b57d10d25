package rehearse

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Execution is what became durable of one.
type Execution struct {
	ID                     record.ID
	Workflow, Version, Key string
	Parent                 record.ID
	Status                 model.Status
	Closed                 bool
	Began, Last            int64
	Events                 []kernel.Event
	// Path are the steps that ended, in order, as cases write them.
	Path []string
	// Undelivered are the signals left over.
	Undelivered []string
	// Answered counts the results that the journal took, by node.
	Answered map[string]int

	depth int               // below the execution that has no parent
	live  map[string]string // the node of each step that has begun and not ended
}

// builtIn begins the names of workflows that the engine brings along: limits and schedules. They never end.
const builtIn = "pawl."

// note reads what a batch has made durable.
func (w *World) note(b *store.Batch) {
	for i := range b.Parts {
		p := &b.Parts[i]
		for j := range p.Heads {
			w.head(&p.Heads[j])
		}
		for j := range p.Entries {
			w.entry(&p.Entries[j])
		}
	}
}

func (w *World) head(h *record.Head) {
	x := w.executions[h.Execution]
	if x == nil {
		x = &Execution{
			ID: h.Execution, Workflow: h.Workflow, Version: h.Version, Key: h.Key, Parent: h.Parent,
			Began: w.now, Answered: map[string]int{}, live: map[string]string{},
		}
		w.executions[h.Execution] = x
		if !strings.HasPrefix(h.Workflow, builtIn) {
			w.order = append(w.order, x)
			if p := w.executions[h.Parent]; p != nil {
				x.depth = p.depth + 1
			}
			// Those of one instant stand behind their parents, in the order of their ids: no crash changes that.
			slices.SortStableFunc(w.order, func(a, b *Execution) int {
				return cmp.Or(cmp.Compare(a.Began, b.Began), cmp.Compare(a.depth, b.depth), bytes.Compare(a.ID[:], b.ID[:]))
			})
		}
	}
	x.Status = model.Status(h.Status)
	x.Closed = x.Status.Closed()
}

func (w *World) entry(e *record.Entry) {
	x := w.executions[e.Execution]
	if x == nil || len(e.Body) == 0 {
		return
	}
	ops, err := kernel.Decode(bytes.Clone(e.Body[1:]))
	if err != nil {
		w.fail("entry %d cannot be read: %v", e.Seq, err)
		return
	}
	x.Last = e.At
	from := len(x.Events)
	x.Events = kernel.Events(x.Events, e.Seq, e.At, ops)
	for i := range x.Events[from:] {
		w.event(x, &x.Events[from+i])
	}
}

func (w *World) event(x *Execution, e *kernel.Event) {
	switch e.Type {
	case "step_scheduled":
		x.live[e.Step] = e.Node
	case "step_completed", "step_failed", "step_cancelled", "step_skipped":
		delete(x.live, e.Step)
		outcome := e.Outcome
		if e.Type == "step_skipped" {
			outcome = string(model.StepSkipped)
		}
		x.Path = append(x.Path, spec.StepEnd(e.Step, outcome))
		w.counted(x, e)
	case "retry_scheduled":
		w.counted(x, e)
	case "signal_undelivered":
		x.Undelivered = append(x.Undelivered, e.Name)
	}
}

// counted counts an attempt whose answer was taken: another one of the step gets the next answer.
func (w *World) counted(x *Execution, e *kernel.Event) {
	of := tryOf{x.ID, e.Step}
	if w.answers[try{of, w.tries[of]}] == nil {
		return
	}
	w.tries[of]++
	x.Answered[e.Node]++
}

// Executions are all there are, in the order of their starts.
func (w *World) Executions() []*Execution { return w.order }

// Find gives the latest execution with a key, or of a workflow; nil where there is none.
func (w *World) Find(name string) *Execution {
	var found *Execution
	for _, x := range w.order {
		if x.Key == name || x.Workflow == name {
			found = x
		}
	}
	return found
}

// Has reports whether a step of the node has begun and not ended.
func (x *Execution) Has(node string) bool {
	for _, n := range x.live {
		if n == node {
			return true
		}
	}
	return false
}
