package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/RealZimboGuy/gopherflow/pkg/gopherflow"
	"github.com/RealZimboGuy/gopherflow/pkg/gopherflow/core"
	"github.com/RealZimboGuy/gopherflow/pkg/gopherflow/domain"
	"github.com/RealZimboGuy/gopherflow/pkg/gopherflow/models"

	"github.com/pawl-dev/pawl/bench/race"
)

// gopherFlow is github.com/RealZimboGuy/gopherflow: state machines whose states are methods. A step here is a state. It
// takes 15 rows every 3 s unless told otherwise; here up to 200 every 5 ms, and it is woken at each start, as its own
// server does. On SQLite its log is the rollback journal unless the name of the file says WAL, as here. A parent looks
// at its children every 20 ms: their own way to wake it can be missed.
func gopherFlow() []race.Entry {
	entry := func(store, settings string) race.Entry {
		return race.Entry{
			System: "gopherflow", Store: store, Module: "github.com/RealZimboGuy/gopherflow", License: "Apache-2.0", Settings: settings,
			Persists: "for each state: a row of history and two updates of the workflow's row, each a commit of its own",
			Note:     "a fan-out is 100 child workflows; the parent polls them",
			Open:     func() race.System { return &gopherSystem{store: store} },
		}
	}
	return []race.Entry{
		entry("sqlite", "32 executors, batch 200, poll 5 ms, woken at starts, one connection, WAL and synchronous=FULL by the file's name, mattn's driver"),
		entry("postgres", "32 executors, batch 200, poll 5 ms, woken at starts, 48 connections"),
	}
}

type gopherSystem struct {
	store string
	env   *race.Env
	pg    *database
	app   *gopherflow.App
	stop  context.CancelFunc
}

func (g *gopherSystem) Open(ctx context.Context, env *race.Env) (err error) {
	g.env = env
	slog.SetDefault(slog.New(slog.DiscardHandler))
	log.SetOutput(io.Discard)
	set := map[string]string{
		"GFLOW_ENGINE_EXECUTOR_SIZE": "32", "GFLOW_ENGINE_BATCH_SIZE": "200", "GFLOW_ENGINE_CHECK_DB_INTERVAL": "5ms",
		"GFLOW_DATABASE_TYPE":              "SQLLITE",
		"GFLOW_DATABASE_SQLLITE_FILE_NAME": filepath.Join(env.Dir, "peer.db") + "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_txlock=immediate",
	}
	if g.store == "postgres" {
		if g.pg, err = newDatabase(ctx); err != nil {
			return err
		}
		set["GFLOW_DATABASE_TYPE"], set["GFLOW_DATABASE_URL"] = "POSTGRES", g.pg.url()
	}
	for name, value := range set {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	g.app = gopherflow.Setup(map[string]func() core.Workflow{
		"run":  func() core.Workflow { return &gopherRun{env: g.env} },
		"part": func() core.Workflow { return &gopherPart{} },
	})
	connections := 1 // with more, SQLite's lock is waited for in vain, and gopherflow drops what it could not write
	if g.pg != nil {
		connections = 48
	}
	g.app.DB.SetMaxOpenConns(connections)
	g.app.DB.SetMaxIdleConns(connections)
	ctx, g.stop = context.WithCancel(context.Background())
	go g.app.Manager.StartEngine(ctx, 5*time.Millisecond)
	return nil
}

func (g *gopherSystem) Start(_ context.Context, e race.Execution) error {
	vars := fmt.Sprintf(`{"id":%q,"kind":%q,"left":"%d","until":%q}`, e.ID, e.Kind, e.N, e.Until.Format(time.RFC3339Nano))
	now := time.Now()
	_, err := g.app.Repos.Workflows.Save(&domain.Workflow{
		Status: "NEW", ExecutorGroup: "default", WorkflowType: "run", ExternalID: e.ID, BusinessKey: e.ID, State: "Begin", Created: now, Modified: now,
		NextActivation: sql.NullTime{Time: now, Valid: true}, StateVars: sql.NullString{String: vars, Valid: true},
	})
	g.app.Manager.Wakeup()
	return err
}

func (g *gopherSystem) Done(ctx context.Context) (n int, err error) {
	err = g.app.DB.QueryRowContext(ctx, "SELECT count(*) FROM workflow WHERE status = 'FINISHED' AND parent_workflow_id IS NULL").Scan(&n)
	return n, err
}

func (g *gopherSystem) Durable(ctx context.Context) (string, error) {
	if g.pg != nil {
		return g.pg.durable(ctx)
	}
	return file{g.app.DB}.durable(ctx)
}

func (g *gopherSystem) Server() int { return serverOf(g.pg, nil) }

func (g *gopherSystem) Close() error {
	if g.stop != nil {
		g.stop()
		g.app.DB.Close()
	}
	return g.pg.drop()
}

// gopherRun is the state machine of every case: it comes to Step as often as the chain is long.
type gopherRun struct {
	core.BaseWorkflow
	env *race.Env
}

func (*gopherRun) Description() string                    { return "the work of the race" }
func (*gopherRun) InitialState() string                   { return "Begin" }
func (*gopherRun) GetRetryConfig() models.RetryConfig     { return models.RetryConfig{} }
func (w *gopherRun) GetWorkflowData() *domain.Workflow    { return w.WorkflowState }
func (w *gopherRun) GetStateVariables() map[string]string { return w.StateVariables }

func (*gopherRun) StateTransitions() map[string][]string {
	return map[string][]string{"Begin": {"Begin", "Wait", "End"}, "Wait": {"Wait", "End"}}
}

func (*gopherRun) GetAllStates() []models.WorkflowState {
	return []models.WorkflowState{
		{Name: "Begin", StateType: models.StateStart}, {Name: "Wait", StateType: models.StateNormal}, {Name: "End", StateType: models.StateEnd},
	}
}

// Begin is one step of a chain, and the first state of the others.
func (w *gopherRun) Begin(context.Context) (*models.NextState, error) {
	switch race.Kind(w.StateVariables["kind"]) {
	case race.Nap:
		until, err := time.Parse(time.RFC3339Nano, w.StateVariables["until"])
		return &models.NextState{Name: "Wait", NextExecution: until}, err
	case race.Fan:
		n, err := strconv.Atoi(w.StateVariables["left"])
		next := &models.NextState{Name: "Wait", NextExecution: time.Now().Add(20 * time.Millisecond)}
		for i := range n {
			id := fmt.Sprintf("%s.%d", w.StateVariables["id"], i)
			next.ChildWorkflows = append(next.ChildWorkflows, models.ChildWorkflowRequest{WorkflowType: "part", ExternalId: id, BusinessKey: id})
		}
		return next, err
	}
	left, err := strconv.Atoi(w.StateVariables["left"])
	if err != nil || left <= 1 {
		return w.end(), err
	}
	w.StateVariables["left"] = strconv.Itoa(left - 1)
	return &models.NextState{Name: "Begin"}, nil
}

// Wait is where a nap and a fan-out go on. A child that could not be made is logged and forgotten, so they are counted.
func (w *gopherRun) Wait(context.Context) (*models.NextState, error) {
	left, err := strconv.Atoi(w.StateVariables["left"])
	for _, child := range w.ChildWorkflows {
		if child.Status == "FINISHED" {
			left--
		}
	}
	if left > 0 {
		return &models.NextState{Name: "Wait", NextExecution: time.Now().Add(20 * time.Millisecond)}, err
	}
	return w.end(), err
}

func (w *gopherRun) end() *models.NextState {
	w.env.Ended(w.StateVariables["id"])
	return &models.NextState{Name: "End"}
}

// gopherPart is one of the steps of a fan-out.
type gopherPart struct{ core.BaseWorkflow }

func (*gopherPart) Description() string                    { return "a step of a fan-out" }
func (*gopherPart) InitialState() string                   { return "Begin" }
func (*gopherPart) GetRetryConfig() models.RetryConfig     { return models.RetryConfig{} }
func (w *gopherPart) GetWorkflowData() *domain.Workflow    { return w.WorkflowState }
func (w *gopherPart) GetStateVariables() map[string]string { return w.StateVariables }
func (*gopherPart) StateTransitions() map[string][]string {
	return map[string][]string{"Begin": {"End"}}
}

func (*gopherPart) GetAllStates() []models.WorkflowState {
	return []models.WorkflowState{{Name: "Begin", StateType: models.StateStart}, {Name: "End", StateType: models.StateEnd}}
}

// Begin is the step.
func (*gopherPart) Begin(context.Context) (*models.NextState, error) {
	return &models.NextState{Name: "End"}, nil
}
