package pawl

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/pawl-dev/pawl/internal/kernel"
)

// Event is one thing that happened to an execution, in the words of the journal. Several events share the Seq of
// their entry.
type Event struct {
	Seq uint64    `json:"seq"`
	At  time.Time `json:"at"`
	// Type is started, begun, command, step_scheduled, step_queued, attempt_started, retry_scheduled, attempt_lost,
	// cancel_requested, wait_started, step_completed, step_failed, step_skipped, step_cancelled, composite_started,
	// scope_opened, scope_closing, scope_closed, signal_received, signal_consumed, signal_expired,
	// signal_undelivered, variable_set, tags_set, log, edges, paused, parked, resumed, completed, failed, cancelled
	// or terminated; approval_requested, vote and escalated of an approval;
	// callback_awaited, callback_received and callback_beat of a step that is answered by token.
	Type string `json:"type"`
	// Step is the path of the step or scope, Node the id in the definition, NodeType its type.
	Step     string `json:"step,omitempty"`
	Node     string `json:"node,omitempty"`
	NodeType string `json:"node_type,omitempty"`
	// Name is that of a signal, variable or command.
	Name    string `json:"name,omitempty"`
	Attempt int    `json:"attempt,omitempty"`
	Outcome string `json:"outcome,omitempty"`
	// Until is when what begins here ends by itself.
	Until time.Time `json:"until,omitzero"`
	// Data is the input, an output or a signal's data.
	Data  json.RawMessage `json:"data,omitempty"`
	Error *Failure        `json:"error,omitempty"`
	By    string          `json:"by,omitempty"`
	Why   string          `json:"why,omitempty"`
	Text  string          `json:"text,omitempty"`
	// Total is the number of instances of a composite, -1 where it is not known.
	Total int `json:"total,omitempty"`
	// Signals are those that a wait waits for.
	Signals []string `json:"signals,omitempty"`
}

// eventOf copies what the engine or the store goes on using.
func eventOf(k kernel.Event) Event {
	return Event{
		Seq: k.Seq, At: moment(k.At), Type: k.Type, Step: k.Step, Node: k.Node, NodeType: k.NodeType, Name: k.Name,
		Attempt: k.Attempt, Outcome: k.Outcome, Until: moment(k.Until), Data: bytes.Clone(k.Data), Error: cloneFailure(k.Error), By: k.By, Why: k.Why,
		Text: k.Text, Total: k.Total, Signals: k.Signals,
	}
}
