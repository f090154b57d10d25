package kernel

import (
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// sendDef is the configuration of a send node. One of to, parent and key is used.
type sendDef struct {
	to              *expr.Template
	parent          bool
	workflow, key   *expr.Template
	signal          string
	id, data, input *expr.Template
	start           bool
}

// outcomeNotFound is how a send ends whose receiver does not exist or has ended.
const outcomeNotFound = "not_found"

// runSend sends the signal of a send node. The step then waits for the answer.
func (x *decider) runSend(st *step, n *nodeDef) {
	m, err := x.letter(st, n.send)
	switch {
	case err != nil:
		x.fail(st, err)
	case m == nil:
		x.complete(st, n, outcomeNotFound, nil)
	default:
		x.send(st.path, m)
	}
}

// letter writes the message of a send node; nil where it is clear that nobody can get it.
func (x *decider) letter(st *step, d *sendDef) (*Mail, *model.Error) {
	m := &Mail{Kind: MailSignal, Step: st.path, Answer: true, Signal: &Signal{Name: d.signal}}
	x.in(st.sc, st.path)
	if ok, err := x.address(m, d); !ok || err != nil {
		return nil, x.sendError(st, err)
	}
	var err error
	if m.Signal.ID = x.s.start.ID.String() + "/" + st.path; d.id != nil {
		m.Signal.ID, err = d.id.String(&x.ctx)
	}
	if err == nil && d.data != nil {
		m.Signal.Data, _, err = d.data.Append(nil, &x.ctx)
	}
	if err != nil {
		return nil, errorOf(err, st.path)
	}
	if len(m.Signal.Data) > x.bounds.Payload {
		return nil, x.tooLarge("data", len(m.Signal.Data), st)
	}
	if d.start {
		return m, x.startOf(st, m, d.input)
	}
	return m, nil
}

func (x *decider) sendError(st *step, err error) *model.Error {
	if err == nil {
		return nil
	}
	return errorOf(err, st.path)
}

// address finds who gets m. false: there can be no such execution.
func (x *decider) address(m *Mail, d *sendDef) (ok bool, err error) {
	switch {
	case d.parent:
		m.To = x.s.start.Parent
	case d.to != nil:
		var text string
		if text, err = d.to.String(&x.ctx); err == nil {
			m.To, _ = record.ParseID(text)
		}
	default:
		if m.Workflow, err = d.workflow.String(&x.ctx); err == nil {
			m.Key, err = keyText(d.key, &x.ctx)
		}
		return m.Key != "" && m.Workflow != "", err
	}
	return !m.To.IsZero(), err
}

// keyText evaluates a key: text, or a number in decimal.
func keyText(t *expr.Template, c *expr.Context) (string, error) {
	v, err := t.Value(c)
	if err != nil {
		return "", err
	}
	switch v.(type) {
	case nil:
		return "", nil
	case string, int64, float64, bool:
		return t.String(c)
	}
	return "", &expr.Error{Code: "type", Message: "a key is text, not " + expr.TypeName(v)}
}

// startOf adds the execution that m makes where it is absent.
func (x *decider) startOf(st *step, m *Mail, input *expr.Template) *model.Error {
	m.Start = x.birth(st.path, m.Workflow, m.Key)
	if input == nil {
		return nil
	}
	raw, _, err := input.Append(nil, &x.ctx)
	if err != nil {
		return errorOf(err, st.path)
	}
	if len(raw) > x.bounds.Payload {
		return x.tooLarge("input", len(raw), st)
	}
	m.Start.Input = raw
	return nil
}

// birth begins the start of another execution by something in this one, which seed names. Its id derives from both.
func (x *decider) birth(seed, workflow, key string) *Start {
	s := &Start{Namespace: x.s.start.Namespace, Workflow: workflow, Key: key}
	h := fnv64(x.s.start.ID[:], seed)
	slot := uint16(h>>48) ^ uint16(h>>16)
	if key != "" {
		slot = record.KeySlot(record.Key{Namespace: s.Namespace, Workflow: workflow, Key: key})
	}
	s.ID = record.NewID(x.now, fnv64(x.s.start.ID[:], seed+"\x00"), slot)
	return s
}

// send journals a message of a step and lets it leave with the entry.
func (x *decider) send(path string, m *Mail) {
	x.sendOp(Op{kind: opSend, path: path, mail: m}, nil)
}

// sendOp journals the operation of a message and lets that leave with the entry. fill completes what leaves with what
// the journal need not hold twice; may be nil.
func (x *decider) sendOp(o Op, fill func(*Mail)) {
	x.emit(o)
	if x.err != nil {
		return
	}
	out := *o.mail
	out.From = x.s.start.ID
	if out.Start != nil {
		start := *out.Start
		start.Unchecked = true
		out.Start = &start
	}
	if fill != nil {
		fill(&out)
	}
	x.size += len(out.Output) + len(out.Data)
	if out.Signal != nil {
		x.size += len(out.Signal.Data)
	}
	if out.Start != nil {
		x.size += len(out.Start.Input)
	}
	x.out.Sends = append(x.out.Sends, out)
}

// mail handles a message of another execution.
func (x *decider) mail(i int, in *Input) {
	m := in.Mail
	if x.limitMailed(m) {
		return
	}
	if m.Kind != MailEnded {
		x.flush()
	}
	switch m.Kind {
	case MailListen:
		x.emit(Op{kind: opListen, text: m.From.String(), name: m.Step, attempt: m.Attempt})
	case MailOust:
		x.cancelExecution(i, &Input{Kind: InCancel, By: "schedule", Why: "the next time of its schedule has come"})
	case MailSignal:
		x.mailSignal(i, in)
	case MailAnswer:
		x.mailAnswer(m)
	case MailEnded:
		x.mailEnded(m)
	case MailCancel, MailTerminate:
		x.mailEnd(i, in)
	case MailStart:
		x.mailListen(i, m)
	default:
		x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status, Error: &model.Error{Code: "unknown_mail", Message: "the message is from a newer program"}})
	}
}

// mailSignal handles a signal of another execution: its data is checked here, because nobody has done so.
func (x *decider) mailSignal(i int, in *Input) {
	sig := Input{Kind: InSignal, Signal: in.Mail.Signal}
	if err := x.checkSignal(sig.Signal); err != nil {
		x.refuse(i, &sig, err)
		return
	}
	x.signal(i, &sig)
}

func (x *decider) checkSignal(sig *Signal) *model.Error {
	if x.d.signal == nil || sig == nil {
		return nil
	}
	return x.d.signal(sig.Name, sig.Data)
}

// mailAnswer ends the wait of a step for the answer to what it sent.
func (x *decider) mailAnswer(m *Mail) {
	st := x.s.findStep(m.Step)
	if st == nil || st.over() || st.away == nil || st.attempt != m.Attempt {
		return
	}
	if st.away.kind == MailStart {
		x.childAnswer(st, m)
		return
	}
	n := x.def(st)
	switch e := m.Error; {
	case e == nil:
		x.complete(st, n, model.Success, nil)
	case e.Code == CodeNoExecution || e.Code == CodeClosed:
		x.finish(st, n, Op{kind: opDone, path: st.path, name: string(model.StepCompleted), word: outcomeNotFound, err: e}, nil)
	default:
		x.fail(st, &model.Error{Code: e.Code, Message: e.Message, Details: e.Details})
	}
}

// openAway describes the wait of a step for another execution.
func (st *step) openAway(o Outstanding) Outstanding {
	a := st.away
	o.Kind, o.Execution, o.Workflow, o.Key = OpenAnswer, a.to, a.workflow, a.key
	if a.kind == MailStart {
		o.Kind = OpenChild
	}
	return o
}

// other names the execution that o waits for.
func (o *Outstanding) other() string {
	var b strings.Builder
	switch {
	case o.Key != "" && o.Execution.IsZero():
		b.WriteString("the execution of " + o.Workflow + " with the key " + o.Key)
	case o.Workflow != "":
		b.WriteString("execution " + o.Execution.String() + " of " + o.Workflow)
	default:
		b.WriteString("execution " + o.Execution.String())
	}
	return b.String()
}
