package shard

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// The audit of limits (I19, I20): who holds a limit is compared with the steps that live, by messages, because the two
// may belong to different shards.

const (
	mostChecks = 100 // questions of one round
	// checking marks the id of a question of an audit: no entry sends it, so it is numbered behind the messages of the
	// last one. Asked twice, it is asked once.
	checking = 1 << 30
	// compareEvery is how long a limit that somebody waits for rests at most, so that a place which nobody has any more
	// is found although nothing happens.
	compareEvery = 10 * 60 * 1000
)

// compare asks the other side about the limits of one execution at rest.
func (c *Core) compare() {
	for e, n := c.rest.front, 0; e != nil && n < 16; e, n = e.next, n+1 {
		if e.compared == e.state.Seq() {
			continue
		}
		list, last := e.state.Checks(e.comparedTo, mostChecks)
		if e.comparedTo = last; last == 0 {
			e.compared = e.state.Seq()
		}
		if len(list) == 0 {
			continue
		}
		for i := range list {
			c.send(c.opened(), e.id, e.name.Namespace, record.MessageID{From: e.id, Seq: e.state.Seq(), N: checking | uint32(last)&(checking/2-1) + uint32(i)}, &list[i])
		}
		return
	}
}

// checked takes the question of an audit and answers it where the two sides do not agree. err is why the execution id
// could not be told; one that has a fault may be loaded another time.
func (c *Core) checked(id record.ID, l *letter, err *model.Error) {
	c.takeMail(id, l.id, false, nil)
	if len(c.refused) > 0 {
		return // what was sent before comes again
	}
	gone := err != nil && err.Code == kernel.CodeNoExecution
	if err != nil && err.Code != kernel.CodeClosed && !gone {
		return
	}
	var s *kernel.State
	if e := c.execs[id]; e != nil && !gone {
		s = e.state
	}
	a, differs := kernel.Checked(s, l.Mail)
	if !differs {
		return
	}
	n := l.id
	n.N |= answered
	c.send(c.opened(), id, l.namespace, n, &a)
}
