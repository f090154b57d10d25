package kernel

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// childDef is the configuration of a workflow node.
type childDef struct {
	name       string
	constraint string
	input, key *expr.Template
	attach     bool
	wait       bool
	policy     string // on_parent_close: what becomes of the child when the step is over
}

// The policies.
const (
	policyCancel    = "cancel"
	policyAbandon   = "abandon"
	policyTerminate = "terminate"
)

// Codes of steps whose child did not do what was hoped for.
const (
	codeKeyInUse        = "key_in_use"       // an open execution has the key
	codeChildCancelled  = "child_cancelled"  // somebody cancelled the child
	codeChildTerminated = "child_terminated" // somebody terminated it
)

// becauseLate marks the recall of a child whose step ran out of time.
const becauseLate = "timeout"

// runChild begins the first attempt of a workflow step: a child execution.
func (x *decider) runChild(st *step, n *nodeDef) {
	if x.mustClaim(st, n) {
		return
	}
	d := n.child
	o := Op{kind: opSend, path: st.path, word: d.policy}
	x.in(st.sc, st.path)
	if n.timeout.set() {
		ms, err := x.millis(n.timeout)
		if err != nil {
			x.fail(st, errorOf(err, st.path))
			return
		}
		o.due = st.scheduled + max(ms, 1)
	}
	key, err := "", error(nil)
	if d.key != nil {
		if key, err = keyText(d.key, &x.ctx); err != nil {
			x.fail(st, errorOf(err, st.path))
			return
		}
	}
	if d.input != nil {
		r, err := x.render(d.input)
		if err != nil {
			x.fail(st, errorOf(err, st.path))
			return
		}
		if n := len(r.raw) + r.elsewhere; n > x.bounds.Payload {
			x.fail(st, x.tooLarge("input of the child", n, st))
			return
		}
		due, word := o.due, o.word
		r.put(&o)
		o.due, o.word = due, word
	}
	st.away = nil
	x.startChild(st, n, &birthOf{o, key})
}

// birthOf is what only the first attempt evaluates.
type birthOf struct {
	op  Op
	key string
}

// startChild sends for a child. first is nil from the second attempt on: the key, the version and the input are those
// of the first.
func (x *decider) startChild(st *step, n *nodeDef, first *birthOf) {
	d := n.child
	x.childOver = nil
	o := Op{kind: opSend, path: st.path, word: d.policy}
	key, version := "", ""
	if first != nil {
		o, key = first.op, first.key
	} else {
		key, version = st.away.key, st.away.version
	}
	attempt := st.attempt + 1
	seed := st.path
	if attempt > 1 {
		seed += "@" + strconv.Itoa(attempt)
	}
	m := &Mail{Kind: MailStart, Step: st.path, Attempt: attempt, Answer: true, Attach: d.attach}
	m.Start = x.birth(seed, d.name, key)
	m.Start.Parent, m.Start.Step, m.Start.Attempt, m.Start.Waits = x.s.start.ID, st.path, attempt, d.wait || d.policy != policyAbandon
	if m.Start.Version = version; version == "" {
		m.Constraint = d.constraint
	}
	m.To = m.Start.ID
	o.mail = m
	x.sendOp(o, func(out *Mail) {
		out.Start.Input = st.away.input.bytes()
		x.inherit(out)
	})
}

// recall asks the child of a step that is to be over to end, and reports whether the step ends when it has.
func (x *decider) recall(st *step, because string, withdraws bool) bool {
	a := st.away
	if a == nil || a.kind != MailStart || !a.open || a.attached || a.policy == policyAbandon || x.err != nil {
		return false
	}
	waits := x.def(st).child.wait
	if st.asked != 0 {
		return waits
	}
	kind := MailCancel
	if a.policy == policyTerminate {
		kind = MailTerminate
	}
	x.sendOp(Op{kind: opSend, path: st.path, flag: withdraws, name: because, mail: &Mail{Kind: kind, To: a.to, Step: st.path, Attempt: st.attempt}}, nil)
	return waits
}

// childAnswer goes on when it is known whether a child is there.
func (x *decider) childAnswer(st *step, m *Mail) {
	a := st.away
	if a.started || !a.open {
		return
	}
	n := x.def(st)
	if m.Error != nil {
		x.childOver = st
		x.childFailed(st, n, childError(m.Error), false)
		return
	}
	o := Op{kind: opChild, path: st.path, attempt: st.attempt, word: m.Version}
	if m.From != a.to {
		o.text = m.From.String()
	}
	if !n.child.wait && n.child.policy != policyAbandon && o.text == "" {
		o.name = n.child.policy
	}
	x.emit(o)
	switch {
	case x.err != nil:
	case a.attached && (st.asked != 0 || st.stopped()): // it is not ours to end
		x.childFailed(st, n, &model.Error{Code: codeChildCancelled}, false)
	case !n.child.wait:
		x.childOver = st
		out := appendString([]byte(`{"id":`), a.to.String())
		out = appendText(appendText(out, "workflow", a.workflow, true), "version", a.version, true)
		x.complete(st, n, model.Success, rawValue(append(out, '}')))
	}
}

// childError gives a refused start the code of the step.
func childError(e *model.Error) *model.Error {
	err := *e
	if err.Code == "key_exists" {
		err.Code = codeKeyInUse
	}
	return &err
}

// mailEnded handles the end of a child, or of an execution that the step was attached to.
func (x *decider) mailEnded(m *Mail) {
	st := x.s.findStep(m.Step)
	if st != nil && st.comp != nil {
		x.kidEnded(st, m)
		return
	}
	x.flush()
	if st == nil || st.over() || st.away == nil || !st.away.open || st.away.kind != MailStart || st.attempt != m.Attempt {
		x.left(m.From)
		return
	}
	n, a := x.def(st), st.away
	if !a.started {
		x.childAnswer(st, &Mail{From: m.From, Version: m.Version})
		x.left(m.From)
	}
	if st.over() || a.to != m.From || x.err != nil {
		return
	}
	x.childOver = st
	switch m.Status {
	case model.Completed:
		x.childCompleted(st, n, m)
	case model.Cancelled, model.Terminated:
		no := false
		err := &model.Error{Code: codeChildCancelled, Message: "the child " + m.From.String() + " was cancelled", Retryable: &no}
		if m.Status == model.Terminated {
			err.Code, err.Message = codeChildTerminated, "the child "+m.From.String()+" was terminated"
		}
		if m.Error != nil && m.Error.Message != "" {
			err.Message += ": " + m.Error.Message
		}
		x.childFailed(st, n, err, m.Status == model.Terminated)
	default:
		x.childFailed(st, n, childFailure(m), false)
	}
}

// childFailure is the error of a child as its parent has it: whether to try again is for the parent to say.
func childFailure(m *Mail) *model.Error {
	if m.Error == nil {
		return &model.Error{Code: "failed", Message: "the child " + m.From.String() + " failed"}
	}
	return &model.Error{Code: m.Error.Code, Message: m.Error.Message, Details: m.Error.Details}
}

// childCompleted ends the step as the child has ended. A step that has run out of time stays in error; what the child
// did then is of unknown use and is undone like that.
func (x *decider) childCompleted(st *step, n *nodeDef, m *Mail) {
	if st.away.late {
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepFailed), word: model.OutcomeErr, err: lateError(st), flag: true}, st)
		return
	}
	o := Op{kind: opDone, path: st.path, name: string(model.StepCompleted), word: m.Outcome, data: m.Output, hasData: len(m.Output) > 0}
	if o.word == "" {
		o.word = model.Success
	}
	x.finish(st, n, o, rawValue(m.Output))
}

func lateError(st *step) *model.Error {
	return &model.Error{Code: model.TimedOut, Message: "the step ran out of time", Step: st.path}
}

// childFailed ends the step without what it wanted, or tries again with another child. unknown: the child may have left
// effects that it did not undo.
func (x *decider) childFailed(st *step, n *nodeDef, err *model.Error, unknown bool) {
	switch {
	case st.away.late:
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepFailed), word: model.OutcomeErr, err: lateError(st), flag: unknown}, st)
	case st.asked != 0 || st.stopped():
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepCancelled), word: model.Withdrawn, flag: unknown}, st)
	default:
		err.Step = st.path
		if x.retry(st, n, err) {
			return
		}
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepFailed), word: model.OutcomeErr, err: err, flag: unknown}, st)
	}
}

// mailEnd handles the wish of a parent that this execution ends.
func (x *decider) mailEnd(i int, in *Input) {
	m, st := in.Mail, &x.s.start
	if st.Parent != m.From || st.Step != m.Step || st.Attempt != m.Attempt {
		x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status, Error: &model.Error{Code: CodeNotChild, Message: "the execution is no child of that step"}})
		return
	}
	asked := Input{Kind: InCancel, By: "execution " + m.From.String(), Why: "the step " + m.Step + " that started it is over"}
	if m.Kind == MailTerminate {
		asked.Kind = InTerminate
		x.terminate(i, &asked)
		return
	}
	x.cancelExecution(i, &asked)
}

// mailListen lets another execution hear of the end of this one.
func (x *decider) mailListen(i int, m *Mail) {
	if !m.Attach {
		x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status, Error: &model.Error{Code: "already_started", Message: "the execution exists"}})
		return
	}
	x.emit(Op{kind: opListen, text: m.From.String(), name: m.Step, attempt: m.Attempt})
	x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status})
}

// listener is a step of another execution that waits for the end of this one.
type listener struct {
	id      record.ID
	step    string
	attempt int
}

// charge is a child that nobody waits for and that is to end with this execution.
type charge struct {
	listener
	policy string
}

// left forgets a child that nobody waits for and that has ended before the execution, so that work without an end may
// start such children for ever.
func (x *decider) left(child record.ID) {
	if slices.ContainsFunc(x.s.charges, func(c charge) bool { return c.id == child }) {
		x.emit(Op{kind: opLeft, text: child.String()})
	}
}

// tellEnd sends what others must know when the execution ends: the parent and the listeners the result, the children
// that are left that their parent is gone.
func (x *decider) tellEnd(status model.Status, outcome string, err *model.Error) {
	s := x.s
	var output []byte
	if s.root != nil && status == model.Completed && s.root.output != nil {
		output = s.root.output.bytes()
	}
	tell := func(l listener) {
		m := &Mail{Kind: MailEnded, To: l.id, Step: l.step, Attempt: l.attempt}
		x.sendOp(Op{kind: opSend, mail: m}, func(out *Mail) {
			out.Status, out.Outcome, out.Output, out.Error, out.Version = status, outcome, output, err, s.start.Version
		})
	}
	if s.start.Waits {
		if bug.On(bug.EndedTwice) {
			tell(listener{s.start.Parent, s.start.Step, s.start.Attempt})
		}
		tell(listener{s.start.Parent, s.start.Step, s.start.Attempt})
	}
	for _, l := range s.listeners {
		tell(l)
	}
	x.leaveChildren()
}

// leaveChildren applies on_parent_close to the children that outlive the execution.
func (x *decider) leaveChildren() {
	left := slices.Clone(x.s.charges)
	x.s.eachStep(func(st *step) {
		a := st.away
		if a != nil && a.kind == MailStart && a.open && !a.attached && st.asked == 0 && a.policy != policyAbandon && !st.over() {
			left = append(left, charge{listener{a.to, st.path, st.attempt}, a.policy})
		}
	})
	slices.SortStableFunc(left, func(a, b charge) int { return strings.Compare(a.step, b.step) })
	for _, c := range left {
		kind := MailCancel
		if c.policy == policyTerminate {
			kind = MailTerminate
		}
		x.sendOp(Op{kind: opSend, mail: &Mail{Kind: kind, To: c.id, Step: c.step, Attempt: c.attempt}}, nil)
	}
	for _, st := range x.s.broods() {
		x.recallKids(st)
	}
}

// broods are the steps with children of their items, in order of path.
func (s *State) broods() (list []*step) {
	s.eachStep(func(st *step) {
		if st.comp != nil && len(st.comp.kids) > 0 {
			list = append(list, st)
		}
	})
	slices.SortFunc(list, func(a, b *step) int { return strings.Compare(a.path, b.path) })
	return list
}
