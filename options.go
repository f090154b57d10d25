package pawl

import (
	"fmt"
	"log/slog"
	"maps"
	"math"
	"regexp"
	"runtime/debug"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/node"
)

// Options shape an engine. The zero value is good; every field says its default.
type Options struct {
	// Namespace is the tenant that this engine's calls speak for. Every name and key lives in one. "default".
	Namespace string

	// Nodes are the effect node types that definitions may use beside function: http.Type(), say. A definition that
	// names another type is refused when it is deployed. None.
	Nodes []node.Type

	// Workers bounds how many tasks run at once. A negative number runs none: such an engine starts, signals and
	// inspects executions, and leaves their tasks to the next one that opens the store. 256.
	Workers int

	// Bulks lets an engine whose Workers is negative carry on bulks all the same; see [Bulks]. Others do so anyway.
	Bulks bool

	// NoFunctions leaves the tasks of function nodes to an engine that has the functions: for programs that work on
	// the store of another. False: a function that is not registered is an error.
	NoFunctions bool

	// Secrets resolves secrets.<name> in definitions, at the last moment before a task runs. Values never reach the
	// store. None.
	Secrets func(name string) (value string, ok bool)

	// Config is what definitions see as config.<name>: any JSON-able values. It must not change what work under way
	// means: entries name its revision, a number made of its content. None.
	Config map[string]any

	// By is journaled as who asked, for calls that don't say so with [By]. "".
	By string

	// Retention is how long closed executions are kept whose workflow doesn't say; negative keeps them for ever.
	// 30 days.
	Retention time.Duration

	// RetentionBy is Retention of single namespaces; negative keeps for ever. All members of a store say the same: what
	// counts is what the one says that sees the end of an execution. None.
	RetentionBy map[string]time.Duration

	// History is how many entries of its journal an open execution keeps at least; from twice as many on the oldest are
	// removed, and [Engine.History] begins with an event that says so. Negative keeps all. 200,000.
	History int

	// MaxSteps is how many steps an execution may schedule before it parks. 1,000,000.
	MaxSteps int

	// ClaimTTL is how long a member of a cluster may be silent before others take its shards, and with them its executions.
	// The same for all members of a store, at least a second. 10 seconds.
	ClaimTTL time.Duration

	// Grace is how long Close lets running tasks go on before it cancels them. 10 seconds.
	Grace time.Duration

	// MaxExecutions bounds the open executions held in memory; starts beyond it are refused as overloaded. 200,000.
	MaxExecutions int

	// Memory is about how many bytes the engine may hold of open executions and of what calls bring; calls beyond it are
	// refused as overloaded. A quarter of the memory limit of the process (GOMEMLIMIT) where it has one, else 1 GiB.
	Memory int

	// Logger hears what an operator should know; it is never given an input, an output or a secret. Discarded.
	Logger *slog.Logger
}

// WithDefaults returns o with every zero field set to its default.
func (o Options) WithDefaults() Options {
	if o.Namespace == "" {
		o.Namespace = "default"
	}
	if o.Workers == 0 {
		o.Workers = 256
	}
	if o.Retention == 0 {
		o.Retention = 30 * 24 * time.Hour
	}
	if o.History == 0 {
		o.History = 200_000
	}
	if o.MaxSteps == 0 {
		o.MaxSteps = 1_000_000
	}
	if o.ClaimTTL == 0 {
		o.ClaimTTL = 10 * time.Second
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	if o.MaxExecutions == 0 {
		o.MaxExecutions = 200_000
	}
	if o.Memory == 0 {
		o.Memory = 1 << 30
		if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
			o.Memory = int(min(limit/4, 1<<30))
		}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

var namespacePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// validate checks options that have their defaults.
func (o Options) validate() error {
	switch {
	case !namespacePattern.MatchString(o.Namespace):
		return invalid("Options.Namespace %q is not made of a-z, 0-9 and -", o.Namespace)
	case o.ClaimTTL < time.Second:
		return invalid("Options.ClaimTTL is %s; a second is the least", o.ClaimTTL)
	case unfitRetention(o.RetentionBy) != "":
		return invalid("Options.RetentionBy: %s", unfitRetention(o.RetentionBy))
	case o.Grace < 0:
		return invalid("Options.Grace is negative")
	case o.MaxExecutions < 0:
		return invalid("Options.MaxExecutions is negative")
	case o.Memory < 0:
		return invalid("Options.Memory is negative")
	}
	seen := map[string]bool{"function": !o.NoFunctions, bulkType: true}
	for _, t := range o.Nodes {
		name := t.Descriptor.Type
		switch {
		case name == "" || t.Executor == nil:
			return invalid("Options.Nodes holds a type without a name or an executor")
		case seen[name]:
			return invalid("Options.Nodes has the type %q twice", name)
		}
		seen[name] = true
	}
	return nil
}

// unfitRetention says what is wrong with times by namespace.
func unfitRetention(by map[string]time.Duration) string {
	for _, ns := range slices.Sorted(maps.Keys(by)) {
		if !namespacePattern.MatchString(ns) {
			return fmt.Sprintf("%q is no namespace", ns)
		}
		if by[ns] == 0 {
			return fmt.Sprintf("nothing would be kept of %s; a negative time keeps for ever", ns)
		}
	}
	return ""
}

// millisBy are times by namespace in milliseconds.
func millisBy(by map[string]time.Duration) map[string]int64 {
	out := make(map[string]int64, len(by))
	for ns, d := range by { // sorted: into a map
		out[ns] = d.Milliseconds()
	}
	return out
}

func invalid(format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Message: fmt.Sprintf(format, args...)}
}
