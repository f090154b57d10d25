package kernel

import (
	"bytes"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// MailKind says what a message between executions is about.
//
// A new kind is a constant here, a case in [decider.mail] for whoever gets it, and a call of [decider.send] where it
// begins; the journal, the inbox and the shard carry it without knowing it. A kind that only tells something, so that
// nobody needs to hear that it came too late, belongs into [Mail.Notice].
type MailKind string

// The kinds.
const (
	// MailSignal brings Signal. With Start the execution is made first where it is absent.
	MailSignal MailKind = "signal"
	// MailStart makes the execution Start. Who gets it because it has the key already is asked to tell Step of its end.
	MailStart MailKind = "start"
	// MailCancel and MailTerminate end a child that the step Step of From had started.
	MailCancel    MailKind = "cancel"
	MailTerminate MailKind = "terminate"
	// MailEnded tells Step that From, its child, has ended: Status, Outcome, Output, Error, Version.
	MailEnded MailKind = "ended"
	// MailAnswer tells Step what became of a message that asked for it: Error, and Version for a start.
	MailAnswer MailKind = "answer"
	// MailAcquire asks the limit Start for a place for Step of From; Data says what it needs. MailRelease gives it back,
	// or leaves the line.
	MailAcquire MailKind = "acquire"
	MailRelease MailKind = "release"
	// MailGrant tells Step that it holds the limit From, MailTurned that it will not get it (Error), MailYield that it
	// must make room.
	MailGrant  MailKind = "grant"
	MailTurned MailKind = "turned"
	MailYield  MailKind = "yield"
	// MailCheck asks, in an audit, whether both sides of a limit agree: a limit asks about Step of To, which holds it; Step
	// of From asks the limit To about itself, and Outcome says what it believes. MailLost tells Step that it is wrong.
	MailCheck MailKind = "check"
	MailLost  MailKind = "lost"
	// MailListen asks an execution to tell Step of From when it has ended, like a parent.
	MailListen MailKind = "listen"
	// MailOust cancels an execution that the schedule From has started.
	MailOust MailKind = "oust"
)

// Mail is a message from one execution to another. It leaves with the entry that sends it and is taken with the entry
// it causes, so it arrives once, and in the order in which its sender sent. It is a union: see the kinds for which
// fields are set.
type Mail struct {
	Kind MailKind
	// To is who gets it; zero for whoever has the Key of Workflow.
	To            record.ID
	Workflow, Key string
	// From is the sender. Step and Attempt name the step of the one who waits: of the sender, or, in what tells it
	// about the end of the wait (ended, answer), of the receiver. "" is the execution itself.
	From    record.ID
	Step    string
	Attempt int
	// Answer asks for a MailAnswer when it has been taken, or that it can't be.
	Answer bool

	Signal *Signal
	// Start is the execution to make. Version may be empty: it is then found by Constraint, "" for the active one,
	// where the execution is made.
	Start      *Start
	Constraint string
	// Attach: where the key of Start is in use, listen to its holder.
	Attach bool

	Status  model.Status
	Outcome string
	Version string
	Output  []byte
	Error   *model.Error
	// Data is JSON for kinds that need nothing else.
	Data []byte
}

// Notice reports whether m only tells something, or ends what may have ended: nobody minds if it can't be delivered.
func (m *Mail) Notice() bool {
	switch m.Kind {
	case MailEnded, MailAnswer, MailCancel, MailTerminate, MailGrant, MailTurned, MailYield, MailRelease, MailCheck, MailLost, MailOust:
		return true
	}
	return false
}

// Home is the slot whose shard takes m.
func (m *Mail) Home(namespace string) uint16 {
	if m.To.IsZero() {
		return record.KeySlot(record.Key{Namespace: namespace, Workflow: m.Workflow, Key: m.Key})
	}
	return m.To.Slot()
}

// Codes of answers to mail, beside those of refused commands.
const (
	CodeNoExecution = "not_found" // no such execution
	CodeNotChild    = "not_child" // the execution is no child of who asks
)

// IsMail reports whether body is what [Mail.Encode] writes.
func IsMail(body []byte) bool { return bytes.HasPrefix(body, mailPrefix) }

var mailPrefix = []byte(`{"mail":`)

// Encode appends m as JSON.
func (m *Mail) Encode(dst []byte) []byte {
	from := len(dst)
	dst = appendText(dst, "mail", string(m.Kind), true)
	dst[from] = '{'
	if !m.To.IsZero() {
		dst = appendText(dst, "to", m.To.String(), true)
	}
	dst = appendText(dst, "workflow", m.Workflow, false)
	dst = appendText(dst, "key", m.Key, false)
	if !m.From.IsZero() {
		dst = appendText(dst, "from", m.From.String(), true)
	}
	dst = appendText(dst, "step", m.Step, false)
	dst = appendInt(dst, "attempt", int64(m.Attempt))
	dst = appendFlag(dst, "answer", m.Answer)
	if m.Signal != nil {
		dst = m.Signal.append(appendKey(dst, "signal"))
	}
	if m.Start != nil {
		dst = appendKey(dst, "start")
		at := len(dst)
		dst = m.Start.append(dst)
		dst[at] = '{'
		dst = append(dst, '}')
	}
	dst = appendText(dst, "constraint", m.Constraint, false)
	dst = appendFlag(dst, "attach", m.Attach)
	dst = appendText(dst, "status", string(m.Status), false)
	dst = appendText(dst, "outcome", m.Outcome, false)
	dst = appendText(dst, "version", m.Version, false)
	dst = appendRaw(dst, "output", m.Output)
	if m.Error != nil {
		dst = appendError(appendKey(dst, "error"), m.Error)
	}
	dst = appendRaw(dst, "data", m.Data)
	return append(dst, '}')
}

func (s *Signal) append(dst []byte) []byte {
	dst = appendString(append(dst, `{"name":`...), s.Name)
	dst = appendText(dst, "id", s.ID, false)
	dst = appendRaw(dst, "data", s.Data)
	return append(dst, '}')
}

func appendFlag(dst []byte, key string, on bool) []byte {
	if !on {
		return dst
	}
	return append(appendKey(dst, key), "true"...)
}

func appendRaw(dst []byte, key string, raw []byte) []byte {
	if len(raw) == 0 {
		return dst
	}
	return append(appendKey(dst, key), raw...)
}

// DecodeMail reads what [Mail.Encode] wrote. The mail refers to body, which must not change any more.
func DecodeMail(body []byte) (*Mail, error) {
	p := &parser{b: body}
	m := p.mail()
	p.space()
	if p.err == nil && p.i != len(p.b) {
		p.err = errEntry
	}
	return m, p.err
}

func (p *parser) mail() *Mail {
	m := &Mail{}
	p.object(func(key string) {
		switch key {
		case "mail":
			m.Kind = MailKind(p.string())
		case "to":
			m.To = p.id()
		case "workflow":
			m.Workflow = p.string()
		case "key":
			m.Key = p.string()
		case "from":
			m.From = p.id()
		case "step":
			m.Step = p.string()
		case "attempt":
			m.Attempt = int(p.int())
		case "answer":
			m.Answer = p.bool()
		default:
			p.mailRest(m, key)
		}
	})
	return m
}

func (p *parser) mailRest(m *Mail, key string) {
	switch key {
	case "signal":
		m.Signal = p.signal()
	case "start":
		m.Start = &Start{}
		p.object(func(key string) { p.start(m.Start, key) })
	case "constraint":
		m.Constraint = p.string()
	case "attach":
		m.Attach = p.bool()
	case "status":
		m.Status = model.Status(p.string())
	case "outcome":
		m.Outcome = p.string()
	case "version":
		m.Version = p.string()
	case "output":
		m.Output = p.raw()
	case "error":
		m.Error = p.error()
	case "data":
		m.Data = p.raw()
	default:
		p.unknown(key)
	}
}

func (p *parser) signal() *Signal {
	s := &Signal{}
	p.object(func(key string) {
		switch key {
		case "name":
			s.Name = p.string()
		case "id":
			s.ID = p.string()
		case "data":
			s.Data = p.raw()
		default:
			p.unknown(key)
		}
	})
	return s
}
