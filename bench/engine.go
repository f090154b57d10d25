package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	pawl "github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store"
)

// rig is an engine on a metered store with the functions and definitions of all cases.
type rig struct {
	*pawl.Engine
	*metered
}

func (b *bench) open(o store.Opener, keep bool, opts pawl.Options) (*rig, error) {
	m := &metered{Opener: o, keep: keep}
	eng, err := pawl.Open(b.ctx, m, opts)
	if err != nil {
		return nil, err
	}
	r := &rig{eng, m}
	if err := pawl.Register(eng, "noop", noop); err != nil {
		return nil, err
	}
	if err := pawl.Register(eng, "pure", noop, pawl.Pure()); err != nil {
		return nil, err
	}
	if err := pawl.Register(eng, "say", say); err != nil {
		return nil, err
	}
	if _, err := eng.Deploy(b.ctx, pawl.Text("bench.yaml", []byte(definitions()))); err != nil {
		return nil, err
	}
	return r, nil
}

func noop(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }

func (r *rig) close() error { return r.Close(context.Background()) }

func (r *rig) work() work { return r.m.work() }

// definitions are the workflows of all cases, one document each.
func definitions() string {
	var docs []string
	for _, n := range []int{1, 3, 10} {
		doc := fmt.Sprintf("workflow: chain%d\nversion: 1.0.0\nnodes:\n", n)
		for i := range n {
			doc += fmt.Sprintf("  - s%d: {call: noop}\n", i+1)
		}
		docs = append(docs, doc)
	}
	docs = append(docs,
		"workflow: each\nversion: 1.0.0\nnodes:\n  - all: {foreach: {items: \"${ input.items }\", as: it, concurrency: 1000, collect: count}, do: [{one: {call: noop}}]}\n",
		"workflow: limited\nversion: 1.0.0\nnodes:\n  - one: {call: noop, limits: [{name: lane, key: \"${ input.key }\", concurrency: 10}]}\n",
		"workflow: pure3\nversion: 1.0.0\nnodes:\n  - s1: {call: pure}\n  - s2: {call: pure}\n  - s3: {call: pure}\n",
		"workflow: nap\nversion: 1.0.0\nnodes:\n  - nap: {wait: {for: 24h}}\n",
	)
	docs = append(docs, endlessDefinitions()...)
	return strings.Join(docs, "---\n")
}

// load runs n executions of a workflow, so many in flight, and says how long that took.
func (r *rig) load(ctx context.Context, workflow string, n, flight int) (time.Duration, error) {
	return group{r}.load(ctx, workflow, n, flight)
}

// one runs one execution to its end.
func (r *rig) one(ctx context.Context, workflow string) error {
	run, err := r.Start(ctx, workflow, nil)
	if err != nil {
		return err
	}
	_, err = pawl.Result[any](ctx, run)
	return err
}

// allocations is the number of allocations of the process until now.
func allocations() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}
