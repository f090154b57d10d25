package model

import "encoding/json"

// Workflow is one version of a definition in its canonical form: short forms are expanded, policies and defaults
// are resolved into the nodes, and every graph is one list of nodes and one list of edges. YAML, JSON and the Go
// builder all compile to this type, so equal meaning gives equal [Workflow.Hash].
//
// Values that may hold expressions are JSON in which strings contain ${ }; bare expressions (conditions) are
// strings without ${ }.
type Workflow struct {
	Name        string            `json:"workflow"`
	Version     string            `json:"version,omitempty"`
	Description string            `json:"description,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Owner       string            `json:"owner,omitempty"`
	// Input is a JSON Schema (draft 2020-12) in key order; nil accepts anything.
	Input json.RawMessage `json:"input,omitempty"`
	// InputDefaults are the defaults of the short form, by property; values may hold expressions over trigger.
	InputDefaults json.RawMessage `json:"input_defaults,omitempty"`
	// Tags of each execution, by name; a value is a JSON template.
	Tags map[string]json.RawMessage `json:"tags,omitempty"`
	// Signals that executions accept; empty means any.
	Signals map[string]Signal `json:"signals,omitempty"`
	// Triggers are kept as written; the engine of a later version acts on them.
	Triggers []json.RawMessage `json:"triggers,omitempty"`
	Timeout  Text              `json:"timeout,omitempty"`
	// Retention after the end, in milliseconds; 0 means the store's default.
	Retention Millis `json:"retention,omitempty"`
	// Limits of every execution, as [Node.Limits].
	Limits json.RawMessage `json:"limits,omitempty"`
	// Root is the graph of the root scope with its variables, output and failure rules.
	Root Scope `json:"root"`
}

// Scope is everything that governs one running instance of a graph: the root of a workflow, a branch, an item or a
// pass.
type Scope struct {
	Graph Graph `json:"graph"`
	// Vars declares variables with their first values (JSON templates).
	Vars map[string]json.RawMessage `json:"vars,omitempty"`
	// Output is a JSON template evaluated when the scope ends well; nil means the rule of LANGUAGE 4.
	Output json.RawMessage `json:"output,omitempty"`
	// OnFailure is "", "fail", "finish" or "park".
	OnFailure string `json:"on_failure,omitempty"`
	// Finally runs whenever the scope ends, after rollback.
	Finally *Graph `json:"finally,omitempty"`
	// Rollback false hands the undo list to the enclosing scope.
	Rollback *bool `json:"rollback,omitempty"`
}

// Graph is a list of nodes in written order and the edges between them.
type Graph struct {
	// Start names the nodes where a token begins.
	Start []string `json:"start"`
	Nodes []Node   `json:"nodes"`
	Edges []Edge   `json:"edges,omitempty"`
}

// Edge is one arrow. The edges of one (From, On) form an ordered list of entries; edges with the same Entry belong
// to one entry of that list. If any entry of the list has a When, the list is a choice (the first entry that holds
// is taken) unless the node says split: all; otherwise it is a fork.
type Edge struct {
	From string `json:"from"`
	// On is an outcome, or [OnElse] (every good outcome not named), or [OnAny] (every outcome not named).
	On    string `json:"on"`
	Entry int    `json:"entry"`
	// When is a bare expression; empty always holds.
	When string `json:"when,omitempty"`
	// To is a node of the same graph, or [ToStop] or [ToFail].
	To string `json:"to"`
}

// Reserved words of edges.
const (
	OnElse = "else"
	OnAny  = "any"
	ToStop = "stop"
	ToFail = "fail"
)

// Node is a vertex of a graph.
type Node struct {
	ID          string `json:"id"`
	Type        string `json:"type"`
	Description string `json:"description,omitempty"`
	// With is the configuration as JSON with templates, in key order. Bodies of composites are not in it.
	With json.RawMessage `json:"with,omitempty"`
	Join Join            `json:"join,omitzero"`
	// SplitAll takes every entry that holds instead of the first.
	SplitAll bool   `json:"split_all,omitempty"`
	If       string `json:"if,omitempty"`
	// Output replaces the raw result before it is journaled (JSON template over result).
	Output json.RawMessage            `json:"output,omitempty"`
	Set    []Assign                   `json:"set,omitempty"`
	Log    string                     `json:"log,omitempty"`
	Tags   map[string]json.RawMessage `json:"tags,omitempty"`
	Retry  []Retry                    `json:"retry,omitempty"`
	// Timeout runs from scheduling, AttemptTimeout from dispatch, Heartbeat bounds a worker's silence.
	Timeout        Text `json:"timeout,omitempty"`
	AttemptTimeout Text `json:"attempt_timeout,omitempty"`
	Heartbeat      Text `json:"heartbeat,omitempty"`
	// OnFailure is "", "fail", "finish" or "park".
	OnFailure  string          `json:"on_failure,omitempty"`
	Compensate string          `json:"compensate,omitempty"`
	Limits     json.RawMessage `json:"limits,omitempty"`
	// Callback makes an effect step wait for the answer of its task's token after a successful attempt.
	Callback bool   `json:"callback,omitempty"`
	Queue    string `json:"queue,omitempty"`
	Priority int    `json:"priority,omitempty"`
	// MaxRuns bounds the steps of this node in one scope; 0 means no bound of its own.
	MaxRuns int `json:"max_runs,omitempty"`
	// Bad lists outcomes that the node type's descriptor marks as bad, beyond the words of LANGUAGE 2.
	Bad []string `json:"bad,omitempty"`
	// Outcomes lists the outcomes the node declares, in the order of the configuration; error is always possible and
	// not listed. Empty means any word.
	Outcomes []string `json:"outcomes,omitempty"`
	// Composite is set for the types scope, parallel, foreach, loop and workflow.
	Composite *Composite `json:"composite,omitempty"`
}

// Assign changes one variable in the transition that ends the step.
type Assign struct {
	Var string `json:"var"`
	// Op is set, append, concat, merge, add or unset.
	Op string `json:"op"`
	// Value is a JSON template; nil for unset.
	Value json.RawMessage `json:"value,omitempty"`
}

// Join says when incoming edges start a node.
type Join struct {
	// Each starts the tail once per token (multi-merge).
	Each bool `json:"each,omitempty"`
	// N starts the node at the N-th taken edge; 0 means all.
	N int `json:"n,omitempty"`
}

// IsZero reports whether j is the default, join: all.
func (j Join) IsZero() bool { return j == Join{} }

// Retry is one policy: which errors it takes and how often and when they are tried again.
type Retry struct {
	// Match lists error codes; empty matches all. When is a bare expression over error.
	Match           []string `json:"match,omitempty"`
	When            string   `json:"when,omitempty"`
	MaxAttempts     int      `json:"max_attempts"`
	InitialInterval Millis   `json:"initial_interval"`
	Backoff         float64  `json:"backoff_coefficient"`
	MaxInterval     Millis   `json:"max_interval"`
	Jitter          float64  `json:"jitter"`
}

// Composite is the configuration of a node that opens scopes.
type Composite struct {
	// Scope is the body of scope, foreach and loop. Its Vars, OnFailure, Finally and Rollback hold per instance;
	// for parallel they are in each branch.
	Scope *Scope `json:"scope,omitempty"`
	// Branches of parallel, in written order.
	Branches []Branch `json:"branches,omitempty"`
	// Items (JSON template giving a list or map), As, Batch, Mode ("" or "children") and Collect ("", "list",
	// "count", "none") belong to foreach.
	Items   json.RawMessage `json:"items,omitempty"`
	As      string          `json:"as,omitempty"`
	Batch   int             `json:"batch,omitempty"`
	Mode    string          `json:"mode,omitempty"`
	Collect string          `json:"collect,omitempty"`
	// Add and Close name the signals that feed a foreach while it runs and that end the feeding.
	Add   string `json:"add,omitempty"`
	Close string `json:"close,omitempty"`
	// While, Until (bare expressions) and Max (a template giving an integer) belong to loop.
	While string `json:"while,omitempty"`
	Until string `json:"until,omitempty"`
	Max   Text   `json:"max,omitempty"`
	// Concurrency bounds running instances (scope: running steps); 0 is the type's default.
	Concurrency int `json:"concurrency,omitempty"`
	// Complete is a bare expression over good, failed, done, total; "" means done == total.
	Complete string `json:"complete,omitempty"`
	// Tolerate is how many instances may fail: a count or "p%"; "" is 0, or 100% where Complete is written.
	Tolerate string `json:"tolerate,omitempty"`
	// Rest is "" or "cancel", or "finish".
	Rest string `json:"rest,omitempty"`
	// Child is the configuration of type workflow, kept as written.
	Child json.RawMessage `json:"child,omitempty"`
}

// Branch is one named graph of a parallel.
type Branch struct {
	Name  string `json:"name"`
	Scope Scope  `json:"scope"`
}

// Signal declares a message that executions accept.
type Signal struct {
	// Schema is a JSON Schema of the data; nil accepts anything.
	Schema json.RawMessage `json:"schema,omitempty"`
	// TTL is how long an unconsumed signal is kept; 0 means until the end.
	TTL Millis `json:"ttl,omitempty"`
}

// Text is a string that may hold ${ } expressions, for values that are durations or numbers once evaluated.
type Text string

// Millis is a duration in milliseconds.
type Millis int64
