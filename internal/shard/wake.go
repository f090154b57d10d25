package shard

import "github.com/pawl-dev/pawl/record"

// fireTimers gives a turn to each execution in memory whose timer has come.
func (c *Core) fireTimers() {
	for c.timers.first() <= c.now {
		e := c.timers[0]
		c.timers.drop(e)
		if e.phase == held {
			c.tryKey(e)
			continue
		}
		e.due = true
		c.enqueue(e)
	}
}

// wake asks for the executions that have become due, as many as are bounded to be on their way at once, those due
// for longest first. That bound paces recovery after a claim and a herd of timers.
func (c *Core) wake() {
	for c.wakes.first() <= c.now && c.mayWake() {
		c.wantLoad(c.enter(c.wakes.heap[0].Execution))
	}
}

func (c *Core) mayWake() bool {
	return !c.draining && c.loading+len(c.loads) < c.cfg.LoadsOpen && !c.full() &&
		len(c.execs) < c.cfg.MaxExecutions && c.bytes < c.cfg.MaxBytes
}

// wantScan asks for the executions that will be due soon, when the last scan's horizon comes near.
func (c *Core) wantScan() {
	if c.nextScan() > c.now {
		return
	}
	c.scan = Scan{After: c.horizon, Before: c.now + c.cfg.Window, Limit: scanLimit}
	c.out.Scan = c.scan
}

// nextScan is when to scan again; record.Never while a scan is in flight or the heap is full.
func (c *Core) nextScan() int64 {
	if c.scan.Limit > 0 || c.draining || c.wakes.Len() >= c.cfg.Wakes {
		return record.Never
	}
	return c.horizon.At - c.cfg.Window/2
}

// DueFound answers Ready.Scan.
func (c *Core) DueFound(now int64, s Scan, list []record.Due) {
	c.now = now
	if s != c.scan {
		return
	}
	for _, d := range list {
		if c.execs[d.Execution] == nil {
			c.wakes.add(d)
		}
	}
	c.scan = Scan{}
	if len(list) < s.Limit {
		c.horizon = record.Due{At: s.Before}
		return
	}
	c.horizon = list[len(list)-1]
}

// covered reports whether a scan would not find d any more, or may have passed it already.
func (c *Core) covered(d record.Due) bool {
	return !before(c.horizon, d) || c.scan.Limit > 0 && d.At < c.scan.Before
}
