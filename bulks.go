package pawl

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Bulks starts, reads and commands bulks: one verb of an operator, done to every execution that a filter selects,
// newest first. A bulk is an execution with a journal of its own. Engines that execute tasks carry it on, see
// [Options.Bulks], and any engine on the store may look at it, pause it and stop it. After a crash it goes on where it
// stood: a page of executions is chosen and then done, and each command carries a request id made of the bulk's and the
// execution's, so nothing is done twice.
type Bulks struct{ e *Engine }

// Bulks gives access to the bulks of the namespace.
func (e *Engine) Bulks() Bulks { return Bulks{e} }

// BulkSpec says what to do to which executions.
type BulkSpec struct {
	// ID names the bulk; drawn where it is empty. A start with the ID of a bulk that is there changes nothing.
	ID string
	// Filter selects the executions; Limit and Cursor are not used. What starts after the bulk is not found.
	Filter Filter
	Do     BulkVerb
	// Canary is how many to do before it pauses and waits for Resume; 0 does not pause.
	Canary int
	// PauseAfter pauses the bulk each time that so many more were refused; 0 never.
	PauseAfter int
}

// BulkState is what a bulk is at.
type BulkState string

// The states of a bulk.
const (
	BulkRunning BulkState = "running"
	BulkPaused  BulkState = "paused" // by somebody, after the canary, after refusals, or because of Error
	BulkStopped BulkState = "stopped"
	BulkDone    BulkState = "done"
)

// BulkProgress is how far a bulk has come.
type BulkProgress struct {
	ID string `json:"id"`
	// Execution is the id under which the journal of the bulk is kept.
	Execution string    `json:"execution"`
	State     BulkState `json:"state"`
	Do        BulkVerb  `json:"do"`
	Filter    Filter    `json:"filter"`
	Started   time.Time `json:"started"`
	Ended     time.Time `json:"ended,omitzero"`
	BulkCounts
	// Error is why it stopped or paused by itself.
	Error *Failure `json:"error,omitempty"`
}

// BulkCounts are the executions of the pages that are done.
type BulkCounts struct {
	// Found are those looked at so far, of which Done were done and Refused were not.
	Found   int `json:"found"`
	Done    int `json:"done"`
	Refused int `json:"refused"`
	// Codes counts the refusals by code; Refusals are the first hundred.
	Codes    map[string]int `json:"codes,omitempty"`
	Refusals []BulkRefusal  `json:"refusals,omitempty"`
}

// BulkRefusal is one execution to which it could not be done.
type BulkRefusal struct {
	Execution string `json:"execution"`
	Code      string `json:"code"`
	Message   string `json:"message"`
}

// manyRefusals bounds the refusals that a bulk remembers.
const manyRefusals = 100

// bulkInput is the input of the execution of a bulk: see internal/engine/bulk.yaml.
type bulkInput struct {
	ID         string   `json:"id"`
	Filter     Filter   `json:"filter"`
	Do         BulkVerb `json:"do"`
	By         string   `json:"by"`
	Why        string   `json:"why"`
	Canary     int      `json:"canary"`
	PauseAfter int      `json:"pause_after"`
}

// check refuses what could be done to no execution.
func (s *BulkSpec) check() error {
	s.Filter.Limit, s.Filter.Cursor = 0, ""
	if s.Filter.Order == Oldest {
		return invalid("a bulk goes from the newest execution to the oldest, so that it has an end")
	}
	if _, err := s.Filter.search(); err != nil {
		return err
	}
	if s.Canary < 0 || s.PauseAfter < 0 {
		return invalid("Canary and PauseAfter cannot be negative")
	}
	if err := checkText("the bulk's id", s.ID, maxName-32); err != nil {
		return err
	}
	return s.Do.check()
}

// Start begins a bulk. Where there is one of that ID that does the same, it is told how far that has come.
func (b Bulks) Start(ctx context.Context, s BulkSpec, opts ...CommandOption) (*BulkProgress, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	o := b.e.commandOptions(opts)
	if err := o.check(); err != nil {
		return nil, err
	}
	if s.ID == "" {
		s.ID = fmt.Sprintf("bulk-%016x", rand.Uint64())
	}
	raw, err := encode("the bulk", bulkInput{ID: s.ID, Filter: s.Filter, Do: s.Do, By: o.by, Why: o.why, Canary: s.Canary, PauseAfter: s.PauseAfter})
	if err != nil {
		return nil, err
	}
	id := kernel.BulkID(b.e.opts.Namespace, s.ID)
	r, err := b.e.do(ctx, engine.Command{
		Verb: shard.Start, Execution: id, Request: o.request, By: o.by, Why: o.why, Repeat: true,
		Start: &kernel.Start{ID: id, Namespace: b.e.opts.Namespace, Workflow: kernel.BulkWorkflow, Version: "1.0.0", Input: raw},
	})
	if err != nil {
		return nil, err
	}
	p, err := b.read(ctx, id)
	if err != nil || !r.Existing {
		return p, err
	}
	var want bulkInput
	if err := decodeExactly(raw, &want); err != nil {
		return nil, err
	}
	if !sameJSON([]any{p.Do, p.Filter}, []any{want.Do, want.Filter}) {
		return nil, &Error{Code: CodeKeyConflict, Message: "there is a bulk " + s.ID + " that does something else"}
	}
	return p, nil
}

// decodeExactly reads JSON and keeps numbers as they are written.
func decodeExactly(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return d.Decode(into)
}

func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// List gives all bulks that are kept, newest first.
func (b Bulks) List(ctx context.Context) ([]BulkProgress, error) {
	ids, err := b.e.entities(ctx, kernel.BulkWorkflow, nil)
	if err != nil {
		return nil, err
	}
	out := make([]BulkProgress, 0, len(ids))
	for _, id := range ids {
		p, err := b.read(ctx, id)
		if Code(err) == CodeNotFound {
			continue // its retention has ended meanwhile
		}
		if err != nil {
			return nil, err
		}
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b BulkProgress) int { return b.Started.Compare(a.Started) })
	return out, nil
}

// Get reads one bulk.
func (b Bulks) Get(ctx context.Context, id string) (*BulkProgress, error) {
	return b.read(ctx, kernel.BulkID(b.e.opts.Namespace, id))
}

func (b Bulks) read(ctx context.Context, id record.ID) (*BulkProgress, error) {
	p := &BulkProgress{Execution: id.String()}
	var counts, input []byte
	_, err := b.e.do(ctx, engine.Command{Verb: shard.View, Execution: id, Look: func(s *kernel.State, _ *kernel.Definition) bool {
		counts, input = bulkCounts(s), bytes.Clone(s.Input())
		p.look(b.e.copyState(s, time.Now().UnixMilli()))
		return true
	}})
	if Code(err) == CodeNotFound {
		return nil, notFound("there is no bulk of that name")
	}
	if err != nil {
		return nil, err
	}
	if len(input) == 0 || string(input) == "null" {
		if input, err = b.e.inputOf(ctx, id); err != nil {
			return nil, err
		}
	}
	var in bulkInput
	if err := decodeExactly(input, &in); err != nil {
		return nil, notFound("%s is no bulk", id)
	}
	p.ID, p.Do, p.Filter = in.ID, in.Do, in.Filter
	if len(counts) > 0 {
		err = json.Unmarshal(counts, &p.BulkCounts)
	}
	if len(p.Codes) == 0 {
		p.Codes = nil
	}
	return p, err
}

// bulkCounts are the variables of an open bulk, or the output of one that has ended.
func bulkCounts(s *kernel.State) []byte {
	vars, ok := kernel.Vars(s, "")
	if !ok {
		return bytes.Clone(s.Output())
	}
	all := map[string]json.RawMessage{}
	for name, raw := range vars {
		all[name] = raw
	}
	out, _ := json.Marshal(all) // they are JSON
	return out
}

// look reads the state of the execution.
func (p *BulkProgress) look(x *Execution) {
	p.State, p.Started, p.Ended, p.Error = BulkRunning, x.Started, x.Ended, x.Error
	switch x.Status {
	case model.Completed:
		p.State = BulkDone
		if x.Outcome == "stopped" {
			p.State = BulkStopped
		}
	case model.Paused, model.Parked:
		p.State = BulkPaused
	case model.Failed, model.Cancelled, model.Terminated:
		p.State = BulkStopped
	}
	for _, w := range x.Waiting {
		if w.Node == "look" {
			p.State = BulkPaused
		}
		if w.Error != nil {
			p.Error = w.Error
		}
	}
}

// Pause lets a bulk begin no further page; that at hand is brought to an end.
func (b Bulks) Pause(ctx context.Context, id string, opts ...CommandOption) error {
	return b.e.Pause(ctx, kernel.BulkID(b.e.opts.Namespace, id).String(), opts...)
}

// Resume lets a paused bulk, also one after its canary, go on.
func (b Bulks) Resume(ctx context.Context, id string, opts ...CommandOption) error {
	p, err := b.Get(ctx, id)
	if err != nil {
		return err
	}
	if p.State != BulkPaused {
		return &Error{Code: CodeNotPaused, Message: "the bulk is " + string(p.State)}
	}
	err = b.e.Resume(ctx, p.Execution, opts...)
	if err != nil && Code(err) != CodeNotPaused {
		return err
	}
	if p, err = b.Get(ctx, id); err != nil || p.State != BulkPaused {
		return err
	}
	return b.e.entityCommand(ctx, kernel.BulkID(b.e.opts.Namespace, id), "resume", nil, opts)
}

// Stop ends a bulk after the page at hand. What was done stays done.
func (b Bulks) Stop(ctx context.Context, id string, opts ...CommandOption) error {
	x := kernel.BulkID(b.e.opts.Namespace, id)
	if err := b.e.entityCommand(ctx, x, "stop", nil, opts); err != nil {
		return err
	}
	err := b.e.Resume(ctx, x.String(), opts...) // what is paused would not see that it is to stop
	if code := Code(err); code == CodeNotPaused || code == CodeClosed {
		return nil
	}
	return err
}

// Wait returns when the bulk is paused, stopped or done, or ctx ends.
func (b Bulks) Wait(ctx context.Context, id string) (*BulkProgress, error) {
	x := kernel.BulkID(b.e.opts.Namespace, id)
	_, err := b.e.do(ctx, engine.Command{Verb: shard.Wait, Execution: x, Look: func(s *kernel.State, _ *kernel.Definition) bool {
		var p BulkProgress
		p.look(b.e.copyState(s, time.Now().UnixMilli()))
		return p.State != BulkRunning
	}})
	if err != nil {
		return nil, err
	}
	return b.read(ctx, x)
}
