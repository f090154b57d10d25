package engine

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
)

// rig is a loop over a store with a worker that answers every task with {"ok":true} unless told otherwise.
type rig struct {
	t       testing.TB
	ctx     context.Context
	backend store.Backend
	loop    *Loop
	// do ends a task; false: the worker never reports it.
	do     func(runner.Lease) (model.Result, bool)
	cancel context.CancelFunc
	worker sync.WaitGroup
	random *rand.Rand
}

func openMemory(t testing.TB) store.Backend {
	t.Helper()
	b, err := memory.Open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// newRig makes a rig that is not running yet.
func newRig(t testing.TB, b store.Backend) *rig {
	r := &rig{t: t, ctx: t.Context(), backend: b, random: rand.New(rand.NewPCG(1, 2))}
	r.do = func(runner.Lease) (model.Result, bool) {
		return model.Result{Output: json.RawMessage(`{"ok":true}`)}, true
	}
	return r
}

func (r *rig) start(c Config) {
	c.Alone = true
	r.loop = NewLoop(r.backend, Options{Machine: c})
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.worker.Go(func() { r.work(ctx) })
}

func (r *rig) work(ctx context.Context) {
	var reports sync.WaitGroup
	defer reports.Wait()
	for ctx.Err() == nil {
		list, err := r.loop.Lease(ctx, runner.Demand{Max: 1000})
		if err != nil {
			return
		}
		var done []runner.Report
		for _, l := range list {
			if res, ok := r.do(l); ok {
				done = append(done, runner.Report{Token: l.Token, Result: res})
			}
		}
		if len(done) > 0 {
			reports.Go(func() { _, _ = r.loop.Report(ctx, done) })
		}
	}
}

// stop drains the loop.
func (r *rig) stop() {
	r.t.Helper()
	r.cancel()
	r.worker.Wait()
	if err := r.loop.Stop(context.Background(), 10*time.Millisecond); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) deploy(w *model.Workflow) {
	r.t.Helper()
	body, err := json.Marshal(w)
	if err != nil {
		r.t.Fatal(err)
	}
	hash, err := w.Hash()
	if err != nil {
		r.t.Fatal(err)
	}
	d := store.Definition{Namespace: "default", Workflow: w.Name, Version: w.Version, Hash: hash, Body: body}
	if err := r.backend.Put(r.ctx, d, &store.Move{}); err != nil {
		r.t.Fatal(err)
	}
}

// begin is the command that starts w.
func (r *rig) begin(w *model.Workflow, key string) Command {
	slot := uint16(r.random.Uint32())
	if key != "" {
		slot = record.KeySlot(record.Key{Namespace: "default", Workflow: w.Name, Key: key})
	}
	id := record.NewID(time.Now().UnixMilli(), r.random.Uint64(), slot)
	return Command{Verb: shard.Start, Execution: id, Start: &kernel.Start{
		ID: id, Namespace: "default", Workflow: w.Name, Version: w.Version, Key: key, Input: []byte(`{"n":1}`),
	}}
}

// ask runs a command that must be accepted.
func (r *rig) ask(c Command) Reply {
	r.t.Helper()
	rep, err := r.loop.Do(r.ctx, c)
	if err != nil {
		r.t.Fatal(err)
	}
	if rep.Error != nil {
		r.t.Fatalf("%v of %s: %v", c.Verb, c.Execution, rep.Error)
	}
	return rep
}

// ended waits for the end.
func (r *rig) ended(id record.ID) model.Status {
	r.t.Helper()
	return r.ask(Command{Verb: shard.Wait, Execution: id}).Status
}

// sound checks the invariants of the machine.
func (r *rig) sound() Stats {
	r.t.Helper()
	var s Stats
	err := r.loop.Inspect(r.ctx, func(m *Machine) {
		if err := m.Invariants(); err != nil {
			r.t.Error(err)
		}
		s = m.Stats()
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

func function(id string) model.Node {
	return model.Node{ID: id, Type: "function", With: json.RawMessage(`{"name":"` + id + `","args":"${ input }"}`)}
}

// chain is a workflow of functions one after the other.
func chain(name string, nodes ...model.Node) *model.Workflow {
	w := &model.Workflow{Name: name, Version: "1.0.0"}
	g := &w.Root.Graph
	g.Start = []string{nodes[0].ID}
	for i, n := range nodes {
		if i > 0 {
			g.Edges = append(g.Edges, model.Edge{From: nodes[i-1].ID, On: model.OnElse, To: n.ID})
		}
		g.Nodes = append(g.Nodes, n)
	}
	return w
}
