package pawl

import (
	"context"
	"strings"
	"time"
)

// BulkVerb is an operator's verb as data. The fields that a verb needs are those of the method of its name.
type BulkVerb struct {
	// Verb is cancel, terminate, pause, resume, retry, skip, complete, fail, route, move, vars, signal, migrate, rerun
	// or fork.
	Verb string `json:"verb"`
	// Step is the path of the step it is about; for move that whose token goes, for rerun and fork that from which to
	// run again, for vars the scope.
	Step string `json:"step,omitempty"`
	// To is the node at which move begins, or to which route leads.
	To string `json:"to,omitempty"`
	// Outcome and Data are those of complete; Data is that of signal, too.
	Outcome string `json:"outcome,omitempty"`
	Data    any    `json:"data,omitempty"`
	// Message is that of fail.
	Message string `json:"message,omitempty"`
	// Signal is the name of the signal, and TTL how long it is kept.
	Signal string        `json:"signal,omitempty"`
	TTL    time.Duration `json:"ttl,omitempty"`
	// Vars are the changes of vars.
	Vars []Change `json:"vars,omitempty"`
	// Version is that of migrate, rerun and fork, and Rename the nodes that are called otherwise there.
	Version string            `json:"version,omitempty"`
	Rename  map[string]string `json:"rename,omitempty"`
	// Shift is that of resume.
	Shift bool `json:"shift,omitempty"`
}

// bulkVerbs are the verbs with what each needs.
var bulkVerbs = map[string]struct {
	needs func(*BulkVerb) string
	do    func(context.Context, *Engine, string, *BulkVerb, []CommandOption) error
}{
	"cancel": {nil, func(ctx context.Context, e *Engine, id string, _ *BulkVerb, o []CommandOption) error {
		return e.Cancel(ctx, id, o...)
	}},
	"terminate": {nil, func(ctx context.Context, e *Engine, id string, _ *BulkVerb, o []CommandOption) error {
		return e.Terminate(ctx, id, o...)
	}},
	"pause": {nil, func(ctx context.Context, e *Engine, id string, _ *BulkVerb, o []CommandOption) error {
		return e.Pause(ctx, id, o...)
	}},
	"resume": {nil, func(ctx context.Context, e *Engine, id string, v *BulkVerb, o []CommandOption) error {
		if v.Shift {
			o = append(o, Shift())
		}
		return e.Resume(ctx, id, o...)
	}},
	"retry": {nil, func(ctx context.Context, e *Engine, id string, v *BulkVerb, o []CommandOption) error {
		return e.Retry(ctx, id, v.Step, o...)
	}},
	"skip": {needStep, func(ctx context.Context, e *Engine, id string, v *BulkVerb, o []CommandOption) error {
		return e.Skip(ctx, id, v.Step, o...)
	}},
	"complete": {needStep, func(ctx context.Context, e *Engine, id string, v *BulkVerb, o []CommandOption) error {
		return e.Complete(ctx, id, v.Step, v.Outcome, v.Data, o...)
	}},
	"fail": {nil, func(ctx context.Context, e *Engine, id string, v *BulkVerb, o []CommandOption) error {
		return e.Fail(ctx, id, v.Step, v.Message, o...)
	}},
	"route": {func(v *BulkVerb) string { return needStep(v) + needTo(v) }, func(ctx context.Context, e *Engine, id string, v *BulkVerb, o []CommandOption) error {
		return e.Route(ctx, id, v.Step, v.To, o...)
	}},
	"move": {needTo, func(ctx context.Context, e *Engine, id string, v *BulkVerb, o []CommandOption) error {
		return e.Move(ctx, id, v.Step, v.To, o...)
	}},
	"vars": {func(v *BulkVerb) string { return need(len(v.Vars) > 0, "vars") }, func(ctx context.Context, e *Engine, id string, v *BulkVerb, o []CommandOption) error {
		return e.SetVars(ctx, id, v.Vars, append(o, In(v.Step))...)
	}},
	"signal": {func(v *BulkVerb) string { return need(v.Signal != "", "signal") }, func(ctx context.Context, e *Engine, id string, v *BulkVerb, o []CommandOption) error {
		return e.Signal(ctx, id, v.Signal, v.Data, append(o, SignalTTL(v.TTL))...)
	}},
	"migrate": {func(v *BulkVerb) string { return need(v.Version != "", "version") }, func(ctx context.Context, e *Engine, id string, v *BulkVerb, o []CommandOption) error {
		return e.Migrate(ctx, id, v.Version, append(o, Rename(v.Rename))...)
	}},
	"rerun": {nil, func(ctx context.Context, e *Engine, id string, v *BulkVerb, o []CommandOption) error {
		_, err := e.Rerun(ctx, id, v.forkOptions(o)...)
		return err
	}},
	"fork": {nil, func(ctx context.Context, e *Engine, id string, v *BulkVerb, o []CommandOption) error {
		_, err := e.Fork(ctx, id, v.forkOptions(o)...)
		return err
	}},
}

// BulkVerbs lists the verbs that a bulk knows.
func BulkVerbs() []string { return sortedKeys(bulkVerbs) }

func needStep(v *BulkVerb) string { return need(v.Step != "", "step") }
func needTo(v *BulkVerb) string   { return need(v.To != "", "to") }

func need(has bool, what string) string {
	if has {
		return ""
	}
	return " " + what
}

func (v *BulkVerb) check() error {
	verb, ok := bulkVerbs[v.Verb]
	if !ok {
		return invalid("a bulk has no verb %s; it may be %s", short(v.Verb), strings.Join(BulkVerbs(), ", "))
	}
	if verb.needs == nil {
		return nil
	}
	if missing := verb.needs(v); missing != "" {
		return invalid("bulk %s needs%s", v.Verb, missing)
	}
	return nil
}

func (v *BulkVerb) forkOptions(o []CommandOption) []ForkOption {
	if v.Step != "" {
		o = append(o, From(v.Step))
	}
	return append(o, Version(v.Version), Rename(v.Rename))
}

// do does the verb to the execution id.
func (v *BulkVerb) do(ctx context.Context, e *Engine, id string, opts []CommandOption) error {
	return bulkVerbs[v.Verb].do(ctx, e, id, v, opts)
}
