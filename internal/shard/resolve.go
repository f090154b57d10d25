package shard

import (
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Resolve asks which version of a workflow a start uses: the active one, or with a constraint the highest that fits
// and takes starts.
type Resolve struct {
	Namespace  string
	Workflow   string
	Constraint string
}

// resolve asks for the version that a start by mail uses.
func (c *Core) resolve(l *letter) {
	r := Resolve{Namespace: l.namespace, Workflow: l.Start.Workflow, Constraint: l.Constraint}
	c.expect(l.Start.ID)
	waiting, asked := c.resolving[r]
	c.resolving[r] = append(waiting, l)
	if !asked {
		c.out.Resolve = append(c.out.Resolve, r)
	}
}

// Resolved answers Ready.Resolve. Where fault is set there is no such version.
func (c *Core) Resolved(now int64, r Resolve, version, hash string, fault *model.Error) {
	c.now = now
	waiting := c.resolving[r]
	delete(c.resolving, r)
	for _, l := range waiting {
		if fault != nil {
			c.neverBorn(l.Start.ID)
			c.undeliverable(l.Start.ID, l, fault)
			continue
		}
		l.Start.Version, l.Start.Hash = version, hash
		c.startLetter(l)
	}
}

// expect lets messages for an execution wait that another message is about to make.
func (c *Core) expect(id record.ID) {
	if _, ok := c.births[id]; !ok {
		c.births[id] = nil
	}
}

// lateFor keeps a message for an execution that another message is about to make: it must not come first.
func (c *Core) lateFor(id record.ID, in *input) bool {
	late, busy := c.births[id]
	if !busy || in.origin != byMail || c.execs[id] != nil {
		return false
	}
	c.births[id] = append(late, *in)
	c.pending++
	c.bytes += in.payload()
	return true
}

// born gives what came early to the execution e, which is there now.
func (c *Core) born(e *execution) {
	late := c.births[e.id]
	delete(c.births, e.id)
	e.inbox = append(e.inbox, late...)
}

// neverBorn refuses what came for an execution that will not be made.
func (c *Core) neverBorn(id record.ID) {
	late := c.births[id]
	delete(c.births, id)
	for i := range late {
		c.pending--
		c.bytes -= late[i].payload()
	}
	c.refuse(&execution{id: id}, late, noExecution())
}
