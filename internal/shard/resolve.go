package shard

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/sim/bug"
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
	if slices.Contains(waiting, l) {
		return
	}
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
		l.Start.Version, l.Start.Hash = version, hash
		if l.Start.Key != "" {
			c.resolvedKeyed(l, fault)
			continue
		}
		if fault != nil {
			c.neverBorn(l.Start.ID)
			c.undeliverable(l.Start.ID, l, fault)
			continue
		}
		c.startLetter(l)
	}
}

// resolvedKeyed goes on with the first start in the line of its key.
func (c *Core) resolvedKeyed(l *letter, fault *model.Error) {
	k := c.keyOf(l.key())
	if fault != nil {
		k.starts = slices.DeleteFunc(k.starts, func(s start) bool { return s.letter == l })
		c.neverBorn(l.Start.ID)
		c.undeliverable(l.Start.ID, l, fault)
	}
	c.serveKey(k)
}

// key is that of the execution which l starts.
func (l *letter) key() record.Key {
	return record.Key{Namespace: l.Start.Namespace, Workflow: l.Start.Workflow, Key: l.Start.Key}
}

// expect lets messages for an execution wait that another message is about to make.
func (c *Core) expect(id record.ID) {
	if _, ok := c.births[id]; !ok {
		c.births[id] = nil
	}
}

// lateFor keeps a message for an execution that another message is about to make, or to find: it must not come first.
func (c *Core) lateFor(id record.ID, in *input) bool {
	late, busy := c.births[id]
	if !busy || in.origin != byMail || bug.On(bug.CancelOvertakes) {
		return false
	}
	c.births[id] = append(late, *in)
	c.pending++
	c.bytes += in.payload()
	return true
}

// late takes what came for an execution while a message was about to make it.
func (c *Core) late(id record.ID) []input {
	late := c.births[id]
	delete(c.births, id)
	for i := range late {
		c.pending--
		c.bytes -= late[i].payload()
	}
	return late
}

// born gives what came early to an execution, which is there now.
func (c *Core) born(id record.ID, late []input) {
	for i := range late {
		c.deliver(id, late[i])
	}
}

// neverBorn refuses what came for an execution that will not be made.
func (c *Core) neverBorn(id record.ID) {
	c.refuse(&execution{id: id}, c.late(id), noExecution())
}
