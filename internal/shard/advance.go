package shard

import (
	"fmt"

	"github.com/pawl-dev/pawl/record"
)

// Advance says that the part with this number, the oldest one taken, is durable. Its effects appear in the next
// Ready. reuse says that nothing reads the part any more, so that its memory may be used again. Another number than
// that of the oldest part taken is an error and changes nothing.
func (c *Core) Advance(now int64, number uint64, reuse bool) error {
	if len(c.parts) == 0 || !c.parts[0].sent || c.parts[0].Number != number {
		return fmt.Errorf("part %d of shard %d is not the one that comes next", number, c.fence.Shard)
	}
	c.now = now
	p := c.parts[0]
	last := len(c.parts) - 1
	copy(c.parts, c.parts[1:])
	c.parts[last] = nil
	c.parts = c.parts[:last]
	c.release(p)
	for _, e := range p.members {
		if e.newest == p {
			e.newest = nil
		}
		if e.phase == live {
			e.rejected = 0
		}
	}
	for _, id := range p.Takes {
		c.mailGone(id)
	}
	for _, k := range p.leaving {
		c.keyLeft(k)
	}
	for _, id := range p.Forgets {
		if e := c.execs[id]; e != nil && e.phase == loading && !e.here {
			e.forgotten = true
		}
	}
	for _, id := range p.unread {
		c.mailSettled(id)
	}
	for _, k := range p.doubtful {
		k.doubtful = false
		if len(k.loaded) > 0 {
			c.askKey(k)
		}
		c.serveKey(k)
	}
	for _, e := range p.freed {
		c.keyFreed(e)
	}
	for _, e := range p.members {
		c.durable(e)
	}
	if reuse && !p.rebuilt && c.spare == nil {
		c.spare = p.recycled(c.cfg.PartBytes)
	}
	return nil
}

// release hands out the effects of p.
func (c *Core) release(p *part) {
	for i := range p.dispatch {
		t := &p.dispatch[i]
		e := c.execs[t.Execution]
		if e == nil {
			continue
		}
		if a := e.tasks.find(t.TaskRef); a != nil && a.part == p {
			a.part = nil
			if a.serial == 0 {
				c.out.Dispatch = append(c.out.Dispatch, *t)
			}
		}
	}
	for _, a := range p.cancel {
		c.cancel(a)
	}
	c.out.Replies = append(c.out.Replies, p.replies...)
	for i := range p.verdicts {
		c.out.Verdicts = append(c.out.Verdicts, p.verdicts[i].Verdict)
	}
	for i := range p.published {
		if c.watched[p.published[i].Execution] {
			c.out.Published = append(c.out.Published, p.published[i])
		}
	}
	for i := range p.Sends {
		c.poke(p.Sends[i].Shard)
	}
}

func (c *Core) poke(s record.Shard) {
	for _, have := range c.out.Poke {
		if have == s {
			return
		}
	}
	c.out.Poke = append(c.out.Poke, s)
}

// durable goes on with an execution of which a part became durable.
func (c *Core) durable(e *execution) {
	if e.newest != nil || c.execs[e.id] != e {
		return
	}
	switch {
	case e.phase == broken:
		c.wantLoad(e)
	case e.putOff:
		c.kept(e)
	case e.phase == held && e.headNextAt == record.Never && len(e.inbox) == 0:
		c.remove(e)
	case e.phase != live:
		return
	case e.closed():
		c.keyFreed(e)
		if len(e.inbox) == 0 && !e.queued && !e.turned {
			c.drop(e)
		}
	case e.evicting && e.idle():
		c.drop(e)
	default:
		e.evicting = false
		c.rested(e)
	}
}
