package main

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/pawl-dev/pawl/bench/race"
)

// riverEntries are River, a queue of jobs: a chain is a job that inserts the next one. In the row river the next job is
// inserted and the job completed in one transaction, so that neither happens without the other, as a workflow engine
// does it; in river-loose the job inserts the next and River completes it afterwards, with others in one batch, which is
// faster, and after a crash in between the rest of the chain runs twice. 200 workers and a pause of 1 ms between fetches are for throughput, as is a
// pool of 32; on SQLite its documentation asks for one connection.
func riverEntries() []race.Entry {
	entry := func(system, store, settings string, open func() race.System) race.Entry {
		return race.Entry{
			System: system, Store: store, Module: "github.com/riverqueue/river", License: "MPL-2.0", Settings: settings,
			Persists: "one row for the job, updated when it is fetched and when it is done",
			Note: "a queue: no history, no data between steps; a fan-out is 100 jobs, and that all are done is counted in memory; " +
				"jobs of the future are made ready up to 5 s before they are due",
			Open: open,
		}
	}
	const pg = "200 workers, fetch cooldown 1 ms, poll 10 ms, 32 connections, "
	return []race.Entry{
		entry("river", "sqlite", "100 workers, fetch cooldown 1 ms, poll 10 ms, one connection, next job and completion in one transaction",
			func() race.System { return &riverSystem[*sql.Tx]{atomic: true, open: riverOnSQLite} }),
		entry("river", "postgres", pg+"next job and completion in one transaction",
			func() race.System { return &riverSystem[pgx.Tx]{atomic: true, open: riverOnPostgres} }),
		entry("river-loose", "postgres", pg+"completion after the next job, in batches",
			func() race.System { return &riverSystem[pgx.Tx]{open: riverOnPostgres} }),
	}
}

// riverJob is one step. Last says that an execution ends with it, in a fan-out with the last of N such jobs.
type riverJob struct {
	Execution race.Execution `json:"execution"`
	Left      int            `json:"left"`
	Last      bool           `json:"last"`
}

func (riverJob) Kind() string { return "step" }

// riverSystem is River with a driver whose transactions are TTx.
type riverSystem[TTx any] struct {
	river.WorkerDefaults[riverJob]
	atomic bool
	open   func(*riverSystem[TTx], context.Context) (riverdriver.Driver[TTx], error)

	env      *race.Env
	file     file
	pg       *database
	pool     *pgxpool.Pool
	workers  int
	begin    func(context.Context) (TTx, error)
	end      func(context.Context, TTx, error) error
	complete func(context.Context, TTx, *river.Job[riverJob]) error
	client   *river.Client[TTx]

	mu    sync.Mutex
	parts map[string]int // of executions that fan out: how many are not done
	width int
}

func riverOnSQLite(r *riverSystem[*sql.Tx], _ context.Context) (_ riverdriver.Driver[*sql.Tx], err error) {
	if r.file, err = openFile(r.env.Dir, 1); err != nil {
		return nil, err
	}
	r.workers = 100
	r.begin = func(ctx context.Context) (*sql.Tx, error) { return r.file.BeginTx(ctx, nil) }
	r.end = func(_ context.Context, tx *sql.Tx, err error) error {
		if err != nil {
			tx.Rollback()
			return err
		}
		return tx.Commit()
	}
	r.complete = func(ctx context.Context, tx *sql.Tx, job *river.Job[riverJob]) error {
		_, err := river.JobCompleteTx[*riversqlite.Driver](ctx, tx, job)
		return err
	}
	return riversqlite.New(r.file.DB), nil
}

func riverOnPostgres(r *riverSystem[pgx.Tx], ctx context.Context) (_ riverdriver.Driver[pgx.Tx], err error) {
	if r.pg, err = newDatabase(ctx); err != nil {
		return nil, err
	}
	if r.pool, err = pgxpool.New(ctx, r.pg.url()+"&pool_max_conns=32"); err != nil {
		return nil, err
	}
	r.workers = 200
	r.begin = func(ctx context.Context) (pgx.Tx, error) { return r.pool.Begin(ctx) }
	r.end = func(ctx context.Context, tx pgx.Tx, err error) error {
		if err != nil {
			tx.Rollback(ctx)
			return err
		}
		return tx.Commit(ctx)
	}
	r.complete = func(ctx context.Context, tx pgx.Tx, job *river.Job[riverJob]) error {
		_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	}
	return riverpgxv5.New(r.pool), nil
}

func (r *riverSystem[TTx]) Open(ctx context.Context, env *race.Env) error {
	r.env, r.parts = env, map[string]int{}
	driver, err := r.open(r, ctx)
	if err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler)
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return err
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, r)
	r.client, err = river.NewClient(driver, &river.Config{
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: r.workers}},
		FetchCooldown:     time.Millisecond,
		FetchPollInterval: 10 * time.Millisecond,
		Workers:           workers,
		Logger:            quiet,
	})
	if err != nil {
		return err
	}
	return r.client.Start(context.Background())
}

func (r *riverSystem[TTx]) Start(ctx context.Context, e race.Execution) error {
	job, opts := riverJob{Execution: e, Left: e.N, Last: e.Kind == race.Chain && e.N == 1}, &river.InsertOpts{}
	switch e.Kind {
	case race.Fan:
		r.mu.Lock()
		r.parts[e.ID], r.width = e.N, e.N
		r.mu.Unlock()
	case race.Nap:
		job.Last, opts.ScheduledAt = true, e.Until
	}
	_, err := r.client.Insert(ctx, job, opts)
	return err
}

// Work does one step.
func (r *riverSystem[TTx]) Work(ctx context.Context, job *river.Job[riverJob]) error {
	a := job.Args
	if a.Last {
		if a.Execution.Kind != race.Fan || r.part(a.Execution.ID) == 0 {
			r.env.Ended(a.Execution.ID)
		}
		return nil
	}
	var next []river.InsertManyParams
	if a.Execution.Kind == race.Fan {
		for range a.Execution.N {
			next = append(next, river.InsertManyParams{Args: riverJob{Execution: a.Execution, Last: true}})
		}
	} else {
		next = []river.InsertManyParams{{Args: riverJob{Execution: a.Execution, Left: a.Left - 1, Last: a.Left == 2}}}
	}
	if !r.atomic {
		_, err := r.client.InsertManyFast(ctx, next)
		return err
	}
	tx, err := r.begin(ctx)
	if err != nil {
		return err
	}
	if _, err = r.client.InsertManyFastTx(ctx, tx, next); err == nil {
		err = r.complete(ctx, tx, job)
	}
	return r.end(ctx, tx, err)
}

// part takes one from what is left of a fan-out.
func (r *riverSystem[TTx]) part(id string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts[id]--
	return r.parts[id]
}

func (r *riverSystem[TTx]) Done(ctx context.Context) (n int, err error) {
	if r.pg != nil {
		n, err = r.pg.count(ctx, "SELECT count(*) FROM river_job WHERE state = 'completed' AND args->>'last' = 'true'")
	} else {
		n, err = r.file.count(ctx, "SELECT count(*) FROM river_job WHERE state = 'completed' AND json_extract(args, '$.last')")
	}
	return n / max(1, r.width), err
}

func (r *riverSystem[TTx]) Durable(ctx context.Context) (string, error) {
	if r.pg != nil {
		return r.pg.durable(ctx)
	}
	return r.file.durable(ctx)
}

func (r *riverSystem[TTx]) Server() int { return serverOf(r.pg, nil) }

func (r *riverSystem[TTx]) Close() error {
	if r.client != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		r.client.StopAndCancel(ctx)
	}
	if r.pool != nil {
		r.pool.Close()
	}
	r.file.close()
	return r.pg.drop()
}
