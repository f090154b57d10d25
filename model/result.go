package model

import "encoding/json"

// Result is the one envelope in which every task ends, in process or remote.
type Result struct {
	// Outcome is the label; empty means success, or error when Error is set.
	Outcome string `json:"outcome,omitempty"`
	// Output is any JSON value; nil is null.
	Output json.RawMessage `json:"output,omitempty"`
	Error  *Error          `json:"error,omitempty"`
	// Set assigns variables in the same transition; Op "" is set. Values are plain JSON, never templates.
	Set  []Assign                   `json:"set,omitempty"`
	Log  []string                   `json:"log,omitempty"`
	Tags map[string]json.RawMessage `json:"tags,omitempty"`
	// Start begins executions and Send signals others, in the same transition. Nobody waits for what becomes of them.
	Start []StartRequest `json:"start,omitempty"`
	Send  []SendRequest  `json:"send,omitempty"`
	// Delay keeps the token for that time before the edge is followed.
	Delay Millis `json:"delay,omitempty"`
}

// StartRequest asks for an execution of another workflow, a child that lives on. A key that an open execution has is
// left to that one.
type StartRequest struct {
	Workflow string `json:"workflow"`
	// Version is a constraint; empty is the active version.
	Version string          `json:"version,omitempty"`
	Key     string          `json:"key,omitempty"`
	Input   json.RawMessage `json:"input,omitempty"`
}

// SendRequest is a signal to another execution: the one with the id To ("parent" is the own parent), or the holder of
// Key of Workflow.
type SendRequest struct {
	To       string          `json:"to,omitempty"`
	Workflow string          `json:"workflow,omitempty"`
	Key      string          `json:"key,omitempty"`
	Signal   string          `json:"signal"`
	Data     json.RawMessage `json:"data,omitempty"`
	// ID makes a repeat a no-op; empty is derived from the step.
	ID string `json:"id,omitempty"`
}

// Error is why a step, scope or execution failed, or why a request was refused: a code for machines, a message that
// is safe to show, and optional details. It is a value of the journal, so it holds no Go error.
type Error struct {
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Details json.RawMessage `json:"details,omitempty"`
	// Retryable is nil where the executor does not say; policies then decide.
	Retryable *bool `json:"retryable,omitempty"`
	// RetryAfter, in milliseconds, is the least wait before the next attempt.
	RetryAfter Millis `json:"retry_after,omitempty"`
	// Step is the path of the step it began in, where known.
	Step string `json:"step,omitempty"`
}

// Error implements the error interface as "code: message".
func (e *Error) Error() string { return e.Code + ": " + e.Message }
