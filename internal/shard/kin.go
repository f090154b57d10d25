package shard

import (
	"github.com/pawl-dev/pawl/record"
)

// kin is a closed child whose retention is over, and what the store has of it. It is not forgotten before its parent,
// and that one not before its own, so that the retention of a child never ends before its root's.
type kin struct {
	e *execution
	l Loaded
}

const (
	// kinLater is how long a child is kept on where its parent still is; then the store is asked again.
	kinLater = 24 * 3600 * 1000
	// kinRead tells the read of a parent from those that fold a journal.
	kinRead = 1
)

// askKin asks whether the parent of e, which may be forgotten as far as its own retention goes, is still there. Its first
// entry is: the parent may live in another shard.
func (c *Core) askKin(e *execution, l *Loaded) {
	parent := l.Head.Parent
	waiting, asked := c.kin[parent]
	c.kin[parent] = append(waiting, kin{e, *l})
	if !asked {
		c.out.Journal = append(c.out.Journal, JournalRead{Execution: parent, From: 1, Limit: kinRead})
	}
}

// kinFound forgets the children of a parent that is gone and keeps those of one that is not.
func (c *Core) kinFound(parent record.ID, there bool) {
	waiting := c.kin[parent]
	delete(c.kin, parent)
	for _, k := range waiting {
		e := k.e
		switch {
		case c.execs[e.id] != e || e.phase != loading:
		case len(e.inbox) > 0 || e.birth != nil: // somebody wants it
			e.here = false
			c.wantLoad(e)
		case there:
			c.putOff(e, &k.l.Head)
		default:
			c.forget(e, &k.l)
		}
	}
}

// putOff writes when e is to be looked at again.
func (c *Core) putOff(e *execution, h *record.Head) {
	later := *h
	later.Insert, later.NextAt = false, c.now+kinLater
	e.headNextAt, e.putOff = later.NextAt, true
	p := c.opened()
	p.addHead(e, later)
	p.join(e)
}

// kept lets an execution that was put off leave memory, unless somebody wants it.
func (c *Core) kept(e *execution) {
	e.putOff, e.here = false, false
	if len(e.inbox) > 0 || e.birth != nil {
		c.wantLoad(e)
		return
	}
	c.drop(e)
}
