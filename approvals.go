package pawl

import (
	"context"
	"encoding/json"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Approval is a step that waits for people to decide.
type Approval struct {
	// Execution, Workflow, Version and Key say where; they are empty within [Waiting].
	Execution string `json:"execution,omitempty"`
	Workflow  string `json:"workflow,omitempty"`
	Version   string `json:"version,omitempty"`
	Key       string `json:"key,omitempty"`
	// Step is the path that [Engine.Decide] takes.
	Step        string   `json:"step"`
	Node        string   `json:"node"`
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Outcomes    []string `json:"outcomes"`
	// Everybody may decide; else the people and groups in Assignees. Those in Exclude may not in any case.
	Everybody bool     `json:"everybody,omitempty"`
	Assignees []string `json:"assignees,omitempty"`
	Exclude   []string `json:"exclude,omitempty"`
	// Quorum is how many people must choose the first outcome, Veto how many another one.
	Quorum int `json:"quorum"`
	Veto   int `json:"veto"`
	// Form is the JSON Schema of what is filled in with a decision; nil where there is none.
	Form  json.RawMessage `json:"form,omitempty"`
	Votes []Vote          `json:"votes,omitempty"`
	Since time.Time       `json:"since"`
	// Until is when it runs out of time, Escalates when those in Adds are asked too; zero where never.
	Until     time.Time `json:"until,omitzero"`
	Escalates time.Time `json:"escalates,omitzero"`
	Adds      []string  `json:"adds,omitempty"`
}

// ApprovalFilter selects approvals; zero fields select all.
type ApprovalFilter struct {
	// Person selects what this person, a member of Groups, may decide and has not.
	Person string
	Groups []string
	// Group selects what is asked of this group or person by that very name, whoever may decide it besides.
	Group    string
	Workflow string
	// Limit is the least number of approvals on a page that is not the last: 100, at most 1,000. A page never ends
	// between two approvals of one execution.
	Limit int
	// Cursor is [ApprovalPage.Next] of the page before.
	Cursor string
}

// ApprovalPage is one page of approvals, those of the newest execution first.
type ApprovalPage struct {
	Approvals []Approval `json:"approvals"`
	// Next is the cursor of the next page, "" on the last.
	Next string `json:"next,omitempty"`
}

// Approvals returns a page of the approvals that wait for somebody: an inbox.
func (e *Engine) Approvals(ctx context.Context, f ApprovalFilter) (ApprovalPage, error) {
	if f.Limit <= 0 || f.Limit > 1000 {
		f.Limit = 100
	}
	if f.Cursor != "" {
		if _, err := record.ParseID(f.Cursor); err != nil {
			return ApprovalPage{}, invalid("ApprovalFilter.Cursor is not one of a page: %v", err)
		}
	}
	out := ApprovalPage{Next: f.Cursor}
	for {
		p, err := e.backend.Search(ctx, e.opts.Namespace, store.Filter{
			Workflows: list(f.Workflow, nil), Limit: f.Limit, Cursor: out.Next,
			Tags: []store.TagTest{store.HasTag(record.Tag{Name: kernel.TagApproval, Text: kernel.TagWaits})},
		})
		if err != nil {
			return ApprovalPage{}, wrapStore("searching approvals", err)
		}
		for i := range p.Heads {
			h := &p.Heads[i]
			if out.Approvals, err = e.asksOf(ctx, out.Approvals, h, &f); err != nil {
				return ApprovalPage{}, err
			}
			if out.Next = h.Execution.String(); len(out.Approvals) >= f.Limit && (i+1 < len(p.Heads) || p.Next != "") {
				return out, nil
			}
		}
		if out.Next = p.Next; p.Next == "" {
			return out, nil
		}
	}
}

// asksOf appends the approvals of one execution that f selects. An execution that has gone since, or cannot be read,
// has none.
func (e *Engine) asksOf(ctx context.Context, dst []Approval, h *record.Head, f *ApprovalFilter) ([]Approval, error) {
	var found []Approval
	_, err := e.do(ctx, engine.Command{Verb: shard.View, Execution: h.Execution, Look: func(s *kernel.State, _ *kernel.Definition) bool {
		found = nil // it may run again
		for o := range kernel.Open(s) {
			if o.Ask != nil && f.selects(o.Ask) {
				found = append(found, *approvalOf(&o))
			}
		}
		return true
	}})
	switch Code(err) {
	case "":
		if err != nil {
			return dst, err
		}
	case CodeNotFound, CodeQuarantined, CodeLocked, CodeClosed:
		return dst, nil
	default:
		return dst, err
	}
	for _, a := range found {
		a.Execution, a.Workflow, a.Version, a.Key = h.Execution.String(), h.Workflow, h.Version, h.Key
		dst = append(dst, a)
	}
	return dst, nil
}

func (f *ApprovalFilter) selects(a *kernel.Ask) bool {
	if f.Person != "" && a.May(f.Person, f.Groups) != nil {
		return false
	}
	return f.Group == "" || a.Asks(f.Group)
}

func approvalOf(o *kernel.Outstanding) *Approval {
	k := o.Ask
	a := &Approval{
		Step: o.Step, Node: o.Node, Title: k.Title, Description: k.Description, Outcomes: k.Outcomes, Everybody: k.Everybody,
		Assignees: k.Assignees, Exclude: k.Exclude, Quorum: k.Quorum, Veto: k.Veto, Form: k.Form,
		Since: moment(o.Since), Until: moment(o.Until), Escalates: moment(k.Escalates), Adds: k.Adds,
	}
	for _, v := range k.Votes {
		a.Votes = append(a.Votes, Vote{By: v.By, Outcome: v.Outcome, Why: v.Why, At: moment(v.At), Form: v.Form})
	}
	return a
}
