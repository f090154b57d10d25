package pawl

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
)

// bulkType is the node type of internal/engine/bulk.yaml. No definition of a user knows it.
const bulkType = "bulk"

// Bounds of a page of a bulk.
const (
	bulkPage = 100
	bulkAtA  = 16 // done at a time
)

// bulker executes the steps of bulks: it finds a page, or does the verb to each of one.
type bulker struct{ e *Engine }

// bulkTask is the configuration of either step.
type bulkTask struct {
	Find   *Filter `json:"find"`
	Cursor string  `json:"cursor"`
	Most   int     `json:"most"`

	Bulk  string         `json:"bulk"`
	Do    BulkVerb       `json:"do"`
	By    string         `json:"by"`
	Why   string         `json:"why"`
	To    []string       `json:"to"`
	Codes map[string]int `json:"codes"`
	Room  int            `json:"room"`
}

// Execute implements node.Executor.
func (b bulker) Execute(ctx context.Context, t *node.Task) (model.Result, error) {
	var task bulkTask
	if err := decodeExactly(t.With, &task); err != nil {
		return model.Result{}, err
	}
	e := b.e.speakingFor(t.Namespace)
	var out any
	var err error
	if task.Find != nil {
		out, err = task.find(ctx, e)
	} else {
		out, err = task.act(ctx, e)
	}
	if ctx.Err() != nil {
		return model.Result{}, context.Cause(ctx)
	}
	if err != nil {
		return model.Result{Error: &model.Error{Code: CodeUnavailable, Message: err.Error()}}, nil
	}
	raw, err := json.Marshal(out)
	return model.Result{Output: raw}, err
}

// speakingFor is the engine with another namespace for its calls.
func (e *Engine) speakingFor(namespace string) *Engine {
	if namespace == e.opts.Namespace {
		return e
	}
	v := &Engine{
		opts: e.opts, backend: e.backend, loop: e.loop, config: e.config, calls: e.calls, signer: e.signer,
		carried: e.carried, thinkers: e.thinkers,
	}
	v.opts.Namespace = namespace
	return v
}

// find chooses the executions of a page.
func (t *bulkTask) find(ctx context.Context, e *Engine) (any, error) {
	f := *t.Find
	f.Cursor, f.Limit = t.Cursor, bulkPage
	if t.Most > 0 {
		f.Limit = min(f.Limit, t.Most)
	}
	ids, next, err := e.selected(ctx, f)
	if err != nil {
		return nil, err
	}
	return map[string]any{"ids": ids, "next": next}, nil
}

// selected is a page of executions for a bulk: limits, schedules and bulks are never among them, whatever f says.
func (e *Engine) selected(ctx context.Context, f Filter) (ids []string, next string, err error) {
	page, err := e.List(ctx, f)
	ids = make([]string, 0, len(page.Executions))
	for i := range page.Executions {
		if x := &page.Executions[i]; !kernel.IsEntity(x.Workflow) {
			ids = append(ids, x.ID)
		}
	}
	return ids, page.Next, err
}

// act does the verb to each execution of a page. Where the outcome of one is not known, all of it is done again.
func (t *bulkTask) act(ctx context.Context, e *Engine) (any, error) {
	errs := make([]error, len(t.To))
	var running sync.WaitGroup
	free := make(chan struct{}, bulkAtA)
	for i, id := range t.To {
		free <- struct{}{}
		running.Go(func() {
			errs[i] = t.Do.do(ctx, e, id, []CommandOption{By(t.By), Why(t.Why), RequestID(t.Bulk + "/" + id)})
			<-free
		})
	}
	running.Wait()
	var c BulkCounts
	c.Codes, c.Refusals = t.Codes, []BulkRefusal{}
	for i, err := range errs {
		switch Code(err) {
		case CodeUnavailable, CodeOverloaded, CodeStopping, CodeStore:
			return nil, err
		}
		c.add(t.To[i], err, t.Room)
	}
	return map[string]any{"done": c.Done, "refused": c.Refused, "codes": c.Codes, "refusals": c.Refusals}, nil
}

// add counts what became of one execution.
func (c *BulkCounts) add(id string, err error, room int) {
	c.Found++
	if err == nil {
		c.Done++
		return
	}
	c.Refused++
	code := Code(err)
	if code == "" {
		code = CodeUnavailable
	}
	if c.Codes == nil {
		c.Codes = map[string]int{}
	}
	c.Codes[code]++
	if len(c.Refusals) < room {
		c.Refusals = append(c.Refusals, BulkRefusal{Execution: id, Code: code, Message: err.Error()})
	}
}
