package engine

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// A command for a shard of another member travels through the inbox, and its answer comes back beside it. Nobody needs
// to reach that member, and a command that was sent is carried out even where its owner dies meanwhile.

// forwarding is what is on its way to other members.
type forwarding struct {
	out     []record.Message // not sent yet
	sending bool
	// open are the commands without an answer, in the order of their coming.
	open   []forwarded
	asking bool
	at     time.Duration // of the next question for answers
	drawn  uint64

	finding bool
	findAt  time.Duration // of the next look for messages
	// eager: until then messages are looked for more often.
	eager time.Duration
}

// forwarded is one command without an answer.
type forwarded struct {
	sender    record.ID // of the message
	ref       uint64
	execution record.ID
	since     time.Duration
}

const (
	askFirst = 5 * time.Millisecond // between questions for answers, which become rarer with their age
	askLast  = 300 * time.Millisecond

	mailSoon  = 10 * time.Millisecond // between looks for messages that are expected
	mailEager = 2 * time.Second       // for so long
)

// forwards sends c to the owner of its shard; false where it cannot travel.
func (m *Machine) forwards(c *Command) bool {
	mail, ok := c.Forward()
	if !ok {
		return false
	}
	f := &m.forward
	if len(f.open) >= maxHeld {
		m.refuse(c, &model.Error{Code: shard.CodeOverloaded, Message: "too many commands are on their way to other members; try again later"})
		return true
	}
	body, err := mail.Encode()
	if err != nil {
		m.refuse(c, &model.Error{Code: shard.CodeInvalid, Message: "the command cannot be written: " + err.Error()})
		return true
	}
	f.drawn++
	sender := m.drawSender(f.drawn)
	f.out = append(f.out, record.Message{
		ID: record.MessageID{From: sender}, Shard: c.Execution.Shard(m.cfg.Shards), Namespace: c.Namespace,
		To: c.Execution, At: m.now.Wall, Body: body,
	})
	f.open = append(f.open, forwarded{sender, c.Ref, c.Execution, m.now.Mono})
	f.at = min(f.at, m.now.Mono+askFirst)
	return true
}

// drawSender is an id that no other member draws: the owner is random and used once.
func (m *Machine) drawSender(n uint64) record.ID {
	d := mixer(n)
	d.u64(binary.BigEndian.Uint64(m.cfg.Owner[:8]))
	d.u64(binary.BigEndian.Uint64(m.cfg.Owner[8:]))
	return record.NewID(m.now.Wall, uint64(d), uint16(n))
}

// keepForwarding sends what is to be sent, asks for answers, and gives up what has waited for too long.
func (m *Machine) keepForwarding() {
	f := &m.forward
	if len(f.out) > 0 && !f.sending {
		f.sending = true
		m.request(SendMail{f.out})
		f.out = nil
	}
	m.findMail()
	m.giveUpForwards()
	if len(f.open) == 0 || f.asking || m.now.Mono < f.at {
		return
	}
	f.asking = true
	to := make([]record.ID, len(f.open))
	for i := range f.open {
		to[i] = f.open[i].sender
	}
	m.request(ReadAnswers{to})
}

// findMail looks for messages that others have sent to shards of this member: they cannot poke it.
func (m *Machine) findMail() {
	f := &m.forward
	if !m.cfg.Forward || f.finding || m.now.Mono < f.findAt || !m.owns() {
		return
	}
	f.finding = true
	m.request(FindMail{})
}

func (m *Machine) mailWaits(e MailWaits) {
	f := &m.forward
	f.finding, f.findAt = false, m.now.Mono+m.cfg.MailEvery
	if m.now.Mono < f.eager {
		f.findAt = m.now.Mono + mailSoon
	}
	for _, n := range e.Shards {
		if int(n) < len(m.shards) && m.shards[n].core != nil {
			m.shards[n].core.MailWaits(m.now.Wall)
			m.shards[n].dirty = true
		}
	}
}

// mailExpected looks for messages more often for a while: a caller's transaction is about to commit one.
func (m *Machine) mailExpected() {
	m.forward.eager = m.now.Mono + mailEager
	m.forward.findAt = min(m.forward.findAt, m.now.Mono+mailSoon)
}

func (m *Machine) nextForward() time.Duration {
	f := &m.forward
	at := farAway
	if m.cfg.Forward && !f.finding && m.owns() {
		at = f.findAt
	}
	if len(f.open) > 0 {
		at = min(at, f.open[0].since+m.forwardsLast())
		if !f.asking {
			at = min(at, f.at)
		}
	}
	return at
}

// forwardsLast is how long a command waits for its answer: another member may have to take over first.
func (m *Machine) forwardsLast() time.Duration { return 3 * m.cfg.TTL }

func (m *Machine) giveUpForwards() {
	f := &m.forward
	n := 0
	for n < len(f.open) && m.now.Mono-f.open[n].since >= m.forwardsLast() {
		m.notHeard(f.open[n])
		n++
	}
	f.open = append(f.open[:0], f.open[n:]...)
}

// notHeard tells a caller that the outcome of its command is not known.
func (m *Machine) notHeard(w forwarded) {
	m.replies = append(m.replies, Reply{Ref: w.ref, Execution: w.execution, Error: &model.Error{
		Code: shard.CodeUnavailable, Message: "the command is on its way to the member that owns the execution, which has not answered; repeat it with the same request id",
	}})
}

// endForwarding answers those who wait when the Machine stops.
func (m *Machine) endForwarding() {
	for _, w := range m.forward.open {
		m.notHeard(w)
	}
	m.forward.open = nil
}

// mailSent: where it is not known whether the messages are there, nothing is sent again. One that was taken meanwhile
// would come twice.
func (m *Machine) mailSent(e MailSent) {
	f := &m.forward
	f.sending = false
	if e.Err == nil {
		return
	}
	if bug.On(bug.MailResent) {
		f.out = append(e.Messages, f.out...)
		return
	}
	f.open = slices.DeleteFunc(f.open, func(w forwarded) bool {
		mine := slices.ContainsFunc(e.Messages, func(s record.Message) bool { return s.ID.From == w.sender })
		if mine {
			m.notHeard(w)
		}
		return mine
	})
}

func (m *Machine) answersRead(e AnswersRead) {
	f := &m.forward
	f.asking = false
	answers := make(map[record.ID]*record.Answer, len(e.List))
	for i := range e.List {
		answers[e.List[i].To] = &e.List[i]
	}
	open := f.open[:0]
	for _, w := range f.open {
		a := answers[w.sender]
		if a == nil {
			open = append(open, w)
			continue
		}
		m.replies = append(m.replies, w.reply(a))
	}
	f.open = open
	if len(open) == 0 {
		f.at = farAway
		return
	}
	age := m.now.Mono - open[len(open)-1].since
	f.at = m.now.Mono + min(max(age/2, askFirst), askLast)
}

// reply is the answer as the caller gets it.
func (w *forwarded) reply(a *record.Answer) Reply {
	r, err := shard.DecodeAnswer(a.Body)
	if err != nil {
		r = Reply{Execution: w.execution, Error: &model.Error{Code: shard.CodeStore, Message: "the answer cannot be read"}}
	}
	r.Ref = w.ref
	return r
}

// elsewhere deals with a command for a shard that is not owned here, where commands travel. Whoever looks reads the
// store. Where nobody owns the shard, the command waits a little for that to change.
func (m *Machine) elsewhere(s *owned, c *Command) {
	switch {
	case c.Verb >= shard.View:
		m.refuse(c, notOwnerError())
	case s.ownedByOther(m.cfg.Owner) && m.forwards(c):
	default:
		s.waiting = append(s.waiting, held{*c, m.now.Mono})
	}
}

// ownedByOther reports whether the row says that another member owns the shard.
func (s *owned) ownedByOther(self record.Owner) bool {
	return s.known && s.row.Owner != record.Owner{} && s.row.Owner != self
}

// sendWaiting lets the commands that waited for a claim travel once another member owns the shard.
func (m *Machine) sendWaiting(s *owned) {
	if !m.cfg.Forward || len(s.waiting) == 0 || !s.ownedByOther(m.cfg.Owner) {
		return
	}
	kept := s.waiting[:0]
	for i := range s.waiting {
		if !m.forwards(&s.waiting[i].cmd) {
			kept = append(kept, s.waiting[i])
		}
	}
	clear(s.waiting[len(kept):])
	s.waiting = kept
}

// wanted reports whether a visitor has something to do in the shard.
func (m *Machine) wanted(n record.Shard) bool {
	if len(m.shards[n].waiting) > 0 {
		return true
	}
	for i := range m.forward.open {
		if m.forward.open[i].execution.Shard(m.cfg.Shards) == n {
			return true
		}
	}
	return false
}
