// Package race gives the same work to workflow systems, each in a process of its own, and measures them. It knows no
// system: they are in the files of bench (Pawl) and bench/peers (the others).
package race

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// Kind is what an execution does.
type Kind string

const (
	Chain Kind = "chain" // N no-op steps, one after the other
	Fan   Kind = "fan"   // N no-op steps at once, and an end when all are done
	Nap   Kind = "nap"   // nothing until Until
)

// Execution is one piece of work. Systems hand ID through to their own code, which calls [Env.Ended] with it.
type Execution struct {
	ID    string
	Kind  Kind
	N     int
	Until time.Time
}

// System is one engine on one store.
type System interface {
	// Open makes a store that holds nothing, in env.Dir or in a database of its own, and starts the workers.
	Open(ctx context.Context, env *Env) error
	// Start begins an execution and returns when the store has it.
	Start(ctx context.Context, e Execution) error
	// Done counts the executions that the store says have ended well.
	Done(ctx context.Context) (int, error)
	// Durable is the version of the store and the setting that decides about flushing, read back from it.
	Durable(ctx context.Context) (string, error)
	// Close stops the workers and removes the store.
	Close() error
}

// A Server is a system whose store may be a process of its own: pid is its root, 0 where that is not known and negative
// where the store is in this process.
type Server interface{ Server() (pid int) }

// Durably is a system that calls [Env.Ended] only when the end of an execution is durable.
type Durably interface{ EndsDurably() }

// Env is what a system gets from the race.
type Env struct {
	// Dir is an empty directory, removed afterwards.
	Dir string
	// Ended says that the last line of an execution ran, or, where a system can say so, that its end is durable.
	Ended func(id string)
}

// Entry is a system that takes part.
type Entry struct {
	System string `json:"system"`
	Store  string `json:"store"`
	// Module is where its version is looked up.
	Module  string `json:"module"`
	Version string `json:"version"`
	License string `json:"license"`
	// Settings are what was chosen for it, Persists what it writes for a step, Note what differs from Pawl.
	Settings string `json:"settings"`
	Persists string `json:"persists"`
	Note     string `json:"note,omitempty"`
	// Without names cases that it cannot do, with the reason.
	Without map[string]string `json:"without,omitempty"`

	Open func() System `json:"-"`
}

// Case is one measurement.
type Case struct {
	Name, Metric, Unit, Text string
	// Less says that less is better.
	Less   bool
	Flight int
	Work   Execution
}

// Cases in the order in which they run.
var Cases = []Case{
	{Name: "chain3", Metric: "executions", Unit: "executions/s", Flight: 100, Work: Execution{Kind: Chain, N: 3},
		Text: "three steps in a row, 100 executions in flight"},
	{Name: "latency3", Metric: "p50", Unit: "ms", Less: true, Flight: 1, Work: Execution{Kind: Chain, N: 3},
		Text: "three steps in a row, one execution at a time: from the start to the end, p50"},
	{Name: "chain1", Metric: "executions", Unit: "executions/s", Flight: 100, Work: Execution{Kind: Chain, N: 1},
		Text: "one step, 100 executions in flight"},
	{Name: "fan100", Metric: "p50", Unit: "ms", Less: true, Flight: 1, Work: Execution{Kind: Fan, N: 100},
		Text: "one execution of 100 steps at once, one execution at a time, p50"},
	{Name: "timers10k", Metric: "last_done", Unit: "s", Less: true, Flight: 100, Work: Execution{Kind: Nap},
		Text: "10,000 executions that wait for the same moment: from it until the last is done"},
}

// caseOf finds a case by its name.
func caseOf(name string) (Case, error) {
	for _, c := range Cases {
		if c.Name == name {
			return c, nil
		}
	}
	return Case{}, fmt.Errorf("there is no case %s", name)
}

// versioned fills in the versions of the modules that this program was built with.
func versioned(entries []Entry) []Entry {
	info, _ := debug.ReadBuildInfo()
	for i := range entries {
		entries[i].Version = versionOf(info, entries[i].Module)
	}
	return entries
}

func versionOf(info *debug.BuildInfo, module string) string {
	if info == nil {
		return "?"
	}
	for _, d := range info.Deps {
		if d.Path == module && d.Replace == nil {
			return d.Version
		}
	}
	return "this tree"
}
