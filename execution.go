package pawl

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Execution is one run of a workflow version, as it was when it was read. Times are zero where they are not known
// yet. Input, Output, Steps and Waiting are filled by [Engine.Get] only.
type Execution struct {
	ID       string `json:"id"`
	Workflow string `json:"workflow"`
	Version  string `json:"version"`
	Key      string `json:"key,omitempty"`
	Parent   string `json:"parent,omitempty"`
	// ForkOf is the execution whose state it began with, as of entry ForkSeq.
	ForkOf  string       `json:"fork_of,omitempty"`
	ForkSeq uint64       `json:"fork_seq,omitempty"`
	Status  model.Status `json:"status"`
	Outcome string       `json:"outcome,omitempty"`
	Error   *Failure     `json:"error,omitempty"`
	// Fingerprint is what errors share that differ only in numbers, ids and quoted text: 16 hex digits.
	Fingerprint string `json:"fingerprint,omitempty"`
	// WaitingFor is what an execution that rests waits for, in short words, as in "signal approve, timer": signal NAME,
	// condition, timer, retry, approval, callback, child WORKFLOW, answer, limit NAME/KEY, start, more starts or operator.
	// It is "" while something of it is at work; [Engine.List] learns of it some seconds after it came to rest.
	WaitingFor string         `json:"waiting_for,omitempty"`
	Tags       map[string]any `json:"tags,omitempty"`
	Started    time.Time      `json:"started"`
	Ended      time.Time      `json:"ended,omitzero"`
	// Seq is the last entry of the journal that was seen.
	Seq     uint64          `json:"seq,omitempty"`
	Input   json.RawMessage `json:"input,omitempty"`
	Output  json.RawMessage `json:"output,omitempty"`
	Steps   []Step          `json:"steps,omitempty"`
	Waiting []Waiting       `json:"waiting,omitempty"`
}

// Closed reports whether the execution has ended.
func (x *Execution) Closed() bool { return x.Status.Closed() }

// Step is one activation of a node. Path identifies it, as in each[17]/charge#2.
type Step struct {
	Path      string           `json:"path"`
	Node      string           `json:"node"`
	Type      string           `json:"type"`
	Status    model.StepStatus `json:"status"`
	Outcome   string           `json:"outcome,omitempty"`
	Attempt   int              `json:"attempt,omitempty"`
	Scheduled time.Time        `json:"scheduled"`
	Ended     time.Time        `json:"ended,omitzero"`
	Output    json.RawMessage  `json:"output,omitempty"`
	Error     *Failure         `json:"error,omitempty"`
	// Total, Good and Failed count the instances of a composite; Total is -1 where it is not known.
	Total  int `json:"total,omitempty"`
	Good   int `json:"good,omitempty"`
	Failed int `json:"failed,omitempty"`
}

// Waiting is one thing that keeps an execution from going on, and what would let it.
type Waiting struct {
	// Kind is task, backoff, wait, scope, cancel, more, pending, paused, parked, queued, timeout, limit, approval,
	// callback, answer, child or gather.
	Kind string `json:"kind"`
	// Step is its path; "" for the execution itself.
	Step string `json:"step,omitempty"`
	Node string `json:"node,omitempty"`
	// Type is that of the node.
	Type string `json:"type,omitempty"`
	// Since is when it began, Until when it ends by itself.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
	// Signals that would let a wait go on.
	Signals []string `json:"signals,omitempty"`
	Attempt int      `json:"attempt,omitempty"`
	Error   *Failure `json:"error,omitempty"`
	// Running, Done and Total count the instances of a composite; Total is -1 where it is not known.
	Running int `json:"running,omitempty"`
	Done    int `json:"done,omitempty"`
	Total   int `json:"total,omitempty"`
	// Progress is what the holder of a task's token said last.
	Progress json.RawMessage `json:"progress,omitempty"`
	// Approval is what people are asked.
	Approval *Approval `json:"approval,omitempty"`
	// Limit is what a step, or the execution, waits for, with who holds it.
	Limit *Limit `json:"limit,omitempty"`
	// Sentence says all of it to people.
	Sentence string `json:"sentence"`
}

var openKinds = map[kernel.OpenKind]string{
	kernel.OpenTask: "task", kernel.OpenBackoff: "backoff", kernel.OpenWait: "wait", kernel.OpenScope: "scope",
	kernel.OpenCancel: "cancel", kernel.OpenMore: "more", kernel.OpenPending: "pending", kernel.OpenPaused: "paused",
	kernel.OpenParked: "parked", kernel.OpenTimeout: "timeout", kernel.OpenQueued: "queued",
	kernel.OpenApproval: "approval", kernel.OpenCallback: "callback",
	kernel.OpenAnswer: "answer", kernel.OpenChild: "child",
	kernel.OpenLimit: "limit", kernel.OpenGather: "gather",
}

func waitingOf(o kernel.Outstanding, now int64) Waiting {
	w := Waiting{
		Kind: openKinds[o.Kind], Step: o.Step, Node: o.Node, Type: o.Type, Since: moment(o.Since), Until: moment(o.Until),
		Attempt: o.Attempt, Error: cloneFailure(o.Error), Running: o.Running, Done: o.Done, Total: o.Total, Sentence: kernel.Explain(o, now),
	}
	if o.Kind == kernel.OpenWait {
		w.Signals = append(w.Signals, o.Names...)
	}
	w.Progress = bytes.Clone(o.Progress)
	if o.Ask != nil {
		w.Approval = approvalOf(&o)
	}
	if o.Kind == kernel.OpenLimit {
		w.Limit = &Limit{Name: o.Limit, Key: o.LimitKey, Execution: o.Execution.String()}
	}
	return w
}

func stepOf(v kernel.StepView) Step {
	return Step{
		Path: v.Path, Node: v.Node, Type: v.Type, Status: v.Status, Outcome: v.Outcome, Attempt: v.Attempt,
		Scheduled: moment(v.Scheduled), Ended: moment(v.Ended), Output: bytes.Clone(v.Output), Error: cloneFailure(v.Error),
		Total: v.Total, Good: v.Good, Failed: v.Failed,
	}
}

// cloneFailure copies an error, which the engine goes on reading, for a caller, who may change it.
func cloneFailure(f *Failure) *Failure {
	if f == nil {
		return nil
	}
	c := *f
	c.Details = bytes.Clone(f.Details)
	if f.Retryable != nil {
		again := *f.Retryable
		c.Retryable = &again
	}
	return &c
}

// executionOf is the searchable part of an execution.
func executionOf(h *record.Head) Execution {
	x := Execution{
		ID: h.Execution.String(), Workflow: h.Workflow, Version: h.Version, Key: h.Key, Status: model.Status(h.Status),
		Outcome: h.Outcome, Fingerprint: h.Fingerprint, WaitingFor: h.Waiting, Started: moment(h.Started), Ended: moment(h.Ended),
	}
	if !h.Parent.IsZero() {
		x.Parent = h.Parent.String()
	}
	if h.Error != "" {
		x.Error = shortError(h.Error)
	}
	for _, t := range h.Tags {
		if t.Name == kernel.TagApproval {
			continue
		}
		if x.Tags == nil {
			x.Tags = map[string]any{}
		}
		if t.IsNum {
			x.Tags[t.Name] = t.Num
		} else {
			x.Tags[t.Name] = t.Text
		}
	}
	return x
}

// shortError reads "code: message" as heads keep it.
func shortError(s string) *Failure {
	for i := range len(s) {
		if s[i] == ':' {
			return &Failure{Code: s[:i], Message: trimLeft(s[i+1:])}
		}
	}
	return &Failure{Code: s}
}

func trimLeft(s string) string {
	for len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	return s
}

// moment is a time from Unix milliseconds; 0 and record.Never are none.
func moment(ms int64) time.Time {
	if ms == 0 || ms == record.Never {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
