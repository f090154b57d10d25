package shard

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/record"
)

// trimFor is how the journal of e is to be kept short with its next entry; nil where there is nothing to do.
//
// Count: an execution with more than twice as many entries as Config.History keeps that many. Age: one whose workflow
// asks for a retention keeps Config.Aged entries, and all that are younger. For both the journal must hold states to
// begin at; they are written as soon as half of what is kept has come, an eighth of it apart, and never so often that
// they make up much of the journal.
func (c *Core) trimFor(e *execution) *kernel.Trim {
	if e.closed() || e.def == nil || e.state.Seq() == 0 {
		return nil
	}
	keep, aged := uint64(max(c.cfg.History, 0)), uint64(max(c.cfg.Aged, 0))
	if e.def.Retention <= 0 {
		aged = 0
	}
	least := keep
	if least == 0 || aged > 0 && aged < least {
		least = aged
	}
	seq, first := e.state.Seq(), e.state.First()
	if least == 0 || seq-first < least/2 {
		return nil
	}
	t := &kernel.Trim{}
	since := seq - max(e.state.LastBase(), first)
	t.Base = since >= max(least/8, 1) && since*bytesPerEntry >= uint64(e.snapBytes) && e.snapBytes <= largestBase
	if keep > 0 && seq-first >= 2*keep {
		t.Keep = keep
	}
	if aged > 0 && seq-first >= aged {
		t.Before = c.now - e.def.Retention
	}
	if !t.Base && (e.state.LastBase() <= first || t.Keep == 0 && t.Before == 0) {
		return nil
	}
	return t
}

const (
	bytesPerEntry = 64      // of a state that is written, at most, for each entry since the last
	largestBase   = 2 << 20 // a larger state is not written into the journal
)

// addTrim has the store remove what e needs no more, in the part that says so.
func (c *Core) addTrim(e *execution, p *part, d *kernel.Decided) {
	for _, w := range d.Warnings {
		c.alarm(AlarmBound, e.id, w.String())
	}
	if d.Trim == 0 {
		return
	}
	t := record.Trim{Execution: e.id, Before: d.Trim}
	if bug.On(bug.TrimPast) {
		t.Before = d.Seq
	}
	c.stats.Trims++
	if e.newest == p { // a pure task was quick
		p.Trims = slices.DeleteFunc(p.Trims, func(o record.Trim) bool { return o.Execution == e.id })
	}
	p.Trims = append(p.Trims, t)
}

// keepShort puts an InTrim before the inputs of the next transition where the journal of e is to be kept short.
func (c *Core) keepShort(e *execution) {
	if e.parking {
		return
	}
	if t := c.trimFor(e); t != nil {
		c.ins = slices.Insert(c.ins, 0, kernel.Input{Kind: kernel.InTrim, Trim: t})
		c.src = slices.Insert(c.src, 0, input{})
		if t.Base {
			c.stats.Bases++
		}
	}
}
