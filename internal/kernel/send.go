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
		x.send(st.path, m, nil)
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
	s := &Start{Namespace: x.s.start.Namespace, Workflow: workflow, Key: key, By: x.s.startedBy}
	h := fnv64(x.s.start.ID[:], seed)
	slot := uint16(h>>48) ^ uint16(h>>16)
	if key != "" {
		slot = record.KeySlot(record.Key{Namespace: s.Namespace, Workflow: workflow, Key: key})
	}
	s.ID = record.NewID(x.now, fnv64(x.s.start.ID[:], seed+"\x00"), slot)
	return s
}

// send journals a message and lets it leave with the entry. path is the step that sends, "" for the execution. fill
// completes what leaves with what the journal need not hold twice; may be nil.
func (x *decider) send(path string, m *Mail, fill func(*Mail), refs ...inref) {
	x.emit(Op{kind: opSend, path: path, mail: m, refs: refs})
	if x.err != nil {
		return
	}
	x.size += len(m.Output) + len(m.Data)
	if m.Signal != nil {
		x.size += len(m.Signal.Data)
	}
	if m.Start != nil {
		x.size += len(m.Start.Input)
	}
	out := *m
	out.From = x.s.start.ID
	if fill != nil {
		fill(&out)
	}
	x.out.Sends = append(x.out.Sends, out)
}

// mail handles a message of another execution.
func (x *decider) mail(i int, in *Input) {
	m := in.Mail
	switch m.Kind {
	case MailSignal:
		x.signal(i, &Input{Kind: InSignal, Signal: m.Signal})
	case MailAnswer:
		x.mailAnswer(m)
	default:
		x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status, Error: &model.Error{Code: "unknown_mail", Message: "the message is from a newer program"}})
	}
}

// mailAnswer ends the wait of a step for the answer to what it sent.
func (x *decider) mailAnswer(m *Mail) {
	st := x.s.findStep(m.Step)
	if st == nil || st.over() || st.away == nil || st.attempt != m.Attempt {
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

// away is what a step waits for from another execution.
type away struct {
	kind          MailKind // of what was sent
	to            record.ID
	workflow, key string
}

func (s *State) applySend(o *Op) error {
	if o.mail == nil {
		return errEntry
	}
	if o.path == "" || !o.mail.Answer {
		return nil
	}
	st := s.stepAt(o.path)
	if st == nil {
		return errNoStep(o.path)
	}
	m := o.mail
	st.began, st.status, st.since = true, model.StepWaiting, s.at
	st.away = &away{kind: m.Kind, to: m.To, workflow: m.Workflow, key: m.Key}
	return nil
}

// openAway describes the wait of a step for another execution.
func (st *step) openAway(o Outstanding) Outstanding {
	a := st.away
	o.Kind, o.Execution, o.Workflow, o.Key = OpenAnswer, a.to, a.workflow, a.key
	return o
}

// other names the execution that o waits for.
func (o *Outstanding) other() string {
	var b strings.Builder
	switch {
	case o.Key != "":
		b.WriteString("the execution of " + o.Workflow + " with the key " + o.Key)
	case o.Workflow != "":
		b.WriteString("execution " + o.Execution.String() + " of " + o.Workflow)
	default:
		b.WriteString("execution " + o.Execution.String())
	}
	return b.String()
}

func (c *codec) away(st *step) {
	has := st.away != nil
	c.flag(&has)
	if !has {
		return
	}
	if !c.save {
		st.away = &away{}
	}
	a := st.away
	str(c, &a.kind)
	c.id(&a.to)
	str(c, &a.workflow)
	str(c, &a.key)
}
