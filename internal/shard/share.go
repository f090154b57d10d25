package shard

// When a bound of admission is reached, each namespace that has something here is entitled to an equal share of it:
// who has less than that is let in all the same, and the others wait, so that a busy tenant does not shut the rest out
// (F45). Together they exceed a bound by less than once more, and only while what was there drains.

// holding is what a namespace has in memory.
type holding struct {
	pending, bytes, active int
}

// census is what namespaces had when it was last counted, with what was let in since.
type census struct {
	at    int64
	taken bool
	of    map[string]holding
}

// censusEvery is how long a count is good for, milliseconds: it walks all that is in memory.
const censusEvery = 100

// share is what the namespace of a command has, and how many share a bound with it.
func (c *Core) share(cmd *Command) (h holding, among int) {
	if !c.census.taken || c.now-c.census.at >= censusEvery {
		c.count()
	}
	ns := c.namespaceOf(cmd)
	h, known := c.census.of[ns]
	among = len(c.census.of)
	if !known {
		among++
	}
	return h, among
}

// count takes a census.
func (c *Core) count() {
	c.census = census{at: c.now, taken: true, of: map[string]holding{}}
	for _, e := range c.execs { //archtest:ordered sums
		ns := e.name.Namespace
		if e.birth != nil {
			ns = e.birth.Start.Namespace
		}
		h := c.census.of[ns]
		h.pending += len(e.inbox)
		for i := range e.inbox {
			h.bytes += e.inbox[i].payload()
		}
		if !e.resting {
			h.bytes += e.size
			h.active++
		}
		if h != (holding{}) {
			c.census.of[ns] = h
		}
	}
}

// namespaceOf is where a command is for; "" where that is not known before its execution is read.
func (c *Core) namespaceOf(cmd *Command) string {
	if cmd.Verb == Start {
		return cmd.Start.Namespace
	}
	if e := c.execs[cmd.Execution]; e != nil {
		return e.name.Namespace
	}
	return ""
}

// crowded reports why there is no room for a command; "" where there is.
func (c *Core) crowded(cmd *Command) string {
	start := cmd.Verb == Start
	waiting := c.pending >= c.cfg.MaxPending
	memory := c.bytes-c.rest.bytes >= c.cfg.MaxBytes && cmd.Verb < View
	active := start && len(c.execs)-c.rest.n >= c.cfg.MaxExecutions
	if !waiting && !memory && !active {
		return ""
	}
	h, among := c.share(cmd)
	switch {
	case waiting && h.pending >= c.cfg.MaxPending/among:
		return "too many requests wait"
	case memory && h.bytes >= c.cfg.MaxBytes/among:
		return "the memory for executions is used up"
	case active && h.active >= c.cfg.MaxExecutions/among:
		return "too many executions are active"
	}
	h.pending++
	if start {
		h.active++
		h.bytes += len(cmd.Start.Input)
	}
	c.census.of[c.namespaceOf(cmd)] = h
	return ""
}
