package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	pawl "github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/bench/race"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store"
)

// storesVariable tells the processes of a race on which stores Pawl takes part.
const storesVariable = "PAWL_BENCH_STORES"

// contenders are Pawl in the race, as it is opened without any option, on each of the stores (names with commas between
// them; none is sqlite).
func contenders(stores string) (all []race.Entry) {
	for kind := range strings.SplitSeq(cmp.Or(stores, "sqlite"), ",") {
		settings := "none: default options"
		if kind == "sqlite" {
			settings += ", SQLite with WAL and synchronous=FULL"
		}
		all = append(all, race.Entry{
			System: "pawl", Store: kind, Module: "github.com/pawl-dev/pawl", License: "Apache-2.0", Settings: settings,
			Persists: "a journal entry for the start and one for each step's outcome and what it starts; state, timers and search index with it",
			Open:     func() race.System { return &contender{kind: kind} },
		})
	}
	return all
}

// contender is Pawl as a [race.System].
type contender struct {
	*pawl.Engine
	kind    string
	backing backing
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
	open, known := backings[p.kind]
	if !known {
		return fmt.Errorf("no such store: %s", p.kind)
	}
	if p.backing, err = open(env.Dir); err != nil {
		return err
	}
	o, err := p.backing.fresh()
	if err != nil {
		return err
	}
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

// Server implements [race.Server].
func (p *contender) Server() (pid int) {
	switch b := p.backing.(type) {
	case *prefixes:
		return b.server.Process.Pid
	case *server:
		return b.kind.pid(b.url)
	}
	return -1 // SQLite
}

// Durable implements [race.System].
func (p *contender) Durable(context.Context) (string, error) { return p.durable, nil }

// Close implements [race.System].
func (p *contender) Close() (err error) {
	if p.Engine != nil {
		p.waits.Wait()
		err = p.Engine.Close(context.Background())
	}
	if p.backing != nil {
		err = errors.Join(err, p.backing.drop())
	}
	return err
}

// promises are the settings that a store has been found to have when it says that it is durable.
var promises = map[string]string{
	"sqlite": "synchronous=FULL", "redis": "appendonly, appendfsync always", "redis-everysec": "appendfsync everysec, as asked",
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
	if !b.Info().Durable && o.p.kind != "redis-everysec" {
		return nil, errors.Join(fmt.Errorf("the store is not durable: %v", b.Info().Warnings), b.Close())
	}
	o.p.durable = b.Info().Driver + " " + b.Info().Version + ": " + cmp.Or(promises[o.p.kind], "as it says of itself")
	return b, nil
}
