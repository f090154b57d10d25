package rehearse

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
)

// longestStand is what a delay of a mock is cut to where real time passes.
const longestStand = time.Second

// Types are node types of which every task is answered as the mocks of the suite say, in real time and after a second at
// most: those of known, and those that the suite declares.
func (s *Suite) Types(known []node.Descriptor) []node.Type {
	x := &standIn{mocks: NewMocks(s.Spec.Mocks)}
	var types []node.Type
	for _, d := range known {
		types = append(types, node.Type{Descriptor: d, Executor: x})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Spec.Types)) {
		if slices.ContainsFunc(known, func(d node.Descriptor) bool { return d.Type == name }) {
			continue
		}
		t := s.Spec.Types[name]
		types = append(types, node.Type{Executor: x, Descriptor: node.Descriptor{
			Type: name, Short: t.Short, Doc: t.Doc, Config: t.Config, Output: t.Output, Outcomes: t.Outcomes, Bad: t.Bad,
		}})
	}
	return types
}

// standIn executes tasks by asking the mocks.
type standIn struct {
	mu    sync.Mutex
	mocks *Mocks
}

// Execute implements node.Executor.
func (s *standIn) Execute(ctx context.Context, t *node.Task) (model.Result, error) {
	a := s.ask(t)
	after := time.NewTimer(min(time.Duration(a.Delay)*time.Millisecond, longestStand))
	defer after.Stop()
	ready := after.C
	if a.Never {
		ready = nil
	}
	select {
	case <-ready:
		return a.Result, nil
	case <-ctx.Done():
		return model.Result{}, context.Cause(ctx)
	}
}

func (s *standIn) ask(t *node.Task) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	ref := kernel.TaskRef{Step: t.Step, Attempt: t.Attempt}
	return s.mocks.Execute(&Task{
		Lease:   runner.Lease{Token: runner.Token{Step: t.Step, Attempt: t.Attempt}, Workflow: t.Workflow, Version: t.Version, Task: kernel.Task{TaskRef: ref, Node: t.Node, Type: t.Type}},
		Key:     t.Key,
		With:    t.With,
		Now:     time.Now().UnixMilli(),
		Attempt: t.Attempt,
	})
}
