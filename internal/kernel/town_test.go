package kernel

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Town is several executions that send messages to each other, driven by the lines of testdata/several/*.txt. It
// stands in for the shards: it carries what one sends to the other, finds versions and keys, and makes executions.
// Names stand for ids: those that a script starts have the name it gives, the others are called workflow-1, workflow-2.
type Town struct {
	t       testing.TB
	now     int64
	defs    []*Definition
	people  []*citizen // in order of birth
	post    []posted
	held    bool
	births  map[string]int
	said    []string
	nextID  uint64
	retired map[string]bool
}

// citizen is one execution of a town.
type citizen struct {
	*Script
	name string
	id   record.ID
	key  record.Key
	gone bool // forgotten
}

type posted struct {
	Mail
	from *citizen
}

// NewTown compiles the workflows of a script.
func NewTown(t testing.TB, ws []*model.Workflow) *Town {
	n := &Town{t: t, now: 1_750_000_000_000, births: map[string]int{}, retired: map[string]bool{}}
	for _, w := range ws {
		n.defs = append(n.defs, compileOK(t, w))
	}
	return n
}

// Do runs one line: `start NAME WORKFLOW [key=K] [INPUT]`, `NAME: VERB ...` as for one execution, `after D`, `hold` and
// `release` of the post, `lose` of what is held, `fork NAME OF [at=N]`, `audit NAME` of limits, `drop NAME` for the end of retention, `retire WORKFLOW`, `crash` of everything.
func (n *Town) Do(line string) ([]string, error) {
	n.said = nil
	verb, rest, _ := strings.Cut(line, " ")
	var err error
	switch verb {
	case "start":
		n.begin(rest)
	case "after":
		var ms int64
		if ms, err = expr.ParseDuration(rest); err == nil {
			n.pass(ms)
		}
	case "schedule": // NAME WORKFLOW TRIGGER: as a deploy does
		n.schedule(rest)
	case "hold":
		n.held = true
	case "release":
		n.held = false
	case "lose": // what is on its way
		n.post = nil
	case "fork": // NAME OF [at=ENTRY]
		err = n.fork(rest)
	case "audit": // NAME compares its limits with the other side
		c := n.named(rest)
		list, _ := c.e.s.Checks(0, 100)
		for _, m := range list {
			n.post = append(n.post, posted{m, c})
		}
	case "drop":
		n.named(rest).gone = true
	case "retire":
		n.retired[rest] = true
	case "crash":
		for _, c := range n.people {
			c.e.s = c.e.fold()
		}
	default:
		err = n.tell(strings.TrimSuffix(verb, ":"), rest)
	}
	if !n.held {
		n.deliver()
	}
	return n.said, err
}

// CheckTails checks every snapshot that any of the executions could have had.
func (n *Town) CheckTails() {
	for _, c := range n.people {
		c.CheckTails()
	}
}

func (n *Town) named(name string) *citizen {
	for _, c := range n.people {
		if c.name == name {
			return c
		}
	}
	n.t.Fatalf("nobody is called %s", name)
	return nil
}

func (n *Town) tell(name, line string) error {
	c := n.named(name)
	c.e.now = n.now
	said, err := c.Do(line)
	n.heard(c, said)
	n.collect(c)
	return err
}

// heard prints what one execution said, with names for ids.
func (n *Town) heard(c *citizen, said []string) {
	for _, line := range said {
		for _, p := range n.people {
			line = strings.ReplaceAll(line, p.id.String(), p.name)
		}
		n.said = append(n.said, c.name+" | "+line)
	}
}

// collect takes what the last transition of c sends.
func (n *Town) collect(c *citizen) {
	for i := range c.e.last.Sends {
		m := c.e.last.Sends[i]
		back, err := DecodeMail(m.Encode(nil))
		if err != nil {
			n.t.Fatalf("mail does not survive its journey: %v", err)
		}
		n.post = append(n.post, posted{*back, c})
	}
	c.e.last.Sends = nil
}

// fork begins an execution with the past of another.
func (n *Town) fork(rest string) error {
	name, rest, _ := strings.Cut(rest, " ")
	of, at, _ := strings.Cut(rest, " at=")
	upto := uint64(0)
	if at != "" {
		if _, err := fmt.Sscan(at, &upto); err != nil {
			return err
		}
	}
	entries, err := n.named(of).e.entries()
	if err != nil {
		return err
	}
	f, refused := NewFork(entries, upto, nil, false)
	if refused != nil {
		n.said = append(n.said, "refused: "+refused.Code+": "+refused.Message)
		return nil
	}
	start := f.Start
	n.nextID++
	start.ID, start.Fork = record.NewID(n.now, n.nextID, 1), f
	if _, fault := n.make(name, &start, "", ""); fault != nil {
		return fault
	}
	return nil
}

func (n *Town) pass(ms int64) {
	n.now += ms
	for _, c := range n.people {
		if !c.gone && c.e.s.NextTimer() <= n.now {
			c.e.now = n.now
			n.heard(c, c.told(c.e.feed(Input{Kind: InTick})))
			n.collect(c)
		}
	}
}

func (n *Town) begin(rest string) {
	name, rest, _ := strings.Cut(rest, " ")
	workflow, input, _ := strings.Cut(rest, " ")
	key := ""
	if k, ok := strings.CutPrefix(input, "key="); ok {
		key, input, _ = strings.Cut(k, " ")
	}
	n.nextID++
	st := &Start{ID: record.NewID(n.now, n.nextID, 1), Namespace: "default", Workflow: workflow, Key: key, Input: []byte(orNullText(input))}
	if _, err := n.make(name, st, "", ""); err != nil {
		n.said = append(n.said, "refused: "+err.Error())
	}
}

// make begins an execution of the version that is found.
func (n *Town) make(name string, st *Start, constraint, by string) (*citizen, *model.Error) {
	if d := Builtin(st.Workflow); d != nil && !slices.Contains(n.defs, d) {
		n.defs = append(n.defs, d)
	}
	i := slices.IndexFunc(n.defs, func(d *Definition) bool {
		return d.w.Name == st.Workflow && (constraint == "" || d.w.Version == constraint) && (st.Version == "" || d.w.Version == st.Version)
	})
	if i < 0 {
		return nil, &model.Error{Code: "unknown_workflow", Message: "there is no workflow " + st.Workflow}
	}
	if n.retired[st.Workflow] && st.Version == "" {
		return nil, &model.Error{Code: "retired", Message: st.Workflow + " takes no new starts"}
	}
	st.Version = n.defs[i].w.Version
	c := &citizen{Script: &Script{e: &execution{t: n.t, d: n.defs[i], s: New(), now: n.now, tasks: map[string]Task{}}}, name: name, id: st.ID}
	if st.Key != "" {
		c.key = record.Key{Namespace: st.Namespace, Workflow: st.Workflow, Key: st.Key}
	}
	c.e.env.Zone = testZone
	dec := c.e.feed(Input{Kind: InStart, Start: st, By: by})
	if len(dec.Answers) > 0 && dec.Answers[0].Error != nil {
		return nil, dec.Answers[0].Error
	}
	if c.name == "" {
		n.births[st.Workflow]++
		c.name = fmt.Sprintf("%s-%d", st.Workflow, n.births[st.Workflow])
	}
	n.people = append(n.people, c)
	n.heard(c, c.told(dec))
	n.collect(c)
	return c, nil
}

// deliver carries messages until there are none.
func (n *Town) deliver() {
	for len(n.post) > 0 {
		m := n.post[0]
		n.post = n.post[1:]
		n.carry(&m)
	}
}

func (n *Town) carry(m *posted) {
	var to *citizen
	for _, c := range n.people {
		if !c.gone && (c.id == m.To && !m.To.IsZero() || m.To.IsZero() && n.holds(c, m.Workflow, m.Key)) {
			to = c
		}
	}
	switch {
	case m.Kind == MailCheck:
		n.check(m, to)
	case m.Kind == MailStart:
		n.birth(m)
	case m.Start != nil && (to == nil || to.e.s.Status().Closed()):
		m.Start.Signal = m.Signal
		c, err := n.make("", m.Start, m.Constraint, m.Start.By)
		if err == nil && m.Kind != MailSignal {
			n.give(m, c)
			return
		}
		n.answer(m, c, err)
	case to == nil:
		n.answer(m, nil, &model.Error{Code: CodeNoExecution, Message: "there is no such execution"})
	default:
		n.give(m, to)
	}
}

// check answers the question of an audit from the state, as the shard does.
func (n *Town) check(m *posted, to *citizen) {
	var s *State
	if to != nil {
		s = to.e.s
	}
	if a, differs := Checked(s, &m.Mail); differs {
		n.post = append(n.post, posted{a, to})
	}
}

// holds reports whether c has the key and nobody younger does.
func (n *Town) holds(c *citizen, workflow, key string) bool {
	k := record.Key{Namespace: "default", Workflow: workflow, Key: key}
	return key != "" && c.key == k
}

// birth starts a child; a key that an open execution has is in use.
func (n *Town) birth(m *posted) {
	for _, c := range n.people {
		if m.Start.Key == "" || c.gone || !n.holds(c, m.Start.Workflow, m.Start.Key) || c.e.s.Status().Closed() {
			continue
		}
		if m.Attach {
			n.give(m, c)
			return
		}
		if m.Start.Gather != nil {
			if n.joins(m, c) {
				return
			}
			break
		}
		n.answer(m, nil, &model.Error{Code: "key_exists", Message: "the key belongs to execution " + c.name})
		return
	}
	c, err := n.make("", m.Start, m.Constraint, m.Start.By)
	n.answer(m, c, err)
}

// joins gives a start that gathers to who gathers; false: that one takes no more.
func (n *Town) joins(m *posted, c *citizen) bool {
	m.Start.Version = c.e.d.w.Version
	c.e.now = n.now
	dec := c.e.feed(Input{Kind: InGather, Start: m.Start, By: "execution " + m.From.String()})
	err := dec.Answers[0].Error
	dec.Answers = nil
	n.heard(c, c.told(dec))
	n.collect(c)
	if err != nil {
		return false
	}
	n.answer(m, c, nil)
	return true
}

func (n *Town) give(m *posted, to *citizen) {
	to.e.now = n.now
	dec := to.e.feed(Input{Kind: InMail, Mail: &m.Mail})
	answers := slices.Clone(dec.Answers)
	dec.Answers = nil
	n.heard(to, to.told(dec))
	n.collect(to)
	var err *model.Error
	if len(answers) > 0 {
		err = answers[0].Error
	}
	n.answer(m, to, err)
}

// answer tells who waits.
func (n *Town) answer(m *posted, to *citizen, err *model.Error) {
	if !m.Answer {
		if err != nil && !m.Notice() {
			n.said = append(n.said, "dead letter: "+string(m.Kind)+" from "+m.from.name+": "+err.Code)
		}
		return
	}
	a := Mail{Kind: MailAnswer, To: m.From, Step: m.Step, Attempt: m.Attempt, Error: err}
	if to != nil {
		a.From, a.Version = to.id, to.e.d.w.Version
	}
	// An answer comes before what the receiver sends later, and after what it sent before.
	n.post = append(n.post, posted{a, nil})
}

func tellSend(o *Op) string {
	m, to := o.mail, o.mail.To.String()
	if m.To.IsZero() {
		to = m.Workflow + " " + m.Key
	}
	if m.Kind == MailStart {
		return strings.TrimRight(o.path+": starts "+m.Start.Workflow+" "+m.Start.Version+m.Constraint+" "+m.Start.Key, " ")
	}
	text := "sends " + string(m.Kind) + " to " + to
	if o.path != "" {
		text = o.path + ": " + text
	}
	if m.Signal != nil {
		text += " " + m.Signal.Name + " " + string(m.Signal.Data)
	}
	return strings.TrimRight(text, " ")
}
