package runner

import (
	"context"
	"log/slog"
	"time"

	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/record"
)

// Params configures a [Runner]. Source and Registry are required; every other zero field has the default named.
type Params struct {
	Source Source
	// Registry holds the node types this runner executes, unless Pools names fewer.
	Registry node.Registry
	// Workers bounds how many tasks are leased and not yet executed at a time: 256. Ignored where Pools is set.
	Workers int
	// Pools divide the types, so that slow ones cannot starve the others. Empty: one pool for every type.
	Pools []Pool
	// Secrets resolves secrets.<name>; nil means that there are none.
	Secrets func(name string) (value string, ok bool)
	// Sign makes task.token, by which others complete a waiting step; nil means that there is none.
	Sign func(Token) string
	// Mask lists further values to hide in whatever is reported, beside the secrets a task uses.
	Mask []string
	// Payload bounds the bytes of one output: 16 MiB.
	Payload int
	// Ahead is told of the output of an attempt before it is reported, so that a large one may be kept already; nil tells
	// nobody. It returns when ctx ends.
	Ahead func(ctx context.Context, namespace string, id record.ID, output []byte)
	// Beat is the interval at which held tokens are confirmed: 2 s.
	Beat time.Duration
	// StopGrace is how long an executor may go on after its context has ended before it is abandoned: 5 s.
	StopGrace time.Duration
	// DrainGrace is how long running tasks may go on after Run's context has ended before they are stopped: 10 s.
	DrainGrace time.Duration
	// Abandoned bounds the executors that hang for ever and whose slots were given to others: 4 times the slots of a
	// pool. Beyond it a hanging executor keeps its slot.
	Abandoned int
	// Logger is told what an operator must know; nil discards. It never sees an input, an output or a secret.
	Logger *slog.Logger
}

// Pool is a bounded set of slots for some node types.
type Pool struct {
	// Types of the registry; empty means all that no other pool names.
	Types   []string
	Workers int
}

const (
	defaultWorkers    = 256
	defaultPayload    = 16 << 20
	defaultBeat       = 2 * time.Second
	defaultStopGrace  = 5 * time.Second
	defaultDrainGrace = 10 * time.Second
)

func (p Params) withDefaults() Params {
	if p.Workers <= 0 {
		p.Workers = defaultWorkers
	}
	if p.Payload <= 0 {
		p.Payload = defaultPayload
	}
	if p.Beat <= 0 {
		p.Beat = defaultBeat
	}
	if p.StopGrace <= 0 {
		p.StopGrace = defaultStopGrace
	}
	if p.DrainGrace <= 0 {
		p.DrainGrace = defaultDrainGrace
	}
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	if len(p.Pools) == 0 {
		p.Pools = []Pool{{Workers: p.Workers}}
	}
	return p
}
