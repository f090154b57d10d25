package kernel

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/pawl-dev/pawl/model"
)

// CodeRequestConflict refuses a command whose request id came before with another command.
const CodeRequestConflict = "request_conflict"

// request is what a command asks for, without who asks, but for a decision, which is somebody's, and why. The names are
// part of what is journaled: a digest of them must stay what it was.
type request struct {
	Kind     string            `json:"kind"`
	Step     string            `json:"step,omitempty"`
	Attempt  int               `json:"attempt,omitempty"`
	To       string            `json:"to,omitempty"`
	IfAt     string            `json:"if_at,omitempty"`
	IfSeq    uint64            `json:"if_seq,omitempty"`
	Shift    bool              `json:"shift,omitempty"`
	Name     string            `json:"name,omitempty"`
	ID       string            `json:"id,omitempty"`
	TTL      int64             `json:"ttl,omitempty"`
	Outcome  string            `json:"outcome,omitempty"`
	By       string            `json:"by,omitempty"`
	Data     json.RawMessage   `json:"data,omitempty"`
	Result   *model.Result     `json:"result,omitempty"`
	Error    *model.Error      `json:"error,omitempty"`
	Vars     []model.Assign    `json:"vars,omitempty"`
	Version  string            `json:"version,omitempty"`
	Renames  map[string]string `json:"renames,omitempty"`
	Progress json.RawMessage   `json:"progress,omitempty"`
}

// digestOf tells what a command with a request id asks for from anything else; "" where it has none, or is a start, whose
// key tells.
func digestOf(in *Input) string {
	if in.Request == "" || in.Kind == InStart || in.Kind == InGather {
		return ""
	}
	r := request{
		Kind: inputNames[in.Kind], Step: in.Step, Attempt: in.Attempt, To: in.To, IfAt: in.IfAt, IfSeq: in.IfSeq, Shift: in.Shift,
		Result: in.Result, Error: in.Error, Vars: in.Vars,
	}
	if s := in.Signal; s != nil {
		r.Name, r.ID, r.TTL, r.Data = s.Name, s.ID, s.TTL, s.Data
	}
	if d := in.Decision; d != nil {
		r.Step, r.Outcome, r.By, r.Data = d.Step, d.Outcome, in.By, d.Form
	}
	if m := in.Migration; m != nil {
		r.Version, r.Renames = m.Version, m.Map
	}
	if c := in.Callback; c != nil {
		r.Result, r.Progress = c.Result, c.Progress
	}
	r.Result = quiet(r.Result)
	return digest(r)
}

// quiet is a result without its log, which may say when, and with one word for success.
func quiet(r *model.Result) *model.Result {
	if r == nil {
		return nil
	}
	q := *r
	q.Log = nil
	if q.Outcome == model.Success {
		q.Outcome = ""
	}
	return &q
}

// digest is a short hash of the JSON of v; "" where that is none.
func digest(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return fmt.Sprintf("%x", sum[:8])
}
