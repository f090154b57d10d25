package pawl

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
)

// Bulk does one thing to every execution that a filter selects, one after the other, newest first. It is made by
// [Engine.Bulk] and lives in this process.
//
// Each command carries a request id made of the bulk's and the execution's, and the executions remember it. So a bulk
// that was broken off is gone on with by another of the same ID: what has been done is answered as it was, not done
// again.
type Bulk struct {
	id string

	mu       sync.Mutex
	progress BulkProgress
	changed  chan struct{} // closed at the next change
	stop     context.CancelFunc
}

// BulkSpec says what to do to which executions.
type BulkSpec struct {
	// ID names the bulk; a repeat with the same one does nothing twice. Drawn where it is empty.
	ID string
	// Filter selects the executions; Limit and Cursor are not used.
	Filter Filter
	// Do does it to one of them and must hand on opts, which carry the request id.
	Do func(ctx context.Context, id string, opts ...CommandOption) error
	// Canary is how many to do before it pauses and waits for Resume; 0 does not pause.
	Canary int
	// StopAfter stops the bulk when so many were refused; 0 never.
	StopAfter int
}

// BulkState is what a bulk is at.
type BulkState string

// The states of a bulk.
const (
	BulkRunning BulkState = "running"
	BulkPaused  BulkState = "paused"
	BulkStopped BulkState = "stopped"
	BulkDone    BulkState = "done"
)

// BulkProgress is how far a bulk has come.
type BulkProgress struct {
	ID    string    `json:"id"`
	State BulkState `json:"state"`
	// Found are those looked at so far, of which Done were done and Refused were not.
	Found   int `json:"found"`
	Done    int `json:"done"`
	Refused int `json:"refused"`
	// Codes counts the refusals by code; Refusals are the first hundred.
	Codes    map[string]int `json:"codes,omitempty"`
	Refusals []BulkRefusal  `json:"refusals,omitempty"`
	// Error is why it stopped by itself.
	Error string `json:"error,omitempty"`
}

// BulkRefusal is one execution to which it could not be done.
type BulkRefusal struct {
	Execution string `json:"execution"`
	Code      string `json:"code"`
	Message   string `json:"message"`
}

// manyRefusals bounds the refusals that a bulk remembers.
const manyRefusals = 100

// Bulk begins a bulk. It ends with the engine, or when ctx does.
func (e *Engine) Bulk(ctx context.Context, spec BulkSpec) (*Bulk, error) {
	if spec.Do == nil {
		return nil, invalid("a bulk needs something to do")
	}
	if err := checkText("the bulk's id", spec.ID, maxName-32); err != nil {
		return nil, err
	}
	if spec.ID == "" {
		spec.ID = fmt.Sprintf("bulk-%016x", rand.Uint64())
	}
	spec.Filter.Limit, spec.Filter.Cursor = 0, ""
	if _, err := spec.Filter.search(); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	b := &Bulk{id: spec.ID, stop: stop, changed: make(chan struct{})}
	b.progress = BulkProgress{ID: spec.ID, State: BulkRunning}
	go func() {
		defer stop()
		b.end(e.bulk(ctx, b, &spec), ctx)
	}()
	return b, nil
}

// bulk goes through the pages of the filter.
func (e *Engine) bulk(ctx context.Context, b *Bulk, spec *BulkSpec) error {
	for f := spec.Filter; ; {
		page, err := e.List(ctx, f)
		if err != nil {
			return err
		}
		for i := range page.Executions {
			if err := b.wait(ctx); err != nil {
				return err
			}
			id := page.Executions[i].ID
			err := spec.Do(ctx, id, RequestID(b.id+"/"+id))
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if b.count(id, err, spec) {
				return nil
			}
		}
		if page.Next == "" {
			return nil
		}
		f.Cursor = page.Next
	}
}

// wait returns when the bulk runs.
func (b *Bulk) wait(ctx context.Context) error {
	for {
		b.mu.Lock()
		paused, changed := b.progress.State == BulkPaused, b.changed
		b.mu.Unlock()
		if !paused {
			return ctx.Err()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// count notes what became of one execution, and reports whether that was one refusal too many.
func (b *Bulk) count(id string, err error, spec *BulkSpec) (stop bool) {
	b.update(func(p *BulkProgress) {
		p.Found++
		if err == nil {
			p.Done++
		} else {
			p.refuse(id, err)
		}
		if spec.Canary > 0 && p.Found == spec.Canary {
			p.State = BulkPaused
		}
		if stop = spec.StopAfter > 0 && p.Refused >= spec.StopAfter; stop {
			p.State, p.Error = BulkStopped, "too many were refused"
		}
	})
	return stop
}

func (p *BulkProgress) refuse(id string, err error) {
	p.Refused++
	code := Code(err)
	if code == "" {
		code = CodeUnavailable
	}
	if p.Codes == nil {
		p.Codes = map[string]int{}
	}
	p.Codes[code]++
	if len(p.Refusals) < manyRefusals {
		p.Refusals = append(p.Refusals, BulkRefusal{Execution: id, Code: code, Message: err.Error()})
	}
}

func (b *Bulk) end(err error, ctx context.Context) {
	b.update(func(p *BulkProgress) {
		switch {
		case p.State == BulkStopped:
		case ctx.Err() != nil:
			p.State = BulkStopped
		case err != nil:
			p.State, p.Error = BulkStopped, err.Error()
		default:
			p.State = BulkDone
		}
	})
}

func (b *Bulk) update(do func(*BulkProgress)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do(&b.progress)
	close(b.changed)
	b.changed = make(chan struct{})
}

// Progress is how far the bulk has come.
func (b *Bulk) Progress() BulkProgress {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.progress
	p.Codes = map[string]int{}
	for code, n := range b.progress.Codes {
		p.Codes[code] = n
	}
	p.Refusals = append([]BulkRefusal(nil), p.Refusals...)
	return p
}

// Pause lets the bulk do nothing more until Resume; the execution at hand is brought to an end.
func (b *Bulk) Pause() { b.turn(BulkRunning, BulkPaused) }

// Resume lets a paused bulk, also one after its canary, go on.
func (b *Bulk) Resume() { b.turn(BulkPaused, BulkRunning) }

// Stop ends the bulk. What was done stays done.
func (b *Bulk) Stop() { b.stop() }

func (b *Bulk) turn(from, to BulkState) {
	b.update(func(p *BulkProgress) {
		if p.State == from {
			p.State = to
		}
	})
}

// Wait returns when the bulk is paused, stopped or done, or ctx ends.
func (b *Bulk) Wait(ctx context.Context) (BulkProgress, error) {
	for {
		b.mu.Lock()
		state, changed := b.progress.State, b.changed
		b.mu.Unlock()
		if state != BulkRunning {
			return b.Progress(), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return b.Progress(), ctx.Err()
		}
	}
}
