// Package node is the contract of effect nodes: code that touches the world on behalf of a step. A node type is a
// folder under node/ with its executor, descriptor and tests; nodetest is the suite they all pass.
//
// The package must not know graphs, stores, shards or workers: an executor sees one task and nothing else.
package node

import (
	"context"
	"encoding/json"
	"time"

	"github.com/pawl-dev/pawl/model"
)

// Executor performs the tasks of one node type. It must return when ctx is cancelled. A returned error is a fault of
// the executor itself and ends the attempt in error with code internal; an expected failure is Result.Error.
// Execute may run many times for one step (at least once); Task.Key is equal over the attempts.
type Executor interface {
	Execute(ctx context.Context, t *Task) (model.Result, error)
}

// Task is one attempt of a step.
type Task struct {
	Namespace string
	Workflow  string
	Version   string
	Execution string
	// Step is the path, Node the id in the definition, Type the node type.
	Step string
	Node string
	Type string
	// Attempt counts from 1.
	Attempt int
	// Key is the idempotency key: equal for all attempts of this step, different for any other step.
	Key string
	// Token is what others answer the task with, where the node says callback; "" elsewhere.
	Token string
	// With is the evaluated configuration, JSON, secrets resolved.
	With json.RawMessage
	// Scheduled is when the step was scheduled; Deadline is zero where there is none.
	Scheduled time.Time
	Deadline  time.Time
	// Heartbeat tells the engine that the attempt is alive and may carry progress (any JSON-able value, shown to
	// people, not journaled). Never nil.
	Heartbeat func(progress any)
	// Log adds a line to the step's log. Never nil.
	Log func(line string)
}

// Descriptor says what a node type is, for validation, editors and people.
type Descriptor struct {
	// Type is the key in a definition, such as http.
	Type string `json:"type"`
	// Short is the one-line description; Doc is Markdown.
	Short string `json:"short"`
	Doc   string `json:"doc,omitempty"`
	// Config is the JSON Schema of the configuration. Strings with ${ } are accepted for any value.
	Config json.RawMessage `json:"config"`
	// Output is the JSON Schema of the raw result; nil is anything.
	Output json.RawMessage `json:"output,omitempty"`
	// Outcomes the type can end with beside success and error, and those of them that are bad.
	Outcomes []string `json:"outcomes,omitempty"`
	Bad      []string `json:"bad,omitempty"`
	// Icon is a name of the console's icon set.
	Icon string `json:"icon,omitempty"`
}

// Type couples a descriptor with its executor.
type Type struct {
	Descriptor Descriptor
	Executor   Executor
}

// Registry is a set of node types by name. It is a value; nothing registers itself.
type Registry map[string]Type

// Add puts t in the registry and returns it for chaining; an existing type of the name is replaced.
func (r Registry) Add(t Type) Registry {
	r[t.Descriptor.Type] = t
	return r
}
