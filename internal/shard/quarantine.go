package shard

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// breakDown throws the state of e away after its transition failed; it is loaded again and parked. The inputs of the
// transition, one of which may be the cause, are answered and gone.
func (c *Core) breakDown(e *execution, err error) {
	why := &model.Error{Code: CodeQuarantined, Message: err.Error()}
	for i := range c.src {
		in := &c.src[i]
		if in.origin == byReport || in.Kind == kernel.InReleased {
			e.tasks.drop(kernel.TaskRef{Step: in.Step, Attempt: in.Attempt})
		}
	}
	c.refuse(e, c.src, why)
	c.stats.Quarantined++
	c.alarm(AlarmQuarantine, e.id, err.Error())
	if e.parking {
		c.shelve(e, e.shell, why)
		return
	}
	c.discard(e, why)
}

// discard throws the state of e away. It is loaded again when all parts it is in have an outcome.
func (c *Core) discard(e *execution, why *model.Error) {
	c.stop(e)
	e.phase, e.here, e.putOff, e.state, e.def, e.why = broken, false, false, nil, nil, why
	if e.newest == nil {
		c.wantLoad(e)
	}
}

// shelve holds an execution that cannot be made to run and says so in its head, so that a restart doesn't try again.
func (c *Core) shelve(e *execution, h *record.Head, why *model.Error) {
	if h != nil && h.Ended == 0 && (h.Status != string(model.Parked) || h.NextAt != record.Never) {
		parked := *h
		parked.Insert, parked.Status, parked.Error, parked.NextAt = false, string(model.Parked), why.Error(), record.Never
		parked.Fingerprint, parked.Waiting = kernel.Fingerprint(why.Code, why.Message), "operator"
		clean(&parked)
		p := c.opened()
		p.addHead(e, parked)
		p.join(e)
		e.headNextAt, e.headStatus = record.Never, model.Parked
	}
	c.hold(e, why)
}

// hold keeps e without a state. A command makes the core try once more.
func (c *Core) hold(e *execution, why *model.Error) {
	c.stop(e)
	e.phase, e.here, e.state, e.def, e.why, e.parking, e.shell = held, false, nil, nil, why, false, nil
	if e.lockedFor == 0 { // who is told of a locked one is told once
		c.stats.Held++
		c.alarm(AlarmHeld, e.id, why.Error())
	}
	var mail []input
	for i := range e.inbox {
		if in := &e.inbox[i]; in.origin == byMail && !c.awaits(in) {
			mail = append(mail, e.inbox[i])
			e.inbox[i].origin = byCore
			c.pending++
			c.bytes += e.inbox[i].payload()
		}
	}
	k := e.birthKey
	if s := c.lookedUp(e); s != nil {
		c.decline(*s, why)
	}
	if k != nil {
		c.serveKey(k)
	}
	c.refuseAll(e, why)
	e.inbox = mail
	e.tasks = attempts{}
}

// heldInput deals with what comes for an execution that is held: messages wait, commands try to load it again.
func (c *Core) heldInput(e *execution, in input) {
	commands := c.awaits(&in)
	if commands && e.newest != nil {
		c.refuse(e, []input{in}, e.why)
		return
	}
	c.pending++
	c.bytes += in.payload()
	e.inbox = append(e.inbox, in)
	if commands {
		c.timers.drop(e)
		e.why, e.rejected = nil, 0
		c.wantLoad(e)
	}
}

// Held lists up to limit executions that are held, and why.
func (c *Core) Held(limit int) (list []Rejection) {
	for _, e := range c.sorted() {
		if e.phase == held && e.why != nil && len(list) < limit {
			list = append(list, Rejection{e.id, e.why.Message})
		}
	}
	return list
}
