package pawl

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/function"
)

// registerTime is how long after its start an engine lets calls wait for functions that are not registered yet: it
// goes on with old executions before its program has had time to register anything.
const registerTime = 10 * time.Second

// calls executes function tasks, and lets early ones wait for their function.
type calls struct {
	set   *function.Set
	until time.Time

	mu      sync.Mutex
	changed chan struct{} // closed at the next registration
}

func newCalls(set *function.Set) *calls {
	return &calls{set: set, until: time.Now().Add(registerTime), changed: make(chan struct{})}
}

// registered wakes those that wait.
func (c *calls) registered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *calls) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// Execute implements node.Executor.
func (c *calls) Execute(ctx context.Context, t *node.Task) (model.Result, error) {
	for {
		changed := c.next()
		r, err := c.set.Execute(ctx, t)
		left := time.Until(c.until)
		if r.Error == nil || r.Error.Code != "unknown_function" || left <= 0 || c.ended(t, changed) {
			return r, err
		}
		timer := time.NewTimer(left)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return model.Result{}, context.Cause(ctx)
		}
		timer.Stop()
	}
}

// ended reports whether the function is there and has itself ended with that code, rather than come meanwhile.
func (c *calls) ended(t *node.Task, changed <-chan struct{}) bool {
	var with struct{ Name string }
	if json.Unmarshal(t.With, &with) != nil {
		return true
	}
	_, known := c.set.Lookup(with.Name)
	select {
	case <-changed:
		return false
	default:
		return known
	}
}
