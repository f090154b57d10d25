package shard

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Definition is a compiled version. Retention is milliseconds after the end; 0 is the default of the core.
type definition struct {
	*kernel.Definition
	Retention int64
	// fault is set where there is no definition.
	fault *model.Error

	asked   bool
	waiting []*execution
	// mail are messages that migrate to it.
	mail []record.Message
}

// kernel is the definition for those who look; nil where there is none.
func (d *definition) kernel() *kernel.Definition {
	if d == nil {
		return nil
	}
	return d.Definition
}

// define gives e its definition, or asks for it.
func (c *Core) define(e *execution) {
	d := c.defs[e.name]
	if b := kernel.Builtin(e.name.Workflow); d == nil && b != nil {
		d = &definition{Definition: b}
		c.defs[e.name] = d
	}
	if d == nil {
		d = &definition{asked: true}
		c.defs[e.name] = d
		c.out.Define = append(c.out.Define, e.name)
	}
	if d.asked {
		d.waiting = append(d.waiting, e)
		return
	}
	if d.fault != nil {
		c.hold(e, d.fault)
		return
	}
	e.def = d
}

// adopt lets e go on with another version, which its transition has brought along. Should the entry not become durable,
// e is loaded again with what its head says.
func (c *Core) adopt(e *execution, def *kernel.Definition) {
	_, _, e.name.Version = e.state.Workflow()
	d := c.defs[e.name]
	if d == nil || d.asked || d.fault != nil {
		d = &definition{Definition: def, Retention: int64(def.Workflow().Retention)}
		if c.defs[e.name] == nil {
			c.defs[e.name] = d
		}
	}
	e.def = d
}

// Defined answers Ready.Define. Where fault is set there is no usable definition, and the executions that need it are
// held.
func (c *Core) Defined(now int64, ref DefinitionRef, def *kernel.Definition, fault *model.Error) {
	c.now = now
	d := c.defs[ref]
	if d == nil || !d.asked {
		return
	}
	waiting, mail := d.waiting, d.mail
	d.asked, d.waiting, d.mail = false, nil, nil
	d.Definition, d.fault = def, fault
	if def != nil {
		d.Retention = int64(def.Workflow().Retention)
	} else {
		delete(c.defs, ref) // it may be deployed later
	}
	for _, e := range waiting {
		if c.execs[e.id] != e || e.phase != live || e.def != nil {
			continue
		}
		if fault != nil {
			c.hold(e, fault)
			continue
		}
		e.def = d
		c.settle(e)
	}
	c.openBrought(mail, fault)
}
