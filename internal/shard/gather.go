package shard

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Starts that gather share a key: the first makes its execution, and those that follow reach it as inputs, in order,
// until it gathers no more. Then its key is free like that of an execution that has ended, once that is durable. A
// request that comes again is known by a row of its own among the keys, which names the execution that it reached.

// serveGather decides about a start that gathers; false: it goes on waiting.
func (c *Core) serveGather(k *keyRow, s start) bool {
	if k.closing != 0 {
		return false // what has gathered so far is not durable yet
	}
	if s.Request != "" {
		row, known := c.requestRow(k, &s)
		switch {
		case !known:
			return false
		case !row.Execution.IsZero():
			c.answerReached(row.Execution, s)
			return true
		}
	}
	if !k.exists || k.row.ClosedAt != 0 {
		return c.takeKey(k, s)
	}
	c.notBorn(&s)
	if s.origin == byMail {
		c.neverBorn(s.Execution)
	}
	in := input{origin: s.origin, ref: s.Ref, verb: Start, mail: s.mail, letter: s.letter, start: &s}
	in.Kind, in.Request, in.By, in.Why, in.Start = kernel.InGather, s.Request, s.By, s.Why, s.Start
	c.deliver(k.row.Execution, in)
	return true
}

// requestRow is the row of the request of s, zero where it has reached no execution. What the store says counts only if
// the key has the same holder as when it was asked: then all that others have gathered was durable. false: it is asked.
func (c *Core) requestRow(k *keyRow, s *start) (record.KeyRow, bool) {
	key := k.key
	key.Key = kernel.GatherRequest(key.Key, s.Request)
	r := c.keyOf(key)
	if r.known && r.serves == k && r.as == k.row {
		delete(c.keys, key)
		if !r.exists {
			return record.KeyRow{}, true
		}
		return r.row, true
	}
	if r.asked && (r.serves != k || r.as != k.row) {
		r.stale = true
	}
	r.serves, r.as, r.known = k, k.row, false
	c.askKey(r)
	return record.KeyRow{}, false
}

// answerReached answers a request that has come before with the execution that it reached then.
func (c *Core) answerReached(id record.ID, s start) {
	e := c.execs[id]
	if e == nil {
		e = c.enter(id)
		c.wantLoad(e)
	}
	c.found(e, s, nil)
}

// gathersElsewhere gives a start that its execution does not take any more another try: the next holder of the key has
// it.
func (c *Core) gathersElsewhere(in *input, err *model.Error) bool {
	if in.Kind != kernel.InGather || err == nil || err.Code != kernel.CodeGathered && err.Code != kernel.CodeClosed {
		return false
	}
	c.startKeyed(*in.start)
	return true
}

// requestsAfter puts the rows of the requests that have reached e into the part of their entry.
func (c *Core) requestsAfter(e *execution, p *part, d *kernel.Decided) {
	for i := range d.Answers {
		a := &d.Answers[i]
		in := &c.src[a.Input]
		if in.Request == "" || in.Start == nil || in.Start.Gather == nil || a.Error != nil || a.Repeated {
			continue
		}
		key := record.Key{Namespace: e.name.Namespace, Workflow: e.name.Workflow, Key: kernel.GatherRequest(in.Start.Key, in.Request)}
		p.Keys = append(p.Keys, record.KeyChange{KeyRow: record.KeyRow{Key: key, Execution: e.id, ClosedAt: d.At}})
	}
}

// forgetRequests removes the rows of the requests that have reached e, which is forgotten in p.
func (c *Core) forgetRequests(e *execution, p *part, l *Loaded) {
	if !kernel.Gathers(l.Head.Key) || e.fold(l) != nil {
		return
	}
	for _, name := range e.state.GatherRequests() {
		key := record.Key{Namespace: l.Head.Namespace, Workflow: l.Head.Workflow, Key: name}
		p.Keys = append(p.Keys, record.KeyChange{KeyRow: record.KeyRow{Key: key, Execution: e.id}, Old: e.id, Delete: true})
	}
}
