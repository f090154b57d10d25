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
	due := record.Due{At: e.headNextAt, Execution: e.id}
	var k *keyRow
	if l.Head.Key != "" {
		k = c.keys[record.Key{Namespace: l.Head.Namespace, Workflow: l.Head.Workflow, Key: l.Head.Key}]
	}
	busy := k != nil && (k.asked || k.leaving || k.doubtful)
	if p := c.building(); busy || p != nil && len(p.Forgets) >= forgetsInPart {
		c.wakes.add(due) // later
		return
	}
	p := c.opened()
	p.Forgets = append(p.Forgets, e.id)
	c.stats.Forgotten++
	if k != nil && k.exists && k.row.Execution == e.id {
		k.leaving = true
		p.leaving = append(p.leaving, k)
	}
}

// keyLeft lets starts go on once the key of a forgotten execution is gone for good.
func (c *Core) keyLeft(k *keyRow) {
	k.leaving, k.exists = false, false
	c.serveKey(k)
}
