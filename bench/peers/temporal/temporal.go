package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.temporal.io/server/temporal"

	"github.com/pawl-dev/pawl/bench/race"
)

// entries are Temporal: code that a worker runs again from the history that a server keeps. The server is what `temporal
// server start-dev` starts, all four services in one process and SQLite or PostgreSQL behind them; the worker and the
// client are in that process too and speak gRPC with it over the loopback. The worker has the SDK's defaults of 1,000
// activities and 1,000 workflow tasks at once and its cache of 10,000 workflows, and pollers that scale themselves, as
// Temporal's documentation asks for instead of the default of two. The first workflow task comes with the answer to the
// start (eager start), since starter and worker are one process. A step is an activity: a local activity would be faster,
// but is in the store only with the workflow task that it is part of.
func entries() []race.Entry {
	entry := func(store, settings string) race.Entry {
		return race.Entry{
			System: "temporal", Store: store, Module: "go.temporal.io/server", License: "MIT",
			Settings: "server and worker in one process, no rate limits, pollers that scale themselves, 1,000 + 1,000 slots, eager start, " + settings,
			Persists: "for each step: the events of its activity and of the workflow task after it in the history, the execution's whole " +
				"state anew, tasks of the transfer and timer queues, in several transactions; some 25 for an execution of three steps",
			Note: "replays code; a server for many machines that does more: services that speak gRPC with each other, shards that can move, " +
				"time limits and retries of each task, a search index (visibility) written at start and end; the steps of a fan-out " +
				"take turns at their execution; a task that no worker has within a second is tried again, which a busy machine sees often",
			Open: func() race.System { return &peer{store: store} },
		}
	}
	return []race.Entry{
		entry("sqlite", "1 shard, one connection, WAL and synchronous=FULL"),
		entry("postgres", "16 shards, 16 connections a service and 4 for visibility, pgx"),
	}
}

const queue = "race"

// peer is Temporal as a [race.System].
type peer struct {
	store  string
	env    *race.Env
	data   data
	server temporal.Server
	client client.Client
	worker worker.Worker
}

func (p *peer) Open(ctx context.Context, env *race.Env) (err error) {
	p.env = env
	if p.data, err = newData(ctx, p.store, env.Dir); err != nil {
		return err
	}
	address, err := p.serve()
	if err != nil {
		return err
	}
	p.client, err = client.DialContext(ctx, client.Options{
		HostPort: address, Namespace: namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	p.worker = worker.New(p.client, queue, worker.Options{
		WorkflowTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
		ActivityTaskPollerBehavior: worker.NewPollerBehaviorAutoscaling(worker.PollerBehaviorAutoscalingOptions{}),
	})
	p.worker.RegisterWorkflowWithOptions(p.run, workflow.RegisterOptions{Name: "run"})
	p.worker.RegisterActivityWithOptions(noop, activity.RegisterOptions{Name: "noop"})
	return p.worker.Start()
}

// noop is the step of every execution.
func noop(context.Context) (int, error) { return 0, nil }

// run is the workflow of every case.
func (p *peer) run(ctx workflow.Context, e race.Execution) (int, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	switch e.Kind {
	case race.Chain:
		for range e.N {
			if err := step(ctx).Get(ctx, nil); err != nil {
				return 0, err
			}
		}
	case race.Fan:
		steps := make([]workflow.Future, e.N)
		for i := range steps {
			steps[i] = step(ctx)
		}
		for _, s := range steps {
			if err := s.Get(ctx, nil); err != nil {
				return 0, err
			}
		}
	case race.Nap:
		if err := workflow.Sleep(ctx, e.Until.Sub(workflow.Now(ctx))); err != nil {
			return 0, err
		}
	}
	p.env.Ended(e.ID)
	return 0, nil
}

func step(ctx workflow.Context) workflow.Future { return workflow.ExecuteActivity(ctx, "noop") }

func (p *peer) Start(ctx context.Context, e race.Execution) error {
	_, err := p.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: e.ID, TaskQueue: queue, EnableEagerStart: true}, "run", e)
	return err
}

// Done counts in the table of the executions, which their last transaction writes; visibility is written behind it.
func (p *peer) Done(ctx context.Context) (n int, err error) {
	const completed = "SELECT count(*) FROM current_executions WHERE status = 2 AND workflow_id LIKE 'x%'" // not Temporal's own
	err = p.data.QueryRowContext(ctx, completed).Scan(&n)
	return n, err
}

func (p *peer) Durable(ctx context.Context) (string, error) { return p.data.durable(ctx) }

func (p *peer) Server() int { return p.data.pid }

func (p *peer) Close() (err error) {
	if p.worker != nil {
		p.worker.Stop()
	}
	if p.client != nil {
		p.client.Close()
	}
	if p.server != nil {
		err = p.server.Stop()
	}
	return errors.Join(err, p.data.close())
}
