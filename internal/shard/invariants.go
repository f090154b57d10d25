package shard

import (
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/record"
)

// Invariants checks what the core promises about itself. It is slow and meant for tests; it may be called between
// any two events.
func (c *Core) Invariants() error {
	resting, pending, size := 0, 0, 0
	for _, e := range c.sorted() {
		if err := c.check(e); err != nil {
			return fmt.Errorf("execution %s: %w", e.id, err)
		}
		if e.resting {
			resting++
		}
		pending += len(e.inbox)
		size += e.size
		for i := range e.inbox {
			size += e.inbox[i].payload()
		}
	}
	//archtest:ordered sums do not depend on the order
	for _, late := range c.births {
		for i := range late {
			pending++
			size += late[i].payload()
		}
	}
	for _, k := range c.sortedKeys() {
		for i := range k.starts {
			for j := range k.starts[i].late {
				pending++
				size += k.starts[i].late[j].payload()
			}
		}
	}
	if resting != c.rest.n || pending != c.pending || size != c.bytes {
		return fmt.Errorf("counted %d at rest, %d inputs, %d bytes; noted %d, %d, %d", resting, pending, size, c.rest.n, c.pending, c.bytes)
	}
	return c.checkParts()
}

func (c *Core) check(e *execution) error {
	switch {
	case c.wakes.has(e.id):
		return fmt.Errorf("in memory and in the wake heap")
	case e.key != nil && c.keys[e.key.key] != e.key:
		return fmt.Errorf("uses a key that was forgotten")
	case e.newest != nil && !slices.Contains(c.parts, e.newest):
		return fmt.Errorf("waits for a part that is gone")
	case e.queued && e.turned:
		return fmt.Errorf("queued twice")
	case e.turned && c.building() == nil || e.turned && c.building().empty():
		return fmt.Errorf("waits for the next part although none is under construction")
	case e.resting && !e.idle():
		return fmt.Errorf("at rest and not idle")
	case e.phase != live:
		return nil
	case e.state == nil:
		return fmt.Errorf("live without a state")
	case e.def != nil && (len(e.inbox) > 0 || e.goesOn() && !c.draining) && !e.queued && !e.turned:
		return fmt.Errorf("has inputs and no turn")
	case e.state.Seq() > 0 && e.headNextAt > c.truth(e):
		return fmt.Errorf("stored next_at %d is later than the truth %d", e.headNextAt, c.truth(e))
	case e.state.NextTimer() != record.Never && !e.timer.armed && !e.due && e.def != nil && !e.closed():
		return fmt.Errorf("has a timer that is not armed")
	case e.newest == nil && e.def != nil && e.idle() && !e.resting:
		return fmt.Errorf("idle and not in the list of those at rest")
	}
	return c.checkTasks(e)
}

// checkTasks compares the outstanding tasks of the state with those that were handed out or will be.
func (c *Core) checkTasks(e *execution) error {
	if e.closed() || e.def == nil || e.queued || e.turned {
		return nil
	}
	for _, ref := range e.state.Tasks() {
		if e.tasks.find(ref) == nil {
			return fmt.Errorf("task %s/%d is outstanding and with nobody", ref.Step, ref.Attempt)
		}
	}
	return nil
}

func (c *Core) checkParts() error {
	var last uint64
	for i, p := range c.parts {
		if p.sealed {
			if p.Number <= last {
				return fmt.Errorf("part %d follows part %d", p.Number, last)
			}
			last = p.Number
			continue
		}
		if i != len(c.parts)-1 {
			return fmt.Errorf("an open part before a sealed one")
		}
	}
	return nil
}

// Holds says where an execution is that the store has with the given next_at: in memory, in the wake heap, or
// beyond the scan horizon. False: nobody would look at it.
func (c *Core) Holds(id record.ID, nextAt int64) bool {
	if c.execs[id] != nil || c.wakes.has(id) || nextAt == record.Never {
		return true
	}
	return before(c.horizon, record.Due{At: nextAt, Execution: id})
}
