package runner

import (
	"context"
	"errors"
	"time"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Token names an attempt for the one who holds it.
type Token struct {
	Execution record.ID
	Step      string
	Attempt   int
	Serial    uint64 // see shard.Attempt; 0 in a token that was signed
}

// Lease is a task handed to the runner.
type Lease struct {
	Token     Token
	Namespace string
	Workflow  string
	Version   string
	Task      kernel.Task
}

// Demand says how many tasks of which types a runner can take now.
type Demand struct {
	Types []string // empty: all
	Max   int
	// Wait bounds how long Lease may block when there is nothing; 0 means until ctx ends.
	Wait time.Duration
}

// Report is how an attempt ended. Released is set where it was given back unrun (graceful stop).
type Report struct {
	Token    Token
	Result   model.Result
	Released bool
}

// Verdict answers a beat or a report.
type Verdict uint8

// The verdicts.
const (
	Accepted    Verdict = iota // go on, or recorded
	CancelAsked                // beat: stop the attempt and report
	Stale                      // the attempt is not outstanding any more
	NotOwner                   // ask again later
	Unavailable                // the store is away; report again
)

// ErrEnded is wrapped by the errors of a [Source] that answers nothing any more.
var ErrEnded = errors.New("the source of tasks has ended")

// Source is where tasks come from: the engine in this process, or a server over the wire.
type Source interface {
	Lease(ctx context.Context, d Demand) ([]Lease, error)
	Beat(ctx context.Context, tokens []Token) ([]Verdict, error)
	Report(ctx context.Context, r []Report) ([]Verdict, error) // returns after durable; idempotent by token
	Release(ctx context.Context, tokens []Token) error
}
