package shard

import (
	"encoding/json"
	"slices"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Mail is the body of an inbox message: a command that reaches its execution through the store.
type Mail struct {
	Verb     Verb           `json:"verb"`
	Request  string         `json:"request,omitempty"`
	By       string         `json:"by,omitempty"`
	Why      string         `json:"why,omitempty"`
	Start    *kernel.Start  `json:"start,omitempty"`
	Existing Existing       `json:"existing,omitempty"`
	Digest   uint64         `json:"digest,omitempty"`
	Signal   *kernel.Signal `json:"signal,omitempty"`

	Decision *kernel.Decision `json:"decision,omitempty"`
	Callback *kernel.Callback `json:"callback,omitempty"`
	Task     kernel.TaskRef   `json:"task,omitzero"`
	Shift    bool             `json:"shift,omitempty"`
	Operator *OperatorMail    `json:"operator,omitempty"`
	// Answer: the sender waits for what becomes of it.
	Answer bool `json:"answer,omitempty"`
}

// Encode is the body of a message.
func (m *Mail) Encode() ([]byte, error) { return json.Marshal(m) }

// mailState is what the core knows of a message it has seen.
type mailState uint8

const (
	mailInFlight mailState = iota + 1
	// mailTaken: gone from the store, but a read that began before may still show it.
	mailTaken
	// mailBack: what it caused was rejected, or what came before it; it is read again once the store has said what became
	// of that. Until then nothing of its sender may come before it.
	mailBack
)

// mailbox paces the reads of the inbox.
type mailbox struct {
	due   int64
	asked bool
	// more: the last read was full, so there is more once these are taken.
	more bool
	// readAt is when the inbox was read last, and quiet how long the store's word that something waits counts for nothing
	// after that, because reads have found nothing new.
	readAt, quiet int64
	// settled are those that may be forgotten once the read that is under way has been answered.
	settled []record.MessageID
}

// Poke says that there may be new messages.
func (c *Core) Poke(now int64) {
	c.now = now
	c.letters.due = now
}

// quietFirst is the first pause after a read that found nothing new, in milliseconds; it doubles up to InboxPoll.
const quietFirst = 100

// MailWaits says that the store has messages for this shard: perhaps only such as are here already and have to wait.
func (c *Core) MailWaits(now int64) {
	c.now = now
	c.letters.due = min(c.letters.due, max(now, c.letters.readAt+c.letters.quiet))
}

func (c *Core) wantMail() {
	if c.nextMail() > c.now {
		return
	}
	c.letters.asked = true
	// What is in flight is read again, and must not keep what is behind it from being seen.
	c.out.Inbox = c.cfg.Inbox + len(c.mail)
	if bug.On(bug.InboxHidden) {
		c.out.Inbox = c.cfg.Inbox // seeded: those are all that it sees
	}
}

// nextMail is when to read the inbox again.
func (c *Core) nextMail() int64 {
	if c.letters.asked || c.draining || c.pending >= c.cfg.MaxPending {
		return record.Never
	}
	return c.letters.due
}

// Messages answers Ready.Inbox, which asked for limit messages.
func (c *Core) Messages(now int64, limit int, list []record.Message) {
	c.now = now
	c.letters.asked = false
	if c.letters.due <= now {
		c.letters.due = now + c.cfg.InboxPoll
	}
	c.letters.more = len(list) >= limit
	c.letters.readAt = now
	if quiet := c.letters.quiet; len(list) > 0 && c.allSeen(list) {
		c.letters.quiet = min(max(2*quiet, quietFirst), c.cfg.InboxPoll)
	} else {
		c.letters.quiet = 0
	}
	back := map[record.ID]bool{} // from whom, and for whom, something is read again: so is what is behind that
	for i := range list {
		m := &list[i]
		if state, seen := c.mail[m.ID]; seen {
			if state == mailBack && !bug.On(bug.RefusedOvertaken) {
				back[m.ID.From], back[m.To] = true, !m.To.IsZero()
			}
			continue
		}
		if back[m.ID.From] || back[m.To] {
			continue
		}
		c.mail[m.ID] = mailInFlight
		if c.refused[m.ID] > 1 && !kernel.IsMail(m.Body) {
			c.deadLetter(m.To, m.ID, &model.Error{Code: CodeRejected, Message: "the store cannot keep what the message causes"})
			continue
		}
		c.open(m)
	}
	for _, id := range c.letters.settled {
		if c.mail[id] == mailBack {
			c.letters.due = now
		}
		delete(c.mail, id)
	}
	c.letters.settled = c.letters.settled[:0]
}

func (c *Core) allSeen(list []record.Message) bool {
	return !slices.ContainsFunc(list, func(m record.Message) bool { return c.mail[m.ID] == 0 })
}

// open turns a message into an input.
func (c *Core) open(m *record.Message) {
	if kernel.IsMail(m.Body) {
		c.receive(m)
		return
	}
	var body Mail
	if err := json.Unmarshal(m.Body, &body); err != nil {
		c.deadLetter(m.To, m.ID, unusable("the message can't be read"))
		return
	}
	cmd := Command{
		Verb: body.Verb, Execution: m.To, Request: body.Request, By: body.By, Why: body.Why,
		Start: body.Start, Existing: body.Existing, Digest: body.Digest, Signal: body.Signal, Decision: body.Decision, Callback: body.Callback, Task: body.Task, Shift: body.Shift, Repeat: true,
	}
	if body.Answer {
		c.asked[m.ID] = asked{start: cmd.Verb == Start}
	}
	def, ready := c.brought(m, &body)
	if !ready {
		return
	}
	if body.Operator != nil {
		cmd.Operator = body.Operator.input(def)
	}
	if def != nil && body.Operator == nil {
		body.Start.Fork.Migration.Definition = def
	}
	switch {
	case m.To.Shard(c.cfg.Shards) != c.fence.Shard:
		c.deadLetter(m.To, m.ID, unusable("the message is for another shard"))
	case cmd.Verb == Start && cmd.Start != nil && cmd.Start.ID == m.To:
		c.start(start{Command: cmd, origin: byMail, mail: m.ID})
	case kindOf(cmd.Verb) != 0 && cmd.whole(), cmd.Verb == Operate && cmd.Operator != nil:
		in := commandInput(&cmd)
		in.origin, in.mail = byMail, m.ID
		c.deliver(m.To, in)
	default:
		c.deadLetter(m.To, m.ID, unusable("the message asks for nothing"))
	}
}

// takeMail consumes a message in the part under construction, the one that holds the entry it caused. unused says
// that it caused none; a then says why.
func (c *Core) takeMail(id record.ID, m record.MessageID, unused bool, a *kernel.Answer) {
	w, asked := c.asked[m]
	if unused && !asked {
		why := &model.Error{Code: CodeInvalid, Message: "refused"}
		if a != nil && a.Error != nil {
			why = a.Error
		}
		c.deadLetter(id, m, why)
		return
	}
	p := c.opened()
	p.Takes = append(p.Takes, m)
	p.takesFor = append(p.takesFor, id)
	if asked {
		c.answerAsked(p, id, m, w, a)
	}
}

// deadLetter takes a message that can't be used and says so.
func (c *Core) deadLetter(id record.ID, m record.MessageID, why *model.Error) {
	if _, asked := c.asked[m]; !asked {
		c.stats.DeadLetters++
		c.alarm(AlarmDeadLetter, id, why.Error())
	}
	c.takeMail(id, m, false, &kernel.Answer{Error: why})
}

func unusable(why string) *model.Error { return &model.Error{Code: CodeInvalid, Message: why} }

// mailRefused deals with a message whose part was rejected: it is read again when p is durable, and taken as a dead
// letter if that happens twice, so that a message that no part can hold does not come back for ever.
func (c *Core) mailRefused(p *part, m record.MessageID) {
	c.refused[m]++
	c.giveBack(p, m)
}

// giveBack lets a message be read again when p is durable.
func (c *Core) giveBack(p *part, m record.MessageID) {
	c.mail[m] = mailBack
	p.unread = append(p.unread, m)
}

// mailSettled lets a message be read again.
func (c *Core) mailSettled(id record.MessageID) {
	c.letters.due = min(c.letters.due, c.now)
	c.forgetMail(id, mailBack)
}

// mailGone notes that a take is durable.
func (c *Core) mailGone(id record.MessageID) {
	delete(c.refused, id)
	delete(c.asked, id)
	if c.letters.more {
		c.letters.more, c.letters.due = false, c.now
	}
	c.forgetMail(id, mailTaken)
}

// forgetMail drops a message from what is in flight, when no read that began before now can show it any more; until
// then it is as that read is to see it.
func (c *Core) forgetMail(id record.MessageID, as mailState) {
	if !c.letters.asked {
		delete(c.mail, id)
		return
	}
	c.mail[id] = as
	c.letters.settled = append(c.letters.settled, id)
}

func (c *Core) alarm(k AlarmKind, id record.ID, text string) {
	c.out.Alarms = append(c.out.Alarms, Alarm{Kind: k, Execution: id, Text: text})
}
