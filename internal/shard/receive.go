package shard

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// letter is a message of another execution on its way to the one that it is for.
type letter struct {
	*kernel.Mail
	id        record.MessageID
	namespace string
}

// receive turns a message of another execution into an input of the one that it is for, which is looked up by its key
// and made where the message asks for that.
func (c *Core) receive(m *record.Message) {
	mail, err := kernel.DecodeMail(m.Body)
	if err != nil {
		c.deadLetter(m.ID.From, m.ID, unusable("the message can't be read: "+err.Error()))
		return
	}
	l := &letter{Mail: mail, id: m.ID, namespace: m.Namespace}
	if int(mail.Home(m.Namespace))%c.cfg.Shards != int(c.fence.Shard) {
		c.undeliverable(m.To, l, &model.Error{Code: CodeInvalid, Message: "the message is for another shard"})
		return
	}
	if c.refused[m.ID] > 1 && !c.lessen(l) {
		return
	}
	switch {
	case mail.Start != nil:
		c.startByMail(l)
	case mail.To.IsZero():
		c.deliverToKey(l)
	default:
		c.deliver(mail.To, l.input())
	}
}

// lessen deals with a message whose effect the store has refused twice: what must arrive does so without what it
// brings, all else is refused.
func (c *Core) lessen(l *letter) bool {
	rejected := &model.Error{Code: CodeRejected, Message: "the store cannot keep what the message brings"}
	if !l.Notice() {
		if l.Start != nil {
			c.neverBorn(l.Start.ID)
		}
		c.undeliverable(l.To, l, rejected)
		return false
	}
	if l.Kind == kernel.MailEnded && l.Error == nil {
		l.Status, l.Outcome, l.Output, l.Error = model.Failed, model.OutcomeErr, nil, rejected
	}
	return true
}

// input is what the execution is told.
func (l *letter) input() input {
	in := input{origin: byMail, mail: l.id, letter: l}
	in.Kind, in.Mail = kernel.InMail, l.Mail
	return in
}

// attaches reports whether the start of a child listens to who has its key instead.
func (l *letter) attaches() bool { return l.Kind == kernel.MailStart && l.Attach }

// took takes the message of an input, in the part under construction, and answers it where its sender waits. a is what
// the kernel or the core says to it.
func (c *Core) took(id record.ID, in *input, a *kernel.Answer) {
	l := in.letter
	if l == nil {
		if w, ok := c.asked[in.mail]; ok && in.Kind == kernel.InGather {
			w.existing = true
			c.asked[in.mail] = w
		}
		c.takeMail(id, in.mail, a != nil && a.Error != nil, a)
		return
	}
	var err *model.Error
	if a != nil {
		err = a.Error
	}
	if l.Kind == kernel.MailCheck {
		c.checked(id, l, err)
		return
	}
	if err != nil && err.Code == kernel.CodeClosed && l.Kind == kernel.MailStart && id != l.Start.ID {
		c.startLetter(l) // who had the key has ended meanwhile
		return
	}
	if l.attaches() && id != l.Start.ID {
		c.neverBorn(l.Start.ID)
	}
	if err != nil {
		c.undeliverable(id, l, err)
		return
	}
	if bug.On(bug.TakeForgotten) && (l.Kind == kernel.MailGrant || l.Kind == kernel.MailEnded) {
		c.opened().unread = append(c.opened().unread, l.id)
		return
	}
	c.takeMail(id, l.id, false, nil)
	if l.Answer {
		c.answerMail(id, l.namespace, l.id, l.Mail, c.versionOf(id), nil)
	}
}

// versionOf is the version of an execution in memory.
func (c *Core) versionOf(id record.ID) string {
	if e := c.execs[id]; e != nil {
		return e.name.Version
	}
	return ""
}

// undeliverable takes a message that nobody can use. Its sender is told where it waits; a mere notice is nothing to
// talk about; anything else is a dead letter.
func (c *Core) undeliverable(id record.ID, l *letter, err *model.Error) {
	if id.IsZero() {
		id = l.id.From
	}
	switch {
	case l.Kind == kernel.MailCheck:
		c.checked(id, l, err)
	case l.Answer:
		c.takeMail(id, l.id, false, nil)
		c.answerMail(id, l.namespace, l.id, l.Mail, "", err)
	case l.Kind == kernel.MailStart && l.Start != nil && l.Start.Waits:
		c.takeMail(id, l.id, false, nil)
		c.neverWas(id, l, err)
	case l.Kind == kernel.MailAcquire: // who asked a limit for a place must not wait for ever
		c.takeMail(id, l.id, false, nil)
		turned := kernel.Mail{Kind: kernel.MailTurned, To: l.From, From: l.To, Step: l.Step, Attempt: l.Attempt, Error: err}
		asked := l.id
		asked.N |= answered
		c.send(c.opened(), id, l.namespace, asked, &turned)
	case l.Notice(), err.Code == CodeKeyExists: // who has the key is as good
		c.takeMail(id, l.id, false, nil)
	default:
		c.deadLetter(id, l.id, &model.Error{Code: err.Code, Message: string(l.Kind) + " from " + l.From.String() + ": " + err.Message})
	}
}

// noExecution is the answer to what is for nobody.
func noExecution() *model.Error {
	return &model.Error{Code: CodeNotFound, Message: "there is no such execution"}
}

// deliverToKey gives a message to the execution that has its key.
func (c *Core) deliverToKey(l *letter) {
	if !keyUsable(l.Key) {
		c.undeliverable(record.ID{}, l, noExecution())
		return
	}
	k := c.keyOf(record.Key{Namespace: l.namespace, Workflow: l.Workflow, Key: l.Key})
	k.starts = append(k.starts, start{origin: byMail, mail: l.id, letter: l, finds: true})
	c.serveKey(k)
}

// findHolder serves a start that only looks for the holder of its key.
func (c *Core) findHolder(k *keyRow, s *start) {
	if !k.exists {
		c.undeliverable(record.ID{}, s.letter, noExecution())
		return
	}
	c.deliver(k.row.Execution, s.letter.input())
}

// startByMail makes the execution that a message wants, unless it is there. What comes for it meanwhile waits.
func (c *Core) startByMail(l *letter) {
	id := l.Start.ID
	if in := l.input(); l.Kind != kernel.MailStart && c.lateFor(id, &in) {
		return
	}
	if l.Start.Version == "" && l.Start.Key == "" { // one with a key waits in the line of its key, for its version too
		c.resolve(l)
		return
	}
	c.startLetter(l)
}

// startLetter goes on with a start whose version is known, or asked for when it is the first in the line of its key.
func (c *Core) startLetter(l *letter) {
	s := start{origin: byMail, mail: l.id, letter: l}
	s.Verb, s.Execution, s.Start, s.By = Start, l.Start.ID, l.Start, l.by()
	// A message is taken once, so the execution that only it names is new. One that many may name is looked for.
	s.Repeat = l.Kind != kernel.MailStart && l.Start.Key == ""
	s.Existing = New
	c.start(s)
}

// by is who is journaled as having asked.
func (l *letter) by() string {
	if l.Start != nil && l.Start.By != "" {
		return l.Start.By
	}
	return "execution " + l.From.String()
}

// foundByMail deals with a start by mail whose execution, or whose key's holder, is e. err is set where it is not what
// the start wanted.
func (c *Core) foundByMail(e *execution, s *start, err *model.Error) {
	l := s.letter
	switch {
	case l.Kind != kernel.MailStart: // start if absent, and it is not
		c.deliver(e.id, l.input())
	case err != nil && l.Attach:
		c.deliver(e.id, l.input())
	case err != nil:
		c.undeliverable(e.id, l, err)
	default:
		c.takeMail(e.id, l.id, false, nil)
		if l.Answer {
			c.answerMail(e.id, l.namespace, l.id, l.Mail, e.name.Version, nil)
		}
	}
}
