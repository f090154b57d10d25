package kernel

import (
	"bytes"
	"math"
	"slices"
	"strconv"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// result handles the report of an attempt.
func (x *decider) result(i int, in *Input) {
	st := x.s.findStep(in.Step)
	switch {
	case st == nil || in.Attempt > st.attempt:
		x.stale(i)
		return
	case !st.out || in.Attempt != st.attempt:
		if st.attempt != in.Attempt {
			x.stale(i)
		}
		return
	}
	n := x.def(st)
	r := in.Result
	bad := x.checkResult(n, r)
	if bad != nil && r.Error == nil && st.asked == 0 && !st.stopped() {
		x.spoil(st, bad)
		return
	}
	if bad != nil {
		r = &model.Result{Error: bad}
	}
	if r.Error != nil {
		x.attemptFailed(st, n, r)
		return
	}
	if st.cb != nil && !n.isBad(wordOf(r)) {
		x.await(st, r)
		return
	}
	o := Op{kind: opDone, path: st.path, name: string(model.StepCompleted), word: r.Outcome}
	if o.word == "" {
		o.word = model.Success
	}
	if len(r.Output) > 0 {
		o.data, o.hasData = r.Output, true
	}
	if r.Delay > 0 {
		o.until = x.now + int64(r.Delay)
	}
	for _, line := range r.Log {
		x.emit(Op{kind: opLog, path: st.path, text: line})
	}
	if n.isBad(o.word) {
		o.name = string(model.StepFailed)
		x.end(o, st)
		return
	}
	for _, a := range r.Set {
		if err := x.setVar(st, a.Var, a.Op, &rendered{raw: orNull(a.Value)}); err != nil {
			x.spoil(st, err)
			return
		}
	}
	x.resultTags(r)
	x.resultMail(st, r)
	var result *value
	if n.output != nil || n.set != nil || n.log != nil || n.tags != nil {
		result = rawValue(r.Output)
	}
	x.finish(st, n, o, result)
}

// resultMail lets what a result starts and sends leave.
func (x *decider) resultMail(st *step, r *model.Result) {
	for i := range r.Start {
		q := &r.Start[i]
		m := &Mail{Kind: MailStart, Step: st.path, Attempt: st.attempt, Constraint: q.Version}
		m.Start = x.birth(st.path+"!"+strconv.Itoa(i), q.Workflow, q.Key)
		m.Start.Parent, m.Start.Step, m.Start.Attempt, m.Start.Input = x.s.start.ID, st.path, st.attempt, q.Input
		m.To = m.Start.ID
		x.sendOp(Op{kind: opSend, path: st.path, word: policyAbandon, mail: m}, x.inherit)
	}
	for i := range r.Send {
		q := &r.Send[i]
		m := &Mail{Kind: MailSignal, Workflow: q.Workflow, Key: q.Key, Signal: &Signal{Name: q.Signal, ID: q.ID, Data: q.Data}}
		if q.ID == "" {
			m.Signal.ID = x.s.start.ID.String() + "/" + st.path + "!" + strconv.Itoa(i)
		}
		switch {
		case q.To == "parent":
			m.To = x.s.start.Parent
		case q.To != "":
			m.To, _ = record.ParseID(q.To)
		}
		if m.To.IsZero() && (m.Workflow == "" || m.Key == "") {
			x.emit(Op{kind: opLog, path: st.path, text: "the signal " + q.Signal + " is for nobody"})
			continue
		}
		x.send(st.path, m)
	}
}

// inherit gives a child what it has from this execution.
func (x *decider) inherit(out *Mail) {
	out.Start.By = x.s.startedBy
	for _, t := range x.s.tags {
		out.Start.Tags = append(out.Start.Tags, Tagged{t.name, t.data})
	}
}

func orNull(raw []byte) []byte {
	if len(raw) == 0 {
		return null.raw
	}
	return raw
}

func (x *decider) resultTags(r *model.Result) {
	if len(r.Tags) == 0 {
		return
	}
	x.emit(Op{kind: opTags, tags: sortedTags(r)})
}

func sortedTags(r *model.Result) (tags []tagValue) {
	for name, data := range r.Tags { // sorted: below
		tags = append(tags, tagValue{name, data})
	}
	slices.SortFunc(tags, func(a, b tagValue) int { return bytes.Compare([]byte(a.name), []byte(b.name)) })
	return tags
}

func (x *decider) stale(i int) {
	x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status, Error: &model.Error{Code: CodeStaleAttempt, Message: "the attempt is not outstanding"}})
}

// findStep is stepAt for a state that may be closed or not begun.
func (s *State) findStep(path string) *step {
	if s.root == nil {
		return nil
	}
	return s.stepAt(path)
}

// checkResult refuses results that the journal cannot hold or the node does not declare.
func (x *decider) checkResult(n *nodeDef, r *model.Result) *model.Error {
	no := false
	if len(r.Output) > x.bounds.Payload {
		return &model.Error{Code: CodePayload, Message: "the output is larger than the engine keeps", Retryable: &no}
	}
	if r.Error == nil && r.Outcome != "" && r.Outcome != model.Success && len(n.m.Outcomes) > 0 && !slices.Contains(n.m.Outcomes, r.Outcome) {
		return &model.Error{Code: "undeclared_outcome", Message: "the node does not declare the outcome " + r.Outcome, Retryable: &no}
	}
	x.warnLate(BoundPayload, int64(len(r.Output)), x.bounds.Payload)
	return nil
}

// attemptFailed tries again where a policy says so, else ends the step in error.
func (x *decider) attemptFailed(st *step, n *nodeDef, r *model.Result) {
	for _, line := range r.Log {
		x.emit(Op{kind: opLog, path: st.path, text: line})
	}
	err := *r.Error
	if err.Step == "" {
		err.Step = st.path
	}
	if st.out && st.answeredWell() {
		x.conclude(st) // whatever became of the attempt, the work is done
		return
	}
	if st.asked != 0 || st.stopped() {
		x.withdrawn(st, &err)
		return
	}
	if x.retry(st, n, &err) {
		return
	}
	x.fail(st, &err)
}

// withdrawn ends a step whose task was asked to stop and did.
func (x *decider) withdrawn(st *step, err *model.Error) {
	if st.out && st.answeredWell() {
		x.conclude(st)
		return
	}
	x.end(Op{kind: opDone, path: st.path, name: string(model.StepCancelled), word: model.Withdrawn, err: err, flag: st.attempt > 0}, st)
}

// retry puts the step into back-off if one of its policies takes the error and has attempts left.
func (x *decider) retry(st *step, n *nodeDef, err *model.Error) bool {
	outOfTime := st.deadline > 0 && st.deadline <= x.now
	if outOfTime || err.Retryable != nil && !*err.Retryable {
		return false
	}
	for i := range n.retry {
		p := &n.retry[i]
		if !x.takes(p, st, err) {
			continue
		}
		used := 1
		if i < len(st.tries) {
			used += int(st.tries[i])
		}
		if used >= p.m.MaxAttempts {
			return false
		}
		wait := max(backoff(p.m, used, fnv64(x.s.start.ID[:], st.path)), int64(err.RetryAfter))
		x.emit(Op{kind: opBackoff, path: st.path, attempt: st.attempt, n: int64(i), until: x.now + wait, err: err, flag: st.awaits()})
		return true
	}
	return false
}

func (x *decider) takes(p *retryDef, st *step, err *model.Error) bool {
	if len(p.m.Match) > 0 && !slices.Contains(p.m.Match, err.Code) {
		return false
	}
	if p.when == nil {
		return true
	}
	n := x.in(st.sc, st.path)
	n.outcome, n.err = model.OutcomeErr, err
	holds, e := p.when.Bool(&x.ctx)
	return e == nil && holds
}

// backoff is the wait before attempt used+1: exponential, bounded, with jitter drawn from the step's id.
func backoff(p *model.Retry, used int, seed uint64) int64 {
	wait := float64(p.InitialInterval) * math.Pow(max(p.Backoff, 1), float64(used-1))
	if p.MaxInterval > 0 {
		wait = min(wait, float64(p.MaxInterval))
	}
	if p.Jitter > 0 {
		// One multiplication spreads the attempts of one step (splitmix64's constant).
		u := float64((seed+uint64(used)*0x9e3779b97f4a7c15)>>11) / (1 << 53)
		wait *= 1 + p.Jitter*(2*u-1)
	}
	return int64(min(wait, math.MaxInt32*1000))
}

// codeLost is the code of an attempt whose worker is gone.
const codeLost = "lost"

// lost handles an attempt whose worker is gone, or that was given back.
func (x *decider) lost(in *Input) {
	st := x.s.findStep(in.Step)
	if st == nil || !st.out || st.attempt != in.Attempt {
		return
	}
	released := in.Kind == InReleased
	err := &model.Error{Code: codeLost, Message: "the worker of this attempt is gone", Step: st.path}
	if released {
		err = nil
	}
	switch {
	case st.cb != nil && st.cb.answer != nil:
		x.conclude(st)
	case st.asked != 0 || st.stopped():
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepCancelled), word: model.Withdrawn, flag: !released}, st)
	case !released && st.losses+1 >= x.bounds.LostAttempts:
		x.emit(Op{kind: opLost, path: st.path, attempt: st.attempt, err: err})
		if x.retry(st, x.def(st), err) {
			return
		}
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepFailed), word: model.OutcomeErr, err: err, flag: true}, st)
	default:
		x.emit(Op{kind: opLost, path: st.path, attempt: st.attempt, flag: released, err: err})
	}
}

// attempt begins the next attempt of a step in back-off.
func (x *decider) attempt(st *step) {
	n := x.def(st)
	if x.mustQueue(st, n) || x.mustClaim(st, n) {
		return
	}
	switch {
	case n.kind == kindChild:
		x.startChild(st, n, nil)
		return
	case n.kind.composite():
		x.reenter(st)
		return
	}
	x.emit(Op{kind: opTask, path: st.path, attempt: st.attempt + 1})
	x.dispatch(st, n)
}
