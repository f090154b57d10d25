package main

import (
	"context"
	"net/url"

	"github.com/microsoft/durabletask-go/api"
	"github.com/microsoft/durabletask-go/backend"
	"github.com/microsoft/durabletask-go/backend/postgres"
	"github.com/microsoft/durabletask-go/backend/sqlite"
	"github.com/microsoft/durabletask-go/task"

	"github.com/pawl-dev/pawl/bench/race"
)

// durableTask is github.com/microsoft/durabletask-go, the engine in Dapr workflows: code is run again from its history.
// It works one item at a time unless told otherwise; 64 here. Its pool on PostgreSQL is one connection unless told
// otherwise; 32 here. Its log on SQLite is the rollback journal unless the name of the file says WAL, as here. It polls, with a
// pause that begins at 50 ms and cannot be set.
func durableTask() []race.Entry {
	entry := func(store, settings string) race.Entry {
		return race.Entry{
			System: "durabletask-go", Store: store, Module: "github.com/microsoft/durabletask-go", License: "Apache-2.0",
			Settings: settings,
			Persists: "for each step: its task, its result as a new event, both in the history, and the instance's lock",
			Note:     "replays code; polls with a pause from 50 ms, which cannot be set and decides its latency",
			Open:     func() race.System { return &durableTasks{store: store} },
		}
	}
	pg := entry("postgres", "64 items in parallel of each kind, 32 connections")
	pg.Without = map[string]string{"fan100": "it cannot schedule two tasks at once: could not determine data type of parameter $3 (SQLSTATE 42P18)"}
	return []race.Entry{
		entry("sqlite", "64 items in parallel of each kind, WAL and synchronous=FULL by the file's name, its one connection"), pg,
	}
}

type durableTasks struct {
	store  string
	env    *race.Env
	file   file
	pg     *database
	client backend.TaskHubClient
	worker backend.TaskHubWorker
}

func (d *durableTasks) Open(ctx context.Context, env *race.Env) (err error) {
	d.env = env
	var be backend.Backend
	if d.store == "sqlite" {
		if d.file, err = openFile(env.Dir, 1); err != nil {
			return err
		}
		be = sqlite.NewSqliteBackend(sqlite.NewSqliteOptions(dsn(env.Dir)), silent{})
	} else {
		if d.pg, err = newDatabase(ctx); err != nil {
			return err
		}
		c := d.pg.config()
		o := postgres.NewPostgresOptions(c.Host, c.Port, d.pg.name, c.User, url.QueryEscape(c.Password))
		o.PgOptions.MaxConns = 32
		be = postgres.NewPostgresBackend(o, silent{})
	}
	r := task.NewTaskRegistry()
	if err := r.AddOrchestratorN("run", d.run); err != nil {
		return err
	}
	if err := r.AddActivityN("noop", func(task.ActivityContext) (any, error) { return 0, nil }); err != nil {
		return err
	}
	executor := task.NewTaskExecutor(r)
	orchestrations := backend.NewOrchestrationWorker(be, executor, silent{}, backend.WithMaxParallelism(64))
	activities := backend.NewActivityTaskWorker(be, executor, silent{}, backend.WithMaxParallelism(64))
	d.client, d.worker = backend.NewTaskHubClient(be), backend.NewTaskHubWorker(be, orchestrations, activities, silent{})
	return d.worker.Start(context.Background())
}

// run is the orchestration of every case.
func (d *durableTasks) run(ctx *task.OrchestrationContext) (any, error) {
	var e race.Execution
	if err := ctx.GetInput(&e); err != nil {
		return nil, err
	}
	switch e.Kind {
	case race.Chain:
		for range e.N {
			if err := ctx.CallActivity("noop").Await(nil); err != nil {
				return nil, err
			}
		}
	case race.Fan:
		steps := make([]task.Task, e.N)
		for i := range steps {
			steps[i] = ctx.CallActivity("noop")
		}
		for _, s := range steps {
			if err := s.Await(nil); err != nil {
				return nil, err
			}
		}
	case race.Nap:
		if err := ctx.CreateTimer(e.Until.Sub(ctx.CurrentTimeUtc)).Await(nil); err != nil {
			return nil, err
		}
	}
	d.env.Ended(e.ID)
	return 0, nil
}

func (d *durableTasks) Start(ctx context.Context, e race.Execution) error {
	_, err := d.client.ScheduleNewOrchestration(ctx, "run", api.WithInstanceID(api.InstanceID(e.ID)), api.WithInput(e))
	return err
}

func (d *durableTasks) Done(ctx context.Context) (int, error) {
	const query = "SELECT count(*) FROM Instances WHERE RuntimeStatus = 'COMPLETED'"
	if d.store == "sqlite" {
		return d.file.count(ctx, query)
	}
	return d.pg.count(ctx, query)
}

// Durable reads SQLite's settings over a connection that was opened with the same name of the file.
func (d *durableTasks) Durable(ctx context.Context) (string, error) {
	if d.store == "sqlite" {
		return d.file.durable(ctx)
	}
	return d.pg.durable(ctx)
}

func (d *durableTasks) Server() int { return serverOf(d.pg, nil) }

func (d *durableTasks) Close() error {
	if d.worker != nil {
		d.worker.Shutdown(context.Background())
	}
	d.file.close()
	return d.pg.drop()
}

// silent is a log that nobody reads.
type silent struct{}

func (silent) Debug(...any)          {}
func (silent) Debugf(string, ...any) {}
func (silent) Info(...any)           {}
func (silent) Infof(string, ...any)  {}
func (silent) Warn(...any)           {}
func (silent) Warnf(string, ...any)  {}
func (silent) Error(...any)          {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatal(...any)          {}
