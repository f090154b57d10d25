package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	pawl "github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/bench/race"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// contenders are Pawl in the race: as it is opened without any option.
func contenders() []race.Entry {
	return []race.Entry{{
		System: "pawl", Store: "sqlite", Module: "github.com/pawl-dev/pawl", License: "Apache-2.0",
		Settings: "none: default options, SQLite with WAL and synchronous=FULL",
		Persists: "a journal entry for the start and one for each step's outcome and what it starts; state, timers and search index with it",
		Open:     func() race.System { return &contender{} },
	}}
}

// contender is Pawl as a [race.System].
type contender struct {
	*pawl.Engine
	env     *race.Env
	durable string
	waits   sync.WaitGroup
}

const raceDefinitions = `workflow: chain1
version: 1.0.0
nodes:
  - s1: {call: noop}
---
workflow: chain3
version: 1.0.0
nodes:
  - s1: {call: noop}
  - s2: {call: noop}
  - s3: {call: noop}
---
workflow: fan
version: 1.0.0
nodes:
  - all: {foreach: {items: "${ input.items }", as: it, concurrency: 1000, collect: count}, do: [{one: {call: noop}}]}
---
workflow: nap
version: 1.0.0
nodes:
  - nap: {wait: {until: "${ input.until }"}}
`

// Open implements [race.System].
func (p *contender) Open(ctx context.Context, env *race.Env) (err error) {
	p.env = env
	o := sqlite.Open(filepath.Join(env.Dir, "pawl.db"))
	if p.Engine, err = pawl.Open(ctx, noting{o, p}, pawl.Options{}); err != nil {
		return err
	}
	if err := pawl.Register(p.Engine, "noop", noop); err != nil {
		return err
	}
	_, err = p.Deploy(ctx, pawl.Text("race.yaml", []byte(raceDefinitions)))
	return err
}

// Start implements [race.System].
func (p *contender) Start(ctx context.Context, e race.Execution) error {
	workflow, input := fmt.Sprintf("%s%d", e.Kind, e.N), any(nil)
	switch e.Kind {
	case race.Fan:
		workflow, input = "fan", map[string]any{"items": make([]int, e.N)}
	case race.Nap:
		workflow, input = "nap", map[string]any{"until": e.Until.Format(time.RFC3339Nano)}
	}
	run, err := p.Engine.Start(ctx, workflow, input)
	if err != nil {
		return err
	}
	p.waits.Go(func() {
		if _, err := pawl.Result[any](ctx, run); err == nil {
			p.env.Ended(e.ID)
		}
	})
	return nil
}

// Done implements [race.System].
func (p *contender) Done(ctx context.Context) (n int, err error) {
	f := pawl.Filter{Statuses: []model.Status{model.Completed}, Limit: 1000}
	for {
		page, err := p.List(ctx, f)
		if err != nil {
			return 0, err
		}
		n += len(page.Executions)
		if f.Cursor = page.Next; f.Cursor == "" {
			return n, nil
		}
	}
}

// EndsDurably implements [race.Durably]: a result is given when the end is in the store.
func (p *contender) EndsDurably() {}

// Durable implements [race.System].
func (p *contender) Durable(context.Context) (string, error) { return p.durable, nil }

// Close implements [race.System].
func (p *contender) Close() error {
	if p.Engine == nil {
		return nil
	}
	p.waits.Wait()
	return p.Engine.Close(context.Background())
}

// noting keeps what the store says of its durability; it has read its settings back before it says so.
type noting struct {
	store.Opener
	p *contender
}

// Open implements [store.Opener].
func (o noting) Open(ctx context.Context) (store.Backend, error) {
	b, err := o.Opener.Open(ctx)
	if err != nil {
		return nil, err
	}
	if !b.Info().Durable {
		return nil, errors.Join(fmt.Errorf("the store is not durable: %v", b.Info().Warnings), b.Close())
	}
	o.p.durable = "SQLite " + b.Info().Version + ": synchronous=FULL"
	return b, nil
}
