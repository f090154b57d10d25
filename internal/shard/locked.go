package shard

import (
	"errors"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// An execution whose journal is encrypted with a key that is not here is locked: held with its messages, its head says
// so, and what it is due for stays due. It is tried again after a while, at any command, and by the next owner.

const (
	lockedFirst = 5_000   // until the first try, milliseconds; doubled each time
	lockedMost  = 300_000 // between tries
)

// unusable holds an execution of which the journal cannot be folded.
func (c *Core) unusable(e *execution, h *record.Head, err error) {
	if !errors.Is(err, errLocked) {
		e.lockedFor = 0
		c.shelve(e, h, &model.Error{Code: CodeQuarantined, Message: err.Error()})
		return
	}
	why := &model.Error{Code: CodeLocked, Message: err.Error()}
	if h.Ended == 0 && h.Status != string(model.Parked) {
		parked := *h
		parked.Insert, parked.Status, parked.Error = false, string(model.Parked), why.Error()
		clean(&parked)
		p := c.opened()
		p.addHead(e, parked)
		p.join(e)
		e.headStatus = model.Parked
	}
	c.hold(e, why)
	if e.phase != held || c.execs[e.id] != e {
		return
	}
	e.lockedFor = min(max(2*e.lockedFor, lockedFirst), lockedMost)
	c.timers.set(e, c.now+e.lockedFor)
}

// tryKey loads a locked execution again.
func (c *Core) tryKey(e *execution) {
	if c.draining {
		return
	}
	e.why, e.rejected = nil, 0
	c.wantLoad(e)
}

// unlocked corrects a head that says parked of an execution that is not: its key is back, or its journal was mended.
func (c *Core) unlocked(e *execution) {
	if e.phase != live || e.parking || e.closed() || e.headStatus != model.Parked || e.state.Status() == model.Parked {
		return
	}
	p := c.opened()
	p.addHead(e, c.head(e, min(e.headNextAt, c.truth(e))))
	p.join(e)
}
