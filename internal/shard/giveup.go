package shard

import (
	"bytes"
	"slices"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// GiveUp answers every command and report that waits with CodeUnavailable, because the store has been away for too
// long. What was decided stays in memory and in its parts.
func (c *Core) GiveUp(now int64) {
	c.now = now
	err := &model.Error{Code: CodeUnavailable, Message: "the store is not available; the outcome is not known"}
	for _, p := range c.parts {
		for _, r := range p.replies {
			c.sayUnavailable(r, err)
		}
		for i := range p.verdicts {
			v := p.verdicts[i].Verdict
			v.Answer = Again
			c.out.Verdicts = append(c.out.Verdicts, v)
		}
		clear(p.replies)
		p.replies, p.verdicts = p.replies[:0], p.verdicts[:0]
	}
	for _, e := range c.sorted() {
		c.giveUpOn(e, err)
	}
	for _, k := range c.sortedKeys() {
		c.giveUpOnKey(k, err)
	}
}

// Late answers with err the commands that wait until these executions have been read, which takes too long. Where no more
// may be asked for until then, those whose executions stand in line hear that, too.
func (c *Core) Late(now int64, ids []record.ID, err *model.Error) {
	c.now = now
	c.lateLoads(ids, err)
	if c.loading >= c.cfg.LoadsOpen {
		behind := &model.Error{Code: CodeUnavailable, Message: "the store does not read executions; the outcome is not known"}
		c.lateLoads(slices.Clone(c.loads), behind)
	}
}

func (c *Core) lateLoads(ids []record.ID, err *model.Error) {
	for _, id := range ids {
		e := c.execs[id]
		if e == nil || e.phase != loading {
			continue
		}
		if k := e.birthKey; k != nil {
			c.giveUpOnKey(k, err)
		}
		c.giveUpOn(e, err)
	}
}

// LateKeys is [Core.Late] for those who wait until the rows of keys have been read.
func (c *Core) LateKeys(now int64, keys []record.Key, err *model.Error) {
	c.now = now
	for i := range keys {
		k := c.keys[keys[i]]
		if k == nil || k.known {
			continue
		}
		for _, e := range slices.Clone(k.loaded) {
			c.giveUpOn(e, err)
		}
		if k.serves != nil {
			k = k.serves
		}
		c.giveUpOnKey(k, err)
	}
}

// LateDefinition is [Core.Late] for those who wait until a version has been read.
func (c *Core) LateDefinition(now int64, ref DefinitionRef, err *model.Error) {
	c.now = now
	d := c.defs[ref]
	if d == nil || !d.asked {
		return
	}
	for _, e := range slices.Clone(d.waiting) {
		if c.execs[e.id] == e && e.phase == live && e.def == nil {
			c.giveUpOn(e, err)
		}
	}
	d.waiting = slices.DeleteFunc(d.waiting, func(e *execution) bool { return c.execs[e.id] != e })
}

// giveUpOnKey drops the commands in the line of k.
func (c *Core) giveUpOnKey(k *keyRow, err *model.Error) {
	k.starts = slices.DeleteFunc(k.starts, func(s start) bool {
		if s.origin == byCommand {
			c.sayUnavailable(Reply{Ref: s.Ref, Execution: s.Execution}, err)
			c.notBorn(&s)
		}
		return s.origin == byCommand
	})
	c.serveKey(k)
}

// Abandon answers everyone who waits for anything, those who only wait with err, because the shard is no longer owned.
// The core is not used any more but for one Ready.
func (c *Core) Abandon(now int64, err *model.Error) {
	c.GiveUp(now)
	for _, e := range c.sorted() {
		for _, w := range e.waiters {
			c.out.Replies = append(c.out.Replies, Reply{Ref: w.ref, Execution: e.id, Error: err})
		}
		for i := range e.inbox {
			if e.inbox[i].origin == byReport {
				c.out.Verdicts = append(c.out.Verdicts, Verdict{Ref: e.inbox[i].ref, Answer: Again})
			}
		}
	}
}

// sayUnavailable answers with err also what was refused: the refusal, too, has seen what may never become durable.
func (c *Core) sayUnavailable(r Reply, err *model.Error) {
	r.Error = err
	c.out.Replies = append(c.out.Replies, r)
}

// giveUpOn drops the commands that wait for a transition of e.
func (c *Core) giveUpOn(e *execution, err *model.Error) {
	e.inbox = slices.DeleteFunc(e.inbox, func(in input) bool {
		if in.origin != byCommand {
			return false
		}
		c.pending--
		c.bytes -= in.payload()
		c.sayUnavailable(Reply{Ref: in.ref, Execution: e.id}, err)
		return true
	})
	if s := e.birth; s != nil && s.origin == byCommand {
		e.birth = nil
		if e.birthKey == nil { // else it is answered in the line of its key
			c.sayUnavailable(Reply{Ref: s.Ref, Execution: s.Execution}, err)
		}
	}
	if e.phase == live && e.state.Seq() == 0 && len(e.inbox) == 0 {
		c.unborn(e)
		return
	}
	if e.phase == live && e.def != nil && !e.queued && !e.turned {
		c.stir(e)
		c.settle(e)
	}
}

// sorted lists the executions in memory by id.
func (c *Core) sorted() []*execution {
	list := make([]*execution, 0, len(c.execs))
	//archtest:ordered the list is sorted below
	for _, e := range c.execs {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b *execution) int { return bytes.Compare(a.id[:], b.id[:]) })
	return list
}

// sortedKeys lists the keys in memory.
func (c *Core) sortedKeys() []*keyRow {
	list := make([]*keyRow, 0, len(c.keys))
	//archtest:ordered the list is sorted below
	for _, k := range c.keys {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b *keyRow) int { return compareKeys(a.key, b.key) })
	return list
}

func compareKeys(a, b record.Key) int {
	for _, pair := range [][2]string{{a.Namespace, b.Namespace}, {a.Workflow, b.Workflow}, {a.Key, b.Key}} {
		if pair[0] != pair[1] {
			return bytes.Compare([]byte(pair[0]), []byte(pair[1]))
		}
	}
	return 0
}
