package kernel

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/nearest"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
)

// Decision is what a person says to an approval. Who it is stands in Input.By; the door vouches for it and for Groups.
type Decision struct {
	// Step is the path of the approval, or its node where one step of that waits; "" is the only one that waits.
	Step    string
	Outcome string
	// Groups are those the person belongs to.
	Groups []string
	// Form is JSON, checked against the approval's schema by the caller; nil is none.
	Form []byte
}

// Codes of refused decisions.
const (
	CodeNotWaiting     = "not_waiting"     // no such approval waits
	CodeAmbiguous      = "ambiguous"       // several approvals wait and the decision names none of them
	CodeAlreadyDecided = "already_decided" // the approval has ended
	CodeAlreadyVoted   = "already_voted"   // the person has decided before
	CodeNotAssignee    = "not_assignee"    // the person is none of those asked
	CodeExcluded       = "excluded"        // the person may not decide
	CodeUnknownOutcome = "unknown_outcome" // the approval has no such outcome
	CodeNoIdentity     = "no_identity"     // the decision does not say whose it is
)

// runApproval begins to wait for decisions.
func (x *decider) runApproval(st *step, n *nodeDef) {
	o := Op{kind: opAsk, path: st.path, ask: &askSpec{outcomes: n.ask.outcomes, form: n.ask.form}}
	x.in(st.sc, st.path)
	if err := x.asked(&o, st, n); err != nil {
		x.fail(st, errorOf(err, st.path))
		return
	}
	if a := o.ask; !a.open && len(a.assignees) == 0 && !slices.ContainsFunc(a.escalate, func(e escalation) bool { return len(e.add) > 0 }) {
		x.fail(st, &model.Error{Code: "no_assignees", Message: "the list of assignees is empty and no escalation adds to it: nobody could decide", Retryable: new(bool)})
		return
	}
	if size := len(o.ask.append(nil)); size > x.bounds.Payload {
		x.fail(st, x.tooLarge("approval", size, st))
		return
	}
	x.emit(o)
}

// asked evaluates the configuration of an approval.
func (x *decider) asked(o *Op, st *step, n *nodeDef) (err error) {
	a, d := o.ask, n.ask
	if n.timeout.set() {
		ms, err := x.millis(n.timeout)
		if err != nil {
			return err
		}
		o.due = st.scheduled + max(ms, 1)
	}
	if a.title, err = textOf(d.title, &x.ctx); err != nil {
		return err
	}
	if a.text, err = textOf(d.text, &x.ctx); err != nil {
		return err
	}
	if a.open = d.assignees == nil; !a.open {
		if a.assignees, err = peopleOf("assignees", d.assignees, &x.ctx); err != nil {
			return err
		}
	}
	if a.exclude, err = peopleOf("exclude", d.exclude, &x.ctx); err != nil {
		return err
	}
	if a.quorum, err = countOf("quorum", d.quorum, &x.ctx); err != nil {
		return err
	}
	if a.veto, err = countOf("veto", d.veto, &x.ctx); err != nil {
		return err
	}
	return x.escalations(a, d)
}

// escalations evaluates them and orders them by their moment.
func (x *decider) escalations(a *askSpec, d *askDef) error {
	for _, e := range d.escalate {
		after, err := durationOf(e.after, &x.ctx)
		if err != nil {
			return err
		}
		out := escalation{gap: max(after, 1)} // a moment until they are sorted
		if out.add, err = peopleOf("escalate.add", e.add, &x.ctx); err != nil {
			return err
		}
		if e.notify != nil {
			if out.notify, _, err = e.notify.Append(nil, &x.ctx); err != nil {
				return err
			}
		}
		a.escalate = append(a.escalate, out)
	}
	slices.SortStableFunc(a.escalate, func(p, q escalation) int { return int(min(max(p.gap-q.gap, -1), 1)) })
	before := int64(0)
	for i := range a.escalate {
		e := &a.escalate[i]
		e.gap, before = e.gap-before, e.gap
	}
	return nil
}

func textOf(t *expr.Template, c *expr.Context) (string, error) {
	if t == nil {
		return "", nil
	}
	return t.String(c)
}

// peopleOf evaluates names of people and groups: a list of texts, or one.
func peopleOf(what string, t *expr.Template, c *expr.Context) ([]string, error) {
	if t == nil {
		return nil, nil
	}
	v, err := t.Value(c)
	if err != nil {
		return nil, err
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	names := make([]string, 0, len(list))
	for _, e := range list {
		name, ok := e.(string)
		if !ok {
			return nil, &expr.Error{Code: "type", Message: what + " are names of people and groups, not " + expr.TypeName(e)}
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// countOf evaluates a number of people; 1 where none is given.
func countOf(what string, t *expr.Template, c *expr.Context) (int, error) {
	if t == nil {
		return 1, nil
	}
	v, err := t.Value(c)
	if err != nil {
		return 0, err
	}
	if n, ok := v.(int64); ok && n >= 1 && n <= 1_000_000 {
		return int(n), nil
	}
	got := expr.TypeName(v)
	if n, ok := v.(int64); ok {
		got = strconv.FormatInt(n, 10)
	}
	return 0, &expr.Error{Code: "type", Message: what + " is a whole number from 1 on, not " + got}
}

// decide handles the decision of a person. The first entry in the journal wins; what comes later is refused.
func (x *decider) decide(i int, in *Input) {
	st, err := x.s.approvalAt(in.Decision.Step)
	if err == nil {
		err = x.refuseDecision(st, in)
	}
	if err != nil {
		x.refuse(i, in, err)
		return
	}
	x.accept(i, in)
	o := Op{kind: opVote, path: st.path, word: in.Decision.Outcome, by: in.By, why: in.Why}
	if len(in.Decision.Form) > 0 {
		o.data, o.hasData = in.Decision.Form, true
	}
	x.emit(o)
	x.tally(st)
	x.answered()
}

// approvalAt finds the approval that a decision is about.
func (s *State) approvalAt(name string) (*step, *model.Error) {
	if st := s.findStep(name); st != nil && st.ballot != nil {
		return st, nil
	}
	if last := s.ranAgain(name); last != nil {
		return nil, &model.Error{Code: CodeAlreadyDecided, Message: name + " has ended, and its node ran again since as " + last.path}
	}
	var found []*step
	for _, st := range s.asks {
		if name == "" || st.node == name {
			found = append(found, st)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, &model.Error{Code: CodeAmbiguous, Message: "several approvals wait, say which: " + paths(found)}
	case name == "":
		return nil, &model.Error{Code: CodeNotWaiting, Message: "no approval waits"}
	case len(s.asks) == 0:
		return nil, &model.Error{Code: CodeNotWaiting, Message: "no approval waits at " + name + ", nor elsewhere"}
	}
	return nil, &model.Error{Code: CodeNotWaiting, Message: "no approval waits at " + name + "; those that do: " + paths(s.asks)}
}

// ranAgain is the later step of a node where path is that of an earlier one, which is not a short name then: what was
// meant for the earlier step must not count for the later one.
func (s *State) ranAgain(path string) *step {
	if s.root == nil {
		return nil
	}
	scopePath, node, run := splitPath(path)
	sc := s.scopeAt(scopePath)
	if sc == nil {
		return nil
	}
	if rec := sc.rec(node); rec != nil && rec.step != nil && run < rec.step.run {
		return rec.step
	}
	return nil
}

// paths lists steps for a message, the first ten.
func paths(steps []*step) string {
	text := ""
	for i, st := range steps {
		if i == 10 {
			return text + " and " + strconv.Itoa(len(steps)-i) + " more"
		}
		if i > 0 {
			text += ", "
		}
		text += st.path
	}
	return text
}

func (x *decider) refuseDecision(st *step, in *Input) *model.Error {
	b, d := st.ballot, in.Decision
	if st.over() || st.stopped() {
		return decidedAlready(st)
	}
	if in.By == "" {
		return &model.Error{Code: CodeNoIdentity, Message: "a decision needs the name of the one who decides"}
	}
	if !slices.Contains(b.outcomes, d.Outcome) {
		msg := st.path + " has no outcome " + strconv.Quote(d.Outcome) + "; it has " + strings.Join(b.outcomes, ", ")
		if hint := nearest.Hint(d.Outcome, b.outcomes); hint != "" {
			msg += "; " + hint
		}
		return &model.Error{Code: CodeUnknownOutcome, Message: msg}
	}
	if name := anyOf(b.exclude, in.By, d.Groups); name != "" {
		return &model.Error{Code: CodeExcluded, Message: in.By + " may not decide " + st.path + ": " + name + " is excluded"}
	}
	if !b.open && anyOf(b.assignees, in.By, d.Groups) == "" {
		return &model.Error{Code: CodeNotAssignee, Message: in.By + " is not asked at " + st.path + "; those who are: " + people(b.assignees)}
	}
	size := len(d.Form) + len(in.Why)
	for i := range b.votes {
		v := &b.votes[i]
		if v.by == in.By && !bug.On(bug.VoteTwice) {
			return &model.Error{Code: CodeAlreadyVoted, Message: in.By + " has chosen " + v.word + " at " + st.path + " already"}
		}
		size += v.size()
	}
	if size > x.bounds.Payload-1024 {
		return &model.Error{Code: CodePayload, Message: "the form and what others have filled in are larger together than the engine keeps"}
	}
	return nil
}

// decidedAlready says to a late one how the approval ended and by whom.
func decidedAlready(st *step) *model.Error {
	e := &model.Error{Code: CodeAlreadyDecided}
	switch v := st.ballot.deciding(st.outcome); {
	case !st.over():
		e.Message = st.path + " is being cancelled"
	case v != nil:
		e.Message = st.path + " was " + decidedAs(st.outcome) + " by " + v.by + " at " + stamp(v.at)
	case st.outcome == model.TimedOut:
		e.Message = st.path + " ran out of time at " + stamp(st.ended)
	default:
		e.Message = st.path + " was " + string(st.status) + " at " + stamp(st.ended)
	}
	return e
}

// decidedAs words an outcome so that it can follow "was".
func decidedAs(outcome string) string {
	if outcome == "approved" || outcome == model.Rejected {
		return outcome
	}
	return "decided as " + outcome
}

// anyOf is the first of names that is the person or one of the groups; "" where there is none.
func anyOf(names []string, person string, groups []string) string {
	for _, n := range names {
		if n == person || slices.Contains(groups, n) {
			return n
		}
	}
	return ""
}

func people(names []string) string {
	if len(names) == 0 {
		return "nobody yet"
	}
	if len(names) > 10 {
		return strings.Join(names[:10], ", ") + " and " + strconv.Itoa(len(names)-10) + " more"
	}
	return strings.Join(names, ", ")
}

// tally ends the approval if enough people have chosen one word.
func (x *decider) tally(st *step) {
	if x.err != nil {
		return
	}
	b := st.ballot
	for i, word := range b.outcomes {
		need := b.veto
		if i == 0 {
			need = b.quorum
		}
		if b.count(word) >= need {
			x.endApproval(st, word)
			return
		}
	}
}

// endApproval ends the step with a word that people chose.
func (x *decider) endApproval(st *step, word string) {
	n := x.def(st)
	o := Op{kind: opDone, path: st.path, name: string(model.StepCompleted), word: word}
	o.data, o.hasData = st.ballot.output(word), true
	if n.isBad(word) {
		v := st.ballot.deciding(word)
		o.err = &model.Error{Code: word, Message: decidedAs(word) + " by " + v.by, Step: st.path}
		if v.why != "" {
			o.err.Message += ": " + v.why
		}
	}
	x.finish(st, n, o, rawValue(o.data))
}

// expireApproval ends an approval nobody decided in time.
func (x *decider) expireApproval(st *step) {
	x.end(Op{kind: opDone, path: st.path, name: string(model.StepFailed), word: model.TimedOut, data: st.ballot.output(""), hasData: true}, st)
}

// escalate asks more people: the next escalation of an approval is due.
func (x *decider) escalate(st *step) {
	b := st.ballot
	if b.escalated >= len(b.escalate) {
		return
	}
	e := &b.escalate[b.escalated]
	data := []byte(`{"add":`)
	data = appendStrings(data, e.add)
	if e.notify != nil {
		data = append(append(data, `,"notify":`...), e.notify...)
	}
	x.emit(Op{kind: opEscalate, path: st.path, n: int64(b.escalated), data: append(data, '}'), hasData: true})
}
