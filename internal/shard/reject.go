package shard

import (
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Rejection names an execution whose rows the store cannot keep, and why.
type Rejection struct {
	Execution record.ID
	Reason    string
}

// Reject takes the executions of bad out of the part with this number, which was taken, and out of all later ones;
// their state is thrown away, loaded when the part is durable, and parked. The returned part is to be committed
// instead; the former version stays as it is. unsure says that an attempt with the former version may yet turn out to
// be durable: callers then hear CodeUnavailable instead of CodeRejected. nil: there is no such part.
func (c *Core) Reject(now int64, number uint64, bad []Rejection, unsure bool) *record.Part {
	at := c.taken(number)
	if at < 0 {
		return nil
	}
	c.now = now
	in := func(id record.ID) bool {
		return slices.ContainsFunc(bad, func(r Rejection) bool { return r.Execution == id })
	}
	var gone []*part
	for i := at; i < len(c.parts); i++ {
		if i > at && bug.On(bug.PoisonLeft) {
			break
		}
		gone = append(gone, c.parts[i].cut(in))
	}
	for _, r := range bad {
		c.throwOut(r, gone, c.parts[at])
	}
	for _, g := range gone {
		c.undo(g, c.parts[at], bad, unsure)
	}
	return &c.parts[at].Part
}

// Halve leaves half of the executions in the part with this number and moves the others to a part that follows it.
// ok is false where there are fewer than two; the returned part is then nil and the only execution, zero for none, is
// returned.
func (c *Core) Halve(number uint64) (p *record.Part, only record.ID, ok bool) {
	at := c.taken(number)
	if at < 0 {
		return nil, record.ID{}, false
	}
	ids := c.parts[at].executions()
	if len(ids) < 2 {
		if len(ids) == 1 {
			only = ids[0]
		}
		return nil, only, false
	}
	rest := ids[len(ids)/2:]
	moved := c.parts[at].cut(func(id record.ID) bool { return slices.Contains(rest, id) })
	first := c.parts[at]
	for _, e := range moved.members {
		if e.newest == first {
			e.newest = moved
		}
		for i := range e.tasks.list {
			if e.tasks.list[i].part == first {
				e.tasks.list[i].part = moved
			}
		}
	}
	c.number++
	moved.Fence, moved.Number, moved.sealed = c.fence, first.Number+1, true
	c.parts = slices.Insert(c.parts, at+1, moved)
	for _, p := range c.parts[at+2:] {
		if p.sealed {
			p.Number++
		}
	}
	return &first.Part, record.ID{}, true
}

// Return says that the part with this number will not be in the batch after all; Take gives it again.
func (c *Core) Return(number uint64) {
	if at := c.taken(number); at >= 0 {
		c.parts[at].sent = false
	}
}

// taken is the index of a part that was given out, -1 where there is none.
func (c *Core) taken(number uint64) int {
	return slices.IndexFunc(c.parts, func(p *part) bool { return p.sent && p.Number == number })
}

// executions lists whose rows are in p, each once, in order of appearance.
func (p *part) executions() []record.ID {
	var ids []record.ID
	seen := map[record.ID]bool{}
	add := func(id record.ID) {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	for i := range p.Entries {
		add(p.Entries[i].Execution)
	}
	for i := range p.Heads {
		add(p.Heads[i].Execution)
	}
	for _, id := range p.takesFor {
		add(id)
	}
	for _, id := range p.sendsFor {
		add(id)
	}
	for _, id := range p.Forgets {
		add(id)
	}
	return ids
}

// takesFrom reports whether a message of that sender is taken.
func (p *part) takesFrom(id record.ID) bool {
	return slices.ContainsFunc(p.Takes, func(m record.MessageID) bool { return m.From == id })
}

// cut moves everything of the executions in out of p and returns it. The slices of p are new ones afterwards, so
// that its former version stays as it was.
func (p *part) cut(in func(record.ID) bool) *part {
	g := &part{rebuilt: true}
	p.rebuilt = true
	p.Entries, g.Entries = divide(p.Entries, func(x *record.Entry) bool { return in(x.Execution) })
	p.Heads, g.Heads = divide(p.Heads, func(x *record.Head) bool { return in(x.Execution) })
	p.Snapshots, g.Snapshots = divide(p.Snapshots, func(x *record.Snapshot) bool { return in(x.Execution) })
	p.Trims, g.Trims = divide(p.Trims, func(x *record.Trim) bool { return in(x.Execution) })
	p.Keys, g.Keys = divide(p.Keys, func(x *record.KeyChange) bool { return in(x.Execution) })
	i := -1
	p.Sends, g.Sends = divide(p.Sends, func(*record.Message) bool { i++; return in(p.sendsFor[i]) })
	p.sendsFor, g.sendsFor = divide(p.sendsFor, func(x *record.ID) bool { return in(*x) })
	i = -1
	p.Takes, g.Takes = divide(p.Takes, func(*record.MessageID) bool { i++; return in(p.takesFor[i]) })
	p.takesFor, g.takesFor = divide(p.takesFor, func(x *record.ID) bool { return in(*x) })
	p.Answers, g.Answers = divide(p.Answers, func(x *record.Answer) bool { return g.takesFrom(x.To) })
	p.Forgets, g.Forgets = divide(p.Forgets, func(x *record.ID) bool { return in(*x) })
	p.members, g.members = divide(p.members, func(x **execution) bool { return in((*x).id) })
	p.freed, g.freed = divide(p.freed, func(x **execution) bool { return in((*x).id) })
	p.leaving, g.leaving = divide(p.leaving, func(x **keyRow) bool { return in((*x).leaving) })
	p.dispatch, g.dispatch = divide(p.dispatch, func(x *Task) bool { return in(x.Execution) })
	p.cancel, g.cancel = divide(p.cancel, func(x *Attempt) bool { return in(x.Execution) })
	p.replies, g.replies = divide(p.replies, func(x *Reply) bool { return in(x.Execution) })
	p.verdicts, g.verdicts = divide(p.verdicts, func(x *heldVerdict) bool { return in(x.execution) })
	p.published, g.published = divide(p.published, func(x *Published) bool { return in(x.Execution) })
	p.bytes, g.bytes = p.weigh(), g.weigh()
	return g
}

// weigh counts the bytes of p anew.
func (p *part) weigh() int {
	n := headBytes * len(p.Heads)
	for i := range p.Entries {
		n += len(p.Entries[i].Body)
	}
	for i := range p.Snapshots {
		n += len(p.Snapshots[i].Body)
	}
	for i := range p.Sends {
		n += len(p.Sends[i].Body)
	}
	return n
}

// divide copies list into those that f refuses and those that it takes.
func divide[T any](list []T, f func(*T) bool) (kept, gone []T) {
	for i := range list {
		if f(&list[i]) {
			gone = append(gone, list[i])
		} else {
			kept = append(kept, list[i])
		}
	}
	return kept, gone
}

// throwOut throws away the state of a rejected execution. It is loaded once p, where it was, is durable.
func (c *Core) throwOut(r Rejection, gone []*part, p *part) {
	c.stats.Quarantined++
	c.alarm(AlarmQuarantine, r.Execution, r.Reason)
	e := c.execs[r.Execution]
	if e == nil {
		return
	}
	e.tasks.keep(func(a *attempt) bool {
		if !slices.ContainsFunc(gone, func(g *part) bool { return g.holdsTask(e, a) }) {
			return true
		}
		c.unreport(e, a)
		return false
	})
	e.hasEntry, e.turned = false, false
	c.turned = slices.DeleteFunc(c.turned, func(o *execution) bool { return o == e })
	e.newest = nil
	p.join(e)
	c.recall(e, p)
	e.rejected++
	// Where e has left its key and another has taken it, what is thrown out says nothing of that.
	if k := e.key; k != nil && (!k.known || k.row.Execution == e.id) {
		p.doubt(k)
	}
	c.discard(e, r.why(r.Reason))
}

// why is the rejection as an error. One for want of a key has a code of its own.
func (r *Rejection) why(message string) *model.Error {
	if text, locked := strings.CutPrefix(r.Reason, CodeLocked+": "); locked {
		return &model.Error{Code: CodeLocked, Message: text}
	}
	return &model.Error{Code: CodeRejected, Message: message}
}

// unreport drops what waits for a transition as the end of a, which counts no more: its intent was thrown away, and the
// attempt of that name that e may have later is another one.
func (c *Core) unreport(e *execution, a *attempt) {
	e.inbox = slices.DeleteFunc(e.inbox, func(in input) bool {
		ends := in.Kind == kernel.InResult || in.Kind == kernel.InLost || in.Kind == kernel.InReleased
		if !ends || in.Step != a.Step || in.Attempt != a.Attempt {
			return false
		}
		c.pending--
		c.bytes -= in.payload()
		if in.origin == byReport {
			c.judge(nil, in.ref, Stale)
		}
		return true
	})
}

// recall gives back the messages that wait for e or for its key: what was sent before them may have been rejected and
// be read again, and they must not come before it.
func (c *Core) recall(e *execution, p *part) {
	if bug.On(bug.RefusedOvertaken) {
		return
	}
	e.inbox = slices.DeleteFunc(e.inbox, func(in input) bool {
		if in.origin != byMail {
			return false
		}
		c.pending--
		c.bytes -= in.payload()
		c.giveBack(p, in.mail)
		return true
	})
	if k := e.key; k != nil {
		k.starts = slices.DeleteFunc(k.starts, func(s start) bool {
			if s.finds {
				c.giveBack(p, s.mail)
			}
			return s.finds
		})
	}
}

// doubt forgets what is known of k until p is durable.
func (p *part) doubt(k *keyRow) {
	k.stale = k.asked
	k.known, k.exists, k.closing, k.ousting, k.leaving = false, false, 0, false, record.ID{}
	if !k.doubtful {
		k.doubtful = true
		p.doubtful = append(p.doubtful, k)
	}
}

// holdsTask reports whether the intent of a was in g.
func (p *part) holdsTask(e *execution, a *attempt) bool {
	return a.part != nil && slices.ContainsFunc(p.dispatch, func(t Task) bool {
		return t.Execution == e.id && t.TaskRef == a.TaskRef
	})
}

// undo answers those who waited for what was cut out. p is the part from whose outcome on the store tells what is
// true.
func (c *Core) undo(g, p *part, bad []Rejection, unsure bool) {
	rejected := func(id record.ID) *model.Error {
		i := slices.IndexFunc(bad, func(r Rejection) bool { return r.Execution == id })
		return bad[max(i, 0)].why("the store cannot keep this change")
	}
	again := &model.Error{Code: CodeUnavailable, Message: "it is not known what became of the execution; ask again"}
	for _, r := range g.replies {
		switch {
		case unsure || r.Existing:
			r.Error = again
		case r.Error == nil:
			r.Error = rejected(r.Execution)
		}
		c.out.Replies = append(c.out.Replies, r)
	}
	for i := range g.verdicts {
		v := g.verdicts[i].Verdict
		v.Answer = Again
		c.out.Verdicts = append(c.out.Verdicts, v)
	}
	for _, id := range g.Takes {
		c.mailRefused(p, id)
	}
	for _, id := range g.Forgets {
		c.wakes.add(record.Due{At: c.now + c.cfg.Window, Execution: id})
	}
	for _, k := range g.leaving {
		p.doubt(k)
	}
}

// holdBack is the seeded mistake SnapshotAhead: an entry goes into the part after the one with its snapshot.
func (c *Core) holdBack(p *part) {
	for _, s := range p.Snapshots {
		for i := range p.Entries {
			if e := p.Entries[i]; e.Execution == s.Execution && e.Seq > 1 {
				p.Entries = append(p.Entries[:i:i], p.Entries[i+1:]...)
				next := c.opened()
				next.Entries = append(next.Entries, e)
				return
			}
		}
	}
}
