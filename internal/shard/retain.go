package shard

import (
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// expired reports whether l is a closed execution whose retention is over: for closed executions next_at is the end
// of retention.
func (c *Core) expired(l *Loaded) bool {
	return l.Head.Ended != 0 && model.Status(l.Head.Status).Closed() && l.Head.NextAt <= c.now
}

// forget puts the removal of e, which is closed, into a part. The store removes its key row where that still points
// to e; until this is durable, starts with the key wait.
func (c *Core) forget(e *execution, l *Loaded) {
	c.remove(e)
	var k *keyRow
	if l.Head.Key != "" {
		k = c.keyOf(record.Key{Namespace: l.Head.Namespace, Workflow: l.Head.Workflow, Key: l.Head.Key})
	}
	if p := c.building(); k != nil && c.inUse(k) || p != nil && len(p.Forgets) >= forgetsInPart {
		c.wakes.add(record.Due{At: c.now + forgetLater, Execution: e.id})
		return
	}
	p := c.opened()
	c.forgetRequests(e, p, l)
	p.Forgets = append(p.Forgets, e.id)
	c.stats.Forgotten++
	if k != nil {
		k.leaving = e.id
		p.leaving = append(p.leaving, k)
	}
}

// inUse reports whether a decision about k is under way that a change of its row would invalidate.
func (c *Core) inUse(k *keyRow) bool {
	holder := c.execs[k.row.Execution]
	unborn := k.known && holder != nil && holder.state != nil && holder.state.Seq() == 0
	return unborn || k.asked || k.looking || k.doubtful || !k.leaving.IsZero()
}

// keyLeft lets starts go on once the key of a forgotten execution is gone for good.
func (c *Core) keyLeft(k *keyRow) {
	if k.row.Execution == k.leaving {
		k.exists = false
	}
	k.leaving = record.ID{}
	c.serveKey(k)
}
