package kernel

import (
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
)

// Callback is what the holder of a task's token says; Input.Step and Input.Attempt name the task. The caller has checked
// the token.
type Callback struct {
	// Result is the answer, checked like that of an executor; nil is a sign of life.
	Result *model.Result
	// Progress is JSON that goes with a sign of life; nil is none.
	Progress []byte
}

// Size is about how many bytes it takes while it waits.
func (c *Callback) Size() int {
	n := len(c.Progress)
	if c.Result != nil {
		n += len(c.Result.Output)
	}
	return n
}

// CodeNotOwner says that whoever answers cannot be the owner of the execution any more: it knows too little.
const CodeNotOwner = "not_owner"

// CodeStale refuses the answer to a token whose step is over, has been answered, or has tried again since.
const CodeStale = "stale"

// longestProgress bounds what a sign of life may carry, in bytes.
const longestProgress = 32 << 10

// callback is what a step knows whose task is answered by token.
type callback struct {
	// Of the attempt that succeeded: what counts where the answer has none, and what applies together with it.
	outcome string
	output  *value
	sets    []model.Assign
	tags    []tagValue
	// answer has come before the attempt's own result; nil while none has.
	answer *answer
	// failed is the last attempt whose failure has been counted: another for it or one before changes nothing.
	failed   int
	progress []byte
	// told is the word of the answer that ended the step, and digest that of the answer; repeating it is harmless.
	told, digest string
}

// answer is what the holder of the token said.
type answer struct {
	word   string
	digest string
	output *value
	err    *model.Error
	sets   []model.Assign
	tags   []tagValue
	delay  int64
}

// callback handles the answer to a token. The attempt's own result may come later: then the answer waits for it.
func (x *decider) callback(i int, in *Input) {
	st := x.s.findStep(in.Step)
	if x.s.ahead(in.Step, in.Attempt) {
		// A token is made for an attempt that is durable: who answers here does not own the execution any more.
		yes := true
		x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status, Error: &model.Error{Code: CodeNotOwner, Message: "the attempt is not known here yet; ask again", Retryable: &yes}})
		return
	}
	if st == nil || st.cb == nil || in.Attempt > st.attempt {
		x.refuse(i, in, staleToken("the step "+in.Step+" does not wait for it any more"))
		return
	}
	c := in.Callback
	if c.Result == nil {
		x.beat(i, in, st)
		return
	}
	said := answer{word: wordOf(c.Result), digest: digest(quiet(c.Result))}
	if repeated, err := st.answeredBefore(&said, in.Attempt); repeated || err != nil {
		if err != nil {
			x.refuse(i, in, err)
			return
		}
		x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status, Repeated: true})
		return
	}
	if err := x.checkResult(x.def(st), c.Result); err != nil {
		x.refuse(i, in, err)
		return
	}
	x.accept(i, in)
	if st.out && bug.On(bug.EarlyAnswerLost) {
		return
	}
	x.answerStep(st, in, &said)
	x.answered()
}

func wordOf(r *model.Result) string {
	switch {
	case r.Error != nil:
		return model.OutcomeErr
	case r.Outcome == "":
		return model.Success
	}
	return r.Outcome
}

func staleToken(why string) *model.Error { return &model.Error{Code: CodeStale, Message: why} }

// answeredBefore reports whether an answer has been given already: it repeats that, or comes too late. A failure counts
// for its own attempt or a lost one before the current, once; a success for any attempt, since all of them are one piece
// of work under one idempotency key.
func (st *step) answeredBefore(said *answer, attempt int) (repeated bool, err *model.Error) {
	c := st.cb
	before := answer{word: c.told, digest: c.digest}
	if c.answer != nil {
		before = *c.answer
	}
	switch {
	case before.word == said.word && before.word != "" && said.same(&before):
		return true, nil
	case before.word == said.word && before.word != "":
		return false, staleToken("the token of " + st.path + " has been answered with another " + said.word)
	case st.over():
		return false, staleToken("the step " + st.path + " has ended " + st.outcome)
	case c.answer != nil:
		return false, staleToken("the token of " + st.path + " has been answered with " + c.answer.word)
	}
	return said.word == model.OutcomeErr && attempt <= c.failed, nil
}

// same reports whether two answers with one word are the same, as far as is known of one that an older version journaled.
func (a *answer) same(b *answer) bool {
	return a.digest == b.digest || a.digest == "" || b.digest == ""
}

// answerStep journals an answer and lets the step go on, unless its attempt is still out.
func (x *decider) answerStep(st *step, in *Input, said *answer) {
	r := in.Callback.Result
	for _, line := range r.Log {
		x.emit(Op{kind: opLog, path: st.path, text: line})
	}
	o := Op{kind: opAnswered, path: st.path, attempt: in.Attempt, word: said.word, digest: said.digest, err: r.Error, sets: r.Set, tags: sortedTags(r), n: int64(r.Delay)}
	if len(r.Output) > 0 {
		o.data, o.hasData = r.Output, true
	}
	x.emit(o)
	if !st.out && x.err == nil {
		x.conclude(st)
	}
}

// conclude ends a step, or its attempt, by the answer that has come.
func (x *decider) conclude(st *step) {
	n, c := x.def(st), st.cb
	a := c.answer
	if a.err != nil {
		x.attemptFailed(st, n, &model.Result{Error: a.err})
		return
	}
	o := Op{kind: opDone, path: st.path, name: string(model.StepCompleted), word: a.word, text: "callback"}
	if o.word == model.Success && c.outcome != "" {
		o.word = c.outcome
	}
	if n.isBad(o.word) {
		o.name = string(model.StepFailed)
		x.end(o, st)
		return
	}
	if a.delay > 0 {
		o.until = x.now + a.delay
	}
	for _, list := range [2][]model.Assign{c.sets, a.sets} {
		for _, s := range list {
			if err := x.setVar(st, s.Var, s.Op, &rendered{raw: orNull(s.Value)}); err != nil {
				x.fail(st, err)
				return
			}
		}
	}
	for _, tags := range [2][]tagValue{c.tags, a.tags} {
		if len(tags) > 0 {
			x.emit(Op{kind: opTags, tags: tags})
		}
	}
	x.finish(st, n, o, c.result())
}

// result is the output of the answer, or of the attempt where the answer has none.
func (c *callback) result() *value {
	if c.answer != nil && c.answer.output != nil {
		return c.answer.output
	}
	return c.output
}

// await lets a step whose attempt succeeded wait for the answer to its token, or take the one that has come already.
func (x *decider) await(st *step, r *model.Result) {
	for _, line := range r.Log {
		x.emit(Op{kind: opLog, path: st.path, text: line})
	}
	o := Op{kind: opAwait, path: st.path, attempt: st.attempt, sets: r.Set, tags: sortedTags(r)}
	if word := wordOf(r); word != model.Success {
		o.word = word
	}
	if len(r.Output) > 0 {
		o.data, o.hasData = r.Output, true
	}
	if st.cb.answer == nil && st.asked == 0 && !st.stopped() && st.task.heartbeat > 0 {
		o.until = x.now + st.task.heartbeat
	}
	x.emit(o)
	switch {
	case x.err != nil:
	case st.cb.answer != nil:
		x.conclude(st)
	case st.asked != 0 || st.stopped():
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepCancelled), word: model.Withdrawn, flag: true}, st)
	}
}

// answeredWell reports whether the holder of the token has said that the work is done.
func (st *step) answeredWell() bool {
	return st.cb != nil && st.cb.answer != nil && st.cb.answer.err == nil
}

// beat handles a sign of life. One that changes nothing is not journaled.
func (x *decider) beat(i int, in *Input, st *step) {
	switch {
	case st.over() || st.cb.answer != nil:
		_, err := st.answeredBefore(&answer{}, in.Attempt)
		x.refuse(i, in, err)
		return
	case len(in.Callback.Progress) > longestProgress:
		x.refuse(i, in, &model.Error{Code: CodePayload, Message: "the progress is larger than the engine keeps"})
		return
	}
	o := Op{kind: opBeat, path: st.path, attempt: in.Attempt}
	if len(in.Callback.Progress) > 0 {
		o.data, o.hasData = in.Callback.Progress, true
	}
	if st.awaits() && st.task.heartbeat > 0 {
		o.until = x.now + st.task.heartbeat
	}
	// Of signs of life alone only one in a quarter of the time allowed is kept: a silence ends that much early at most.
	if o.hasData || o.until-st.due > st.task.heartbeat/4 && o.until > 0 {
		x.accept(i, in)
		x.emit(o)
		return
	}
	x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status})
}

// silent ends an attempt whose token has given no sign of life for the step's heartbeat.
func (x *decider) silent(st *step) {
	err := &model.Error{Code: "heartbeat", Message: "the holder of the token gave no sign of life", Step: st.path}
	if !x.retry(st, x.def(st), err) {
		x.end(Op{kind: opDone, path: st.path, name: string(model.StepFailed), word: model.OutcomeErr, err: err, flag: true}, st)
	}
}

// awaits reports whether the step waits for the answer to its token.
func (st *step) awaits() bool { return st.cb != nil && st.status == model.StepWaiting }

func (s *State) applyAwait(st *step, o *Op) {
	if st.cb == nil {
		st.cb = &callback{}
	}
	s.landed(st)
	s.unclaim(st.claims, st.path) // a waiting step holds no slot
	if st.status == model.StepRunning {
		st.sc.running--
		s.unqueue(st.sc)
	}
	st.status, st.since = model.StepWaiting, s.at
	c := st.cb
	c.outcome, c.output, c.sets, c.tags = o.word, s.outputOf(o, st), o.sets, o.tags
	s.setDue(st, o.until)
}

func (s *State) applyAnswered(st *step, o *Op) {
	if st.cb == nil {
		st.cb = &callback{}
	}
	st.cb.answer = &answer{word: o.word, digest: o.digest, output: s.outputOf(o, st), err: o.err, sets: o.sets, tags: o.tags, delay: o.n}
}

func (s *State) applyBeat(st *step, o *Op) {
	if st.cb == nil {
		return
	}
	if o.hasData {
		st.cb.progress = o.data
	}
	if o.until > 0 {
		s.setDue(st, o.until)
	}
}

// retried forgets what was said about an attempt that has failed.
func (c *callback) retried(attempt int) *callback {
	if c == nil {
		return nil
	}
	return &callback{failed: max(c.failed, attempt)}
}

// ended keeps of an ended step what a repeated answer needs.
func (c *callback) ended() *callback {
	if c == nil {
		return nil
	}
	out := &callback{failed: c.failed}
	if c.answer != nil {
		out.told, out.digest = c.answer.word, c.answer.digest
	}
	return out
}

func (c *codec) callback(st *step) {
	has := st.cb != nil
	c.flag(&has)
	if !has {
		return
	}
	if !c.save {
		st.cb = &callback{}
	}
	k := st.cb
	str(c, &k.outcome)
	str(c, &k.told)
	c.digest(&k.digest)
	num(c, &k.failed)
	c.value(&k.output)
	c.bytes(&k.progress)
	c.sets(&k.sets, &k.tags)
	answered := k.answer != nil
	c.flag(&answered)
	if !answered {
		return
	}
	if !c.save {
		k.answer = &answer{}
	}
	a := k.answer
	str(c, &a.word)
	c.digest(&a.digest)
	c.value(&a.output)
	c.error(&a.err)
	num(c, &a.delay)
	c.sets(&a.sets, &a.tags)
}

func (c *codec) sets(sets *[]model.Assign, tags *[]tagValue) {
	list(c, sets, func(s *model.Assign) {
		str(c, &s.Var)
		str(c, &s.Op)
		value := []byte(s.Value)
		c.bytes(&value)
		if !c.save {
			s.Value = value
		}
	})
	list(c, tags, func(t *tagValue) { str(c, &t.name); c.bytes(&t.data) })
}
