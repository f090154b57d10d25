package shard

import (
	"encoding/json"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// A command that another member was given comes through the inbox. Its sender waits for an answer, which goes into the
// part that takes the message.

const (
	// answersKept is how long answers stay, in milliseconds; who has not read one by then asks no more.
	answersKept = 10 * 60_000
	// answersSwept is how often old ones are removed at most.
	answersSwept = 60_000
)

// asked is a message whose sender waits for an answer.
type asked struct {
	start    bool
	existing bool // the start found another execution
}

// OperatorMail is [Command.Operator] in a message.
type OperatorMail struct {
	Kind    string         `json:"kind"`
	Step    string         `json:"step,omitempty"`
	To      string         `json:"to,omitempty"`
	IfAt    string         `json:"if_at,omitempty"`
	IfSeq   uint64         `json:"if_seq,omitempty"`
	Result  *model.Result  `json:"result,omitempty"`
	Error   *model.Error   `json:"error,omitempty"`
	Vars    []model.Assign `json:"vars,omitempty"`
	Migrate *MigrateMail   `json:"migrate,omitempty"`
}

// MigrateMail is [kernel.Migration] in a message: the owner compiles the definition itself.
type MigrateMail struct {
	Workflow string            `json:"workflow"`
	Version  string            `json:"version"`
	Hash     string            `json:"hash"`
	Map      map[string]string `json:"map,omitempty"`
}

// Forward is cmd as the body of a message. false: it does not travel, because it looks at the execution.
func (cmd *Command) Forward() (*Mail, bool) {
	if cmd.Verb >= View {
		return nil, false
	}
	m := &Mail{
		Verb: cmd.Verb, Request: cmd.Request, By: cmd.By, Why: cmd.Why, Start: cmd.Start, Existing: cmd.Existing, Digest: cmd.Digest,
		Signal: cmd.Signal, Decision: cmd.Decision, Callback: cmd.Callback, Task: cmd.Task, Shift: cmd.Shift, Answer: true,
	}
	if in := cmd.Operator; in != nil {
		m.Operator = &OperatorMail{
			Kind: in.Kind.String(), Step: in.Step, To: in.To, IfAt: in.IfAt, IfSeq: in.IfSeq, Result: in.Result, Error: in.Error, Vars: in.Vars,
		}
		if g := in.Migration; g != nil {
			m.Operator.Migrate = &MigrateMail{Workflow: g.Definition.Workflow().Name, Version: g.Version, Hash: g.Hash, Map: g.Map}
		}
	}
	return m, true
}

// input is what the kernel is told. def is what is migrated to.
func (o *OperatorMail) input(def *kernel.Definition) *kernel.Input {
	kind, ok := kernel.ParseInputKind(o.Kind)
	if !ok || !kind.Operator() {
		return nil
	}
	in := &kernel.Input{
		Kind: kind, Step: o.Step, To: o.To, IfAt: o.IfAt, IfSeq: o.IfSeq, Result: o.Result, Error: o.Error, Vars: o.Vars,
	}
	if g := o.Migrate; g != nil {
		in.Migration = &kernel.Migration{Definition: def, Version: g.Version, Hash: g.Hash, Map: g.Map}
	}
	return in
}

// brought is the definition that a message migrates its execution to. false: it has to be read first, or there is none;
// the message has been dealt with, or will be.
func (c *Core) brought(m *record.Message, body *Mail) (*kernel.Definition, bool) {
	ref := DefinitionRef{Namespace: m.Namespace}
	switch {
	case body.Operator != nil && body.Operator.Migrate != nil:
		ref.Workflow, ref.Version = body.Operator.Migrate.Workflow, body.Operator.Migrate.Version
	case body.Start != nil && body.Start.Fork != nil && body.Start.Fork.Migration != nil:
		ref.Workflow, ref.Version = body.Start.Workflow, body.Start.Fork.Migration.Version
	default:
		return nil, true
	}
	d := c.defs[ref]
	if d == nil {
		d = &definition{asked: true}
		c.defs[ref] = d
		c.out.Define = append(c.out.Define, ref)
	}
	if d.asked {
		d.mail = append(d.mail, *m)
		return nil, false
	}
	return d.Definition, true
}

// openBrought opens the messages that waited for a definition.
func (c *Core) openBrought(list []record.Message, fault *model.Error) {
	for i := range list {
		if fault != nil {
			c.deadLetter(list[i].To, list[i].ID, fault)
			continue
		}
		c.open(&list[i])
	}
}

// answerBody is a [Reply] as the store keeps it.
type answerBody struct {
	Execution record.ID    `json:"execution"`
	Status    model.Status `json:"status,omitempty"`
	Seq       uint64       `json:"seq,omitempty"`
	Existing  bool         `json:"existing,omitempty"`
	Repeated  bool         `json:"repeated,omitempty"`
	Error     *model.Error `json:"error,omitempty"`
}

// DecodeAnswer reads the body of an answer; its Ref is the caller's.
func DecodeAnswer(body []byte) (Reply, error) {
	var a answerBody
	if err := json.Unmarshal(body[min(1, len(body)):], &a); err != nil {
		return Reply{}, err
	}
	return Reply{Execution: a.Execution, Status: a.Status, Seq: a.Seq, Existing: a.Existing, Repeated: a.Repeated, Error: a.Error}, nil
}

// answerAsked puts the answer to a forwarded command into the part that takes its message.
func (c *Core) answerAsked(p *part, id record.ID, m record.MessageID, w asked, a *kernel.Answer) {
	r := answerBody{Execution: id, Existing: w.existing}
	if a != nil {
		r.Status, r.Error, r.Repeated = a.Status, a.Error, a.Repeated
	}
	namespace := ""
	if e := c.execs[id]; e != nil {
		namespace = e.name.Namespace
		if e.phase == live && e.state != nil {
			r.Status, r.Seq = e.state.Status(), e.state.Seq()
		}
	}
	body, err := json.Marshal(&r)
	if err != nil { // details that are no JSON
		r.Error = &model.Error{Code: CodeInvalid, Message: "the answer cannot be written"}
		body, _ = json.Marshal(&r)
	}
	p.Answers = append(p.Answers, record.Answer{Namespace: namespace, To: m.From, At: c.now, Body: append([]byte{record.CodecPlain}, body...)})
	if c.now-c.swept >= answersSwept {
		c.swept = c.now
		p.Expire = c.now - answersKept
	}
}
