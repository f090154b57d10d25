package shard

import (
	"slices"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// start is a start on its way, from a client or from the inbox.
type start struct {
	Command
	origin origin
	mail   record.MessageID
	// late came for the execution while it was looked up.
	late []input
	// letter is the message, where another execution asks. finds: it begins nothing, the holder of the key gets it.
	letter *letter
	finds  bool
	// looked: the store has been asked for the execution, and has it not.
	looked bool
}

// awaits reports whether in is a command, given here or to another member.
func (c *Core) awaits(in *input) bool {
	_, asked := c.asked[in.mail]
	return in.origin == byCommand || in.origin == byMail && asked
}

// awaited reports whether somebody waits for the answer.
func (s *start) awaited(c *Core) bool {
	_, asked := c.asked[s.mail]
	return s.origin == byCommand || asked
}

// keyLongest bounds a key, in bytes.
const keyLongest = 512

// start begins an execution, at once or when its key and id have been looked up.
func (c *Core) start(s start) {
	if s.origin == byMail && s.letter == nil && s.Start.Key != "" && !s.looked && c.lookForMailed(s) {
		return
	}
	if s.letter != nil || s.looked {
		c.expect(s.Execution)
	}
	// A request that is sent again within a millisecond has its id again, perhaps with another input: its key decides.
	if e := c.execs[s.Execution]; e != nil && (s.Start.Key == "" || e.known() && s.Request == "") {
		c.foundID(e, s)
		return
	}
	s.Repeat = s.Repeat || c.left.has(s.Execution)
	if s.Start.Key != "" {
		c.startKeyed(s)
		return
	}
	if s.Repeat {
		c.lookUp(&s, nil)
		return
	}
	c.begin(s, nil)
}

// lookForMailed asks the store for the execution of a mailed start with a key, unless it is in memory: one that has
// happened must not wait in the line of its key, and what is sent to its execution with it. Where somebody has asked for
// the execution already, the start takes part in that.
func (c *Core) lookForMailed(s start) bool {
	s.looked = true
	e := c.execs[s.Execution]
	switch {
	case e == nil:
		c.lookUp(&s, nil)
		return true
	case e.known() || e.birthKey != nil || bug.On(bug.MailedStartAside):
		return false
	}
	e.birth = &s
	return true
}

// known reports whether e exists, or is looked up by somebody who deals with a start.
func (e *execution) known() bool { return e.phase != loading || e.here || e.birth != nil }

// foundID answers a start whose id is in memory. Where that is because somebody asked for it before it was born, the
// answer of the store decides.
func (c *Core) foundID(e *execution, s start) {
	if e.phase == loading && e.birth == nil && e.birthKey == nil && s.Start.Key == "" {
		e.birth = &s
		return
	}
	c.found(e, s, nil)
}

// lookUp asks the store whether the execution of s exists. Where it has a key, s stays the first that waits for it.
func (c *Core) lookUp(s *start, k *keyRow) {
	e := c.enter(s.Execution)
	e.birth, e.birthKey = s, k
	c.wantLoad(e)
}

// lookedUp ends the look-up for a start, which leaves the queue of its key; nil where there was none or its sender was
// told something else meanwhile.
func (c *Core) lookedUp(e *execution) *start {
	s, k := e.birth, e.birthKey
	e.birth, e.birthKey = nil, nil
	if k == nil {
		return s
	}
	k.looking = false
	if s == nil || len(k.starts) == 0 || k.starts[0].Execution != e.id {
		return nil
	}
	s = new(start)
	*s, k.starts[0] = k.starts[0], start{}
	k.starts = k.starts[1:]
	return s
}

// begin makes the execution of s. k is its key, nil for none.
func (c *Core) begin(s start, k *keyRow) {
	e := c.execs[s.Execution]
	if e == nil {
		e = c.enter(s.Execution)
	}
	e.phase, e.state, e.birth, e.fresh = live, kernel.New(), nil, false
	e.name = DefinitionRef{s.Start.Namespace, s.Start.Workflow, s.Start.Version}
	e.headNextAt = record.Never
	if k != nil {
		e.key = k
		k.users++
	}
	c.define(e)
	in := input{origin: s.origin, ref: s.Ref, verb: Start, mail: s.mail}
	in.Kind, in.Request, in.By, in.Why, in.Start = kernel.InStart, s.Request, s.By, s.Why, s.Start
	in.letter = s.letter
	c.push(e, in)
	if l := s.letter; l != nil && l.Kind != kernel.MailStart {
		c.beginFor(e, l)
	}
	e.inbox = append(e.inbox, s.late...)
	c.born(e.id, c.late(e.id))
}

// beginFor lets the message that made e follow its start: a signal in the same input, all else as the next one.
func (c *Core) beginFor(e *execution, l *letter) {
	first := &e.inbox[len(e.inbox)-1]
	if l.Kind == kernel.MailSignal {
		c.bytes -= first.payload()
		first.Start.Signal = l.Signal
		c.bytes += first.payload()
		return
	}
	first.origin, first.letter = byCore, nil
	c.push(e, l.input())
}

// notBorn refuses what came for an execution that will not be made.
func (c *Core) notBorn(s *start) {
	for i := range s.late {
		c.pending--
		c.bytes -= s.late[i].payload()
	}
	c.refuse(&execution{id: s.Execution}, s.late, &model.Error{Code: CodeNotFound, Message: "there is no such execution"})
	s.late = nil
}

// found answers a start whose execution, or whose key's holder, is e: with that execution, or with err.
func (c *Core) found(e *execution, s start, err *model.Error) {
	c.notBorn(&s)
	if s.letter != nil {
		if e.id != s.Execution {
			if err == nil || !s.letter.attaches() { // else it is born after all where the holder ends first
				c.neverBorn(s.Execution)
			}
			c.foundByMail(e, &s, err)
			return
		}
		late := c.late(e.id)
		c.foundByMail(e, &s, err)
		c.born(e.id, late)
		return
	}
	if s.origin == byMail {
		if e.id != s.Execution {
			c.neverBorn(s.Execution)
		} else {
			late := c.late(e.id)
			defer c.born(e.id, late)
		}
		if !s.awaited(c) {
			c.takeMail(e.id, s.mail, err != nil, &kernel.Answer{Error: err})
			return
		}
	}
	in := input{origin: s.origin, ref: s.Ref, mail: s.mail, verb: again, start: &s, answer: err}
	if e.phase == held {
		c.heldInput(e, in)
		return
	}
	c.push(e, in)
}

// decline answers a start that depends on nothing.
func (c *Core) decline(s start, err *model.Error) {
	c.notBorn(&s)
	if s.letter != nil {
		c.neverBorn(s.Execution)
		c.undeliverable(s.Execution, s.letter, err)
		return
	}
	if s.origin == byMail {
		c.neverBorn(s.Execution)
		c.takeMail(s.Execution, s.mail, true, &kernel.Answer{Error: err})
		return
	}
	c.out.Replies = append(c.out.Replies, Reply{Ref: s.Ref, Execution: s.Execution, Error: err})
}

// unborn drops an execution whose start was refused. Starts that found its key taken have another try.
func (c *Core) unborn(e *execution) {
	k := e.key
	if k != nil && k.row.Execution == e.id {
		k.row, k.exists = e.before, !e.before.Execution.IsZero()
		e.inbox = slices.DeleteFunc(e.inbox, func(in input) bool {
			if in.start == nil {
				return false
			}
			c.pending--
			c.bytes -= in.payload()
			k.starts = append(k.starts, *in.start)
			return true
		})
	}
	c.refuseAll(e, &model.Error{Code: CodeNotFound, Message: "there is no such execution"})
	c.remove(e)
	if k != nil {
		c.serveKey(k)
	}
}

// keyUsable reports whether a key can be kept by every store.
func keyUsable(s string) bool {
	if len(s) > keyLongest || !utf8.ValidString(s) {
		return false
	}
	for i := range len(s) {
		if s[i] == 0 {
			return false
		}
	}
	return true
}
