package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
	_ "github.com/dbos-inc/dbos-transact-golang/dbos/driver/sqlite"

	"github.com/pawl-dev/pawl/bench/race"
)

// dbosEntries are DBOS Transact for Go: code whose steps are recorded. Workflows are started directly and not through a
// queue, which is the faster way within one process. On SQLite it has its own default of eight connections, but with
// synchronous=FULL: its default, NORMAL, may lose commits when the power fails. On PostgreSQL it has 32 connections.
func dbosEntries() []race.Entry {
	entry := func(store, settings string) race.Entry {
		return race.Entry{
			System: "dbos", Store: store, Module: "github.com/dbos-inc/dbos-transact-golang", License: "MIT",
			Settings: settings,
			Persists: "one row with the step's result; the workflow's row at its start and its end",
			Note:     "replays code; a sleeping workflow is a goroutine, and its wake-up is a row",
			Open:     func() race.System { return &dbosSystem{store: store} },
		}
	}
	return []race.Entry{
		entry("sqlite", "direct starts, 8 connections (its default), synchronous=FULL instead of its NORMAL"),
		entry("postgres", "direct starts, 32 connections"),
	}
}

type dbosSystem struct {
	store string
	env   *race.Env
	file  file
	pg    *database
	dbos  dbos.Context
}

func (d *dbosSystem) Open(ctx context.Context, env *race.Env) (err error) {
	d.env = env
	c := dbos.Config{AppName: "race", Logger: slog.New(slog.DiscardHandler)}
	if d.store == "sqlite" {
		if d.file, err = openFile(env.Dir, 8); err != nil {
			return err
		}
		c.SQLiteSystemDB = d.file.DB
	} else {
		if d.pg, err = newDatabase(ctx); err != nil {
			return err
		}
		c.DatabaseURL = d.pg.url() + "&pool_max_conns=32"
	}
	if d.dbos, err = dbos.NewContext(context.Background(), c); err != nil {
		return err
	}
	dbos.RegisterWorkflow(d.dbos, d.run)
	return dbos.Launch(d.dbos)
}

// run is the workflow of every case.
func (d *dbosSystem) run(ctx dbos.Context, e race.Execution) (int, error) {
	switch e.Kind {
	case race.Chain:
		for range e.N {
			if _, err := dbos.RunAsStep(ctx, noop); err != nil {
				return 0, err
			}
		}
	case race.Fan:
		if err := d.fan(ctx, e.N); err != nil {
			return 0, err
		}
	case race.Nap:
		if _, err := dbos.Sleep(ctx, time.Until(e.Until)); err != nil {
			return 0, err
		}
	}
	d.env.Ended(e.ID)
	return 0, nil
}

func (d *dbosSystem) fan(ctx dbos.Context, n int) error {
	steps := make([]<-chan dbos.StepOutcome[int], n)
	for i := range steps {
		var err error
		if steps[i], err = dbos.Go(ctx, noop); err != nil {
			return err
		}
	}
	for _, s := range steps {
		if o := <-s; o.Err != nil {
			return o.Err
		}
	}
	return nil
}

func (d *dbosSystem) Start(_ context.Context, e race.Execution) error {
	_, err := dbos.RunWorkflow(d.dbos, d.run, e, dbos.WithWorkflowID(e.ID))
	return err
}

func (d *dbosSystem) Done(ctx context.Context) (int, error) {
	const query = "SELECT count(*) FROM %sworkflow_status WHERE status = 'SUCCESS'"
	if d.store == "sqlite" {
		return d.file.count(ctx, fmt.Sprintf(query, ""))
	}
	return d.pg.count(ctx, fmt.Sprintf(query, "dbos."))
}

func (d *dbosSystem) Durable(ctx context.Context) (string, error) {
	if d.store == "sqlite" {
		return d.file.durable(ctx)
	}
	return d.pg.durable(ctx)
}

func (d *dbosSystem) Server() int { return serverOf(d.pg, nil) }

func (d *dbosSystem) Close() error {
	if d.dbos != nil {
		dbos.Shutdown(d.dbos, 10*time.Second)
	}
	d.file.close()
	return d.pg.drop()
}
