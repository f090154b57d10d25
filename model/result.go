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
	// Delay keeps the token for that time before the edge is followed.
	Delay Millis `json:"delay,omitempty"`
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
