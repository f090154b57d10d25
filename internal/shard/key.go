package shard

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// keyRow is what the core knows of a key: taken when a start is decided, free when the closing entry is durable.
type keyRow struct {
	key   record.Key
	known bool // row and exists hold
	asked bool
	stale bool // asked before a part was rejected: the answer may be of before

	// row as of the newest decision; ClosedAt is set once the close is durable.
	row    record.KeyRow
	exists bool
	// closing is the time of a closing entry that is not durable yet; 0 for none.
	closing int64

	starts   []start      // that wait for their turn
	loaded   []*execution // that need the row before they go on
	users    int          // executions in memory with this key
	ousting  bool         // the holder was asked to cancel for a start that replaces it
	leaving  record.ID    // of the execution that is being forgotten; zero: none
	doubtful bool         // not known until a part with a rejection is durable
	looking  bool         // it is being looked up whether the first of starts has happened already

	// serves is the key whose starts want to know of this one, as row was that of serves when the store was asked.
	serves *keyRow
	as     record.KeyRow
}

func (c *Core) keyOf(k record.Key) *keyRow {
	r := c.keys[k]
	if r == nil {
		r = &keyRow{key: k}
		c.keys[k] = r
	}
	return r
}

// startKeyed queues s behind the other starts of its key.
func (c *Core) startKeyed(s start) {
	if !keyUsable(s.Start.Key) {
		c.decline(s, &model.Error{Code: CodeInvalid, Message: "a key is at most 512 bytes of UTF-8 without NUL"})
		return
	}
	k := c.keyOf(record.Key{Namespace: s.Start.Namespace, Workflow: s.Start.Workflow, Key: s.Start.Key})
	k.starts = append(k.starts, s)
	c.serveKey(k)
}

// askKey asks the store for the row.
func (c *Core) askKey(k *keyRow) {
	if !k.asked {
		k.asked = true
		c.out.Keys = append(c.out.Keys, k.key)
	}
}

// KeysFound answers Ready.Keys: rows are those of asked that exist.
func (c *Core) KeysFound(now int64, asked []record.Key, rows []record.KeyRow) {
	c.now = now
	for i := range asked {
		k := c.keys[asked[i]]
		if k == nil || k.known {
			continue
		}
		k.asked = false
		switch {
		case k.doubtful: // Advance asks again
		case k.stale:
			k.stale = false
			c.askKey(k)
		default:
			k.known, k.exists, k.row, k.closing = true, false, record.KeyRow{}, 0
		}
	}
	for i := range rows {
		if k := c.keys[rows[i].Key]; k != nil && k.known && !k.exists {
			k.row, k.exists = rows[i], true
		}
	}
	for i := range asked {
		k := c.keys[asked[i]]
		if k == nil || !k.known {
			continue
		}
		waiting := k.loaded
		k.loaded = nil
		for _, e := range waiting {
			c.activate(e)
		}
		if k.serves != nil {
			c.serveKey(k.serves)
			if len(k.serves.starts) == 0 && c.keys[asked[i]] == k { // whoever wanted to know has been answered otherwise
				delete(c.keys, k.key)
			}
			continue
		}
		c.serveKey(k)
	}
}

// serveKey decides about the starts that wait for k, in order, as far as it can.
func (c *Core) serveKey(k *keyRow) {
	for len(k.starts) > 0 && !k.doubtful && k.leaving.IsZero() {
		if !k.known {
			c.askKey(k)
			return
		}
		s := k.starts[0]
		if !c.serveStart(k, s) {
			return
		}
		k.starts[0] = start{}
		k.starts = k.starts[1:]
	}
	if len(k.starts) == 0 {
		c.forgetKey(k)
	}
}

// serveStart decides about one start; false: it goes on waiting.
func (c *Core) serveStart(k *keyRow, s start) bool {
	if k.looking {
		return false
	}
	if s.finds {
		c.findHolder(k, &s)
		return true
	}
	if s.letter != nil && s.letter.Start.Version == "" {
		c.resolve(s.letter)
		return false
	}
	if s.Start.Gather != nil {
		return c.serveGather(k, s)
	}
	if !k.exists {
		return c.takeKey(k, s)
	}
	open := k.row.ClosedAt == 0
	if bug.On(bug.FreedOnDecide) && k.closing != 0 {
		open = false
	}
	switch {
	case repeats(&s, k) && s.Digest != k.row.Digest:
		c.answerHolder(k, s, &model.Error{Code: CodeKeyConflict, Message: "this request has started execution " + k.row.Execution.String() + " with another input"})
	case repeats(&s, k), k.row.Execution == s.Execution:
		c.answerHolder(k, s, nil)
	case s.Existing == Return && s.Digest == k.row.Digest:
		c.answerHolder(k, s, nil)
	case s.Existing == Return:
		c.answerHolder(k, s, &model.Error{Code: CodeKeyConflict, Message: "the key belongs to execution " + k.row.Execution.String() + ", which was started with another input"})
	case s.Existing == Refuse, s.Existing == New && open && k.closing == 0:
		c.answerHolder(k, s, &model.Error{Code: CodeKeyExists, Message: "the key belongs to execution " + k.row.Execution.String()})
	case open && s.Existing == Replace && s.awaited(c) && c.holdsOut(k):
		c.answerHolder(k, s, stuckHolder(c.execs[k.row.Execution]))
	case open && s.Existing == Replace:
		c.oust(k, &s)
		return false
	case open:
		return false // its close is not durable yet
	default:
		return c.takeKey(k, s)
	}
	return true
}

// repeats reports whether s is the request that has started the holder of its key, sent again. Whatever it asks for
// where the key is taken, it is answered with what it did.
func repeats(s *start, k *keyRow) bool {
	return s.Request != "" && s.Execution.Random() == k.row.Execution.Random()
}

// takeKey gives k to a new execution. A start that may have happened already is looked up first; false: it waits.
func (c *Core) takeKey(k *keyRow, s start) bool {
	if e := c.execs[s.Execution]; e != nil {
		if e.known() {
			c.found(e, s, nil)
			return true
		}
		// Somebody asked for it before it was born: the answer of the store decides.
		k.looking = true
		first := s // a copy: its sender may be answered before the store does
		e.birth, e.birthKey = &first, k
		return false
	}
	if s.Repeat {
		k.looking = true
		first := s
		c.lookUp(&first, k)
		return false
	}
	before := k.row
	if !k.exists {
		before = record.KeyRow{}
	}
	k.row = record.KeyRow{Key: k.key, Execution: s.Execution, Digest: s.Digest}
	k.exists, k.closing, k.ousting = true, 0, false
	c.begin(s, k)
	c.execs[s.Execution].before = before
	return true
}

// answerHolder answers s with the execution that holds the key, or with err, when what that depends on is durable.
func (c *Core) answerHolder(k *keyRow, s start, err *model.Error) {
	e := c.execs[k.row.Execution]
	if e == nil {
		e = c.enter(k.row.Execution)
		c.wantLoad(e)
	}
	c.found(e, s, err)
}

// oust cancels the holder for a start that replaces it.
func (c *Core) oust(k *keyRow, s *start) {
	if k.ousting {
		return
	}
	k.ousting = true
	in := input{}
	in.Kind, in.By, in.Why = kernel.InCancel, s.By, "replaced by "+s.Execution.String()
	c.deliver(k.row.Execution, in)
}

// holdsOut reports whether the holder was asked to end for another start and is parked, so that nothing ends it but an
// operator.
func (c *Core) holdsOut(k *keyRow) bool {
	e := c.execs[k.row.Execution]
	return k.ousting && e != nil && e.phase == live && len(e.inbox) == 0 && e.state.Status() == model.Parked
}

// stuckHolder tells a start that is to replace e why it cannot.
func stuckHolder(e *execution) *model.Error {
	msg := "the key belongs to execution " + e.id.String() + ", which was asked to end for this start and is parked"
	for o := range kernel.Open(e.state) {
		if o.Kind == kernel.OpenParked && o.Error != nil {
			msg += " (" + o.Error.Code + ": " + o.Error.Message + ")"
		}
	}
	return &model.Error{Code: CodeKeyExists, Message: msg + "; resume it or terminate it, then start again"}
}

// keyAfter puts the change of the key into the part of a first or last entry.
func (c *Core) keyAfter(e *execution, p *part, d *kernel.Decided) {
	k := e.key
	if k == nil {
		return
	}
	if d.Seq == 1 {
		p.Keys = append(p.Keys, record.KeyChange{KeyRow: k.row, Old: e.before.Execution})
	}
	if !e.leavesKey() || k.row.Execution != e.id || k.row.ClosedAt != 0 || k.closing != 0 {
		return
	}
	k.closing = d.At
	p.freed = append(p.freed, e)
	row := k.row
	row.ClosedAt = d.At
	if d.Seq == 1 {
		p.Keys[len(p.Keys)-1].KeyRow = row
	} else {
		p.Keys = append(p.Keys, record.KeyChange{KeyRow: row, Old: e.id})
	}
	if bug.On(bug.FreedOnDecide) {
		c.serveKey(k)
	}
}

// keyFreed lets the next start go on once the close of the holder is durable.
func (c *Core) keyFreed(e *execution) {
	k := e.key
	if k == nil || k.row.Execution != e.id || k.closing == 0 {
		return
	}
	k.row.ClosedAt, k.closing, k.ousting = k.closing, 0, false
	if !e.closed() { // what becomes of it later is nothing to the key
		e.key = nil
		k.users--
	}
	c.serveKey(k)
}

// leaveKey ends the use of its key by an execution that leaves memory.
func (c *Core) leaveKey(e *execution) {
	k := e.key
	if k == nil {
		return
	}
	e.key = nil
	k.users--
	c.forgetKey(k)
}

// forgetKey drops a key that nobody needs; the store has it. A row that was dropped before may have a successor.
func (c *Core) forgetKey(k *keyRow) {
	if c.keys[k.key] == k && k.users == 0 && len(k.starts) == 0 && len(k.loaded) == 0 && !k.asked && k.leaving.IsZero() && !k.looking && !k.doubtful {
		delete(c.keys, k.key)
	}
}
