package main

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/cschleiden/go-workflows/backend"
	"github.com/cschleiden/go-workflows/backend/monoprocess"
	"github.com/cschleiden/go-workflows/backend/postgres"
	redisbackend "github.com/cschleiden/go-workflows/backend/redis"
	"github.com/cschleiden/go-workflows/backend/sqlite"
	"github.com/cschleiden/go-workflows/client"
	"github.com/cschleiden/go-workflows/registry"
	"github.com/cschleiden/go-workflows/worker"
	"github.com/cschleiden/go-workflows/workflow"

	"github.com/pawl-dev/pawl/bench/race"
)

// goWorkflows is github.com/cschleiden/go-workflows: code is run again from its history, as in Temporal. The wrapper
// monoprocess wakes pollers through channels instead of letting them wait for the next poll. On SQLite it has one
// connection, as its own constructor sets, and two pollers do better than eight; on PostgreSQL eight of each kind.
func goWorkflows() []race.Entry {
	entry := func(store, settings string, pollers int) race.Entry {
		return race.Entry{
			System: "go-workflows", Store: store, Module: "github.com/cschleiden/go-workflows", License: "MIT",
			Settings: settings,
			Persists: "for each step: the event that schedules it, the activity, its result as a pending event, both in the history, and the instance's locks",
			Note:     "replays code; MySQL is left out: its queries do not run on MariaDB",
			Open:     func() race.System { return &goWorkflow{store: store, pollers: pollers} },
		}
	}
	return []race.Entry{
		entry("sqlite", "monoprocess, 2+2 pollers at 5 ms, executor cache 4096, one connection", 2),
		entry("postgres", "monoprocess, 8+8 pollers at 5 ms, executor cache 4096, 32 connections", 8),
		entry("redis", "blocking reads, 8+8 pollers, executor cache 4096, a Redis of its own with appendfsync always", 8),
	}
}

type goWorkflow struct {
	store   string
	pollers int
	env     *race.Env
	file    file
	pg      *database
	pool    *sql.DB
	redis   *redisServer
	backend backend.Backend
	client  *client.Client
	worker  *worker.Worker
	stop    context.CancelFunc
}

func (g *goWorkflow) Open(ctx context.Context, env *race.Env) (err error) {
	g.env = env
	quiet := backend.WithLogger(slog.New(slog.DiscardHandler))
	poll := 5 * time.Millisecond
	switch g.store {
	case "sqlite":
		if g.file, err = openFile(env.Dir, 1); err != nil {
			return err
		}
		g.backend = monoprocess.NewMonoprocessBackend(sqlite.NewSqliteBackendWithDB(g.file.DB, sqlite.WithApplyMigrations(true), sqlite.WithBackendOptions(quiet)))
	case "postgres":
		if g.pg, err = newDatabase(ctx); err != nil {
			return err
		}
		if g.pool, err = g.pg.pool(); err != nil {
			return err
		}
		g.backend = monoprocess.NewMonoprocessBackend(postgres.NewPostgresBackendWithDB(g.pool, postgres.WithApplyMigrations(true), postgres.WithBackendOptions(quiet)))
	case "redis":
		if g.redis, err = newRedis(ctx, env.Dir, "always"); err != nil {
			return err
		}
		if g.backend, err = redisbackend.NewRedisBackend(g.redis.Client, redisbackend.WithBackendOptions(quiet)); err != nil {
			return err
		}
		poll = 0
	}
	o := worker.DefaultOptions
	o.WorkflowPollers, o.ActivityPollers, o.WorkflowExecutorCacheSize = g.pollers, g.pollers, 4096
	o.WorkflowPollingInterval, o.ActivityPollingInterval = poll, poll
	g.worker, g.client = worker.New(g.backend, &o), client.New(g.backend)
	return g.work()
}

// work registers everything and starts the workers.
func (g *goWorkflow) work() error {
	if err := g.worker.RegisterActivity(noop, registry.WithName("noop")); err != nil {
		return err
	}
	if err := g.worker.RegisterWorkflow(g.run, registry.WithName("run")); err != nil {
		return err
	}
	var ctx context.Context
	ctx, g.stop = context.WithCancel(context.Background())
	return g.worker.Start(ctx)
}

// run is the workflow of every case.
func (g *goWorkflow) run(ctx workflow.Context, e race.Execution) error {
	switch e.Kind {
	case race.Chain:
		for range e.N {
			if _, err := step(ctx).Get(ctx); err != nil {
				return err
			}
		}
	case race.Fan:
		steps := make([]workflow.Future[int], e.N)
		for i := range steps {
			steps[i] = step(ctx)
		}
		for _, s := range steps {
			if _, err := s.Get(ctx); err != nil {
				return err
			}
		}
	case race.Nap:
		if _, err := workflow.ScheduleTimer(ctx, e.Until.Sub(workflow.Now(ctx))).Get(ctx); err != nil {
			return err
		}
	}
	g.env.Ended(e.ID)
	return nil
}

func step(ctx workflow.Context) workflow.Future[int] {
	return workflow.ExecuteActivity[int](ctx, workflow.DefaultActivityOptions, "noop")
}

func (g *goWorkflow) Start(ctx context.Context, e race.Execution) error {
	_, err := g.client.CreateWorkflowInstance(ctx, client.WorkflowInstanceOptions{InstanceID: e.ID}, "run", e)
	return err
}

func (g *goWorkflow) Done(ctx context.Context) (int, error) {
	switch g.store {
	case "sqlite":
		return g.file.count(ctx, "SELECT count(*) FROM instances WHERE completed_at IS NOT NULL")
	case "postgres":
		return g.pg.count(ctx, "SELECT count(*) FROM instances WHERE completed_at IS NOT NULL")
	}
	all, err := g.redis.ZCard(ctx, "instances-by-creation").Result()
	if err != nil {
		return 0, err
	}
	active, err := g.redis.SCard(ctx, "instances-active").Result()
	return int(all - active), err
}

func (g *goWorkflow) Durable(ctx context.Context) (string, error) {
	switch g.store {
	case "sqlite":
		return g.file.durable(ctx)
	case "postgres":
		return g.pg.durable(ctx)
	}
	return g.redis.durable(ctx)
}

// serverOf is the process of a store that has one.
func serverOf(pg *database, r *redisServer) int {
	switch {
	case pg != nil:
		return pg.pid
	case r != nil:
		return r.cmd.Process.Pid
	}
	return -1
}

func (g *goWorkflow) Server() int { return serverOf(g.pg, g.redis) }

func (g *goWorkflow) Close() error {
	if g.stop != nil {
		g.stop()
	}
	if g.backend != nil {
		g.backend.Close()
	}
	g.file.close()
	if g.pool != nil {
		g.pool.Close()
	}
	g.redis.stop()
	return g.pg.drop()
}
