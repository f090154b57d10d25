package shard

import (
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/record"
)

// restList are the executions in memory that could be evicted, those at rest for longest first.
type restList struct {
	front, back *execution
	n, bytes    int
}

func (l *restList) push(e *execution) {
	e.resting, e.prev, e.next = true, l.back, nil
	if l.back != nil {
		l.back.next = e
	} else {
		l.front = e
	}
	l.back = e
	l.n++
	l.bytes += e.size
}

func (l *restList) remove(e *execution) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		l.front = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		l.back = e.prev
	}
	e.resting, e.prev, e.next = false, nil, nil
	l.n--
	l.bytes -= e.size
}

// idle reports whether e may be evicted: nothing waits for it, nothing of it is uncommitted, no task is out.
func (e *execution) idle() bool {
	return e.phase == live && e.def != nil && e.newest == nil && len(e.inbox) == 0 && !e.queued && !e.turned && !e.due &&
		len(e.waiters) == 0 && !e.goesOn() && e.state.NextAt() != 0
}

// rested files e, of which everything is durable.
func (c *Core) rested(e *execution) {
	if e.closed() && len(e.inbox) == 0 {
		c.drop(e)
		return
	}
	if !e.resting && e.idle() {
		e.since = c.now
		c.rest.push(e)
	}
}

// stir takes e from rest because something happens to it.
func (c *Core) stir(e *execution) {
	e.evicting = false
	if e.resting {
		c.rest.remove(e)
	}
}

// evict puts executions out of memory that have rested for long, or for which there is no room.
func (c *Core) evict() {
	for e := c.rest.front; e != nil && !c.draining && !c.full(); e = c.rest.front {
		if c.rest.bytes <= c.cfg.RestBytes && e.since+c.cfg.Idle > c.now {
			return
		}
		c.rest.remove(e)
		c.retire(e)
	}
}

// retire lets e go, after a part with its head and snapshot where the stored next_at, or what it is said to wait for, is
// not the truth.
func (c *Core) retire(e *execution) {
	next := c.truth(e)
	if e.state.Queues() && c.cfg.Audit > 0 {
		next = min(next, c.now+compareEvery)
	}
	same := e.headSeq == e.state.Seq() || e.headStatus == e.state.Status() && e.headWaiting == waitingOn(e.state)
	if e.headNextAt == next && same {
		c.drop(e)
		return
	}
	p := c.opened()
	p.addHead(e, c.head(e, next))
	if e.state.Seq()-e.snapSeq >= uint64(c.cfg.SnapshotMin) {
		p.addSnapshot(e)
		c.stats.Snapshots++
	}
	p.join(e)
	e.evicting = true
}

// drop puts e out of memory: into the wake heap where the stored next_at lies before the horizon.
func (c *Core) drop(e *execution) {
	c.remove(e)
	c.left.add(e.id)
	c.stats.Evicted++
	due := record.Due{At: e.headNextAt, Execution: e.id}
	if bug.On(bug.EvictNoHeap) {
		return // seeded: nobody will look at it again
	}
	if e.headNextAt != record.Never && c.covered(due) {
		c.wakes.add(due)
	}
}

// nextRest is when the execution at rest for longest is to be evicted.
func (c *Core) nextRest() int64 {
	if c.rest.front == nil || c.draining || c.full() {
		return record.Never
	}
	return c.rest.front.since + c.cfg.Idle
}
