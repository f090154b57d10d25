package kernel

import (
	"encoding/json"
	"strconv"

	"github.com/pawl-dev/pawl/internal/calendar"
	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// schedule is the state of a schedule: what starts when, what runs, what became of each nominal time. It is changed by
// apply only.
type schedule struct {
	workflow, name string
	raw            []byte // the trigger, as the definition has it
	retired        bool

	next int64 // the nominal time that comes next; 0: none
	due  int64 // when it is acted on: next and the jitter

	running []scheduled
	queue   []pendingTick // nominal times that wait for the end of what runs
	recent  []tick        // the last verdicts, oldest first

	started, skipped, missed, refused int64 // nominal times

	conf *trigger // of raw; cache of Decide
}

// scheduled is an execution that the schedule has started and that has not ended, as far as it knows.
type scheduled struct {
	execution record.ID
	nominal   int64
	since     int64
}

// pendingTick is a nominal time that will be started. how is tick, catch_up, backfill or run.
type pendingTick struct {
	nominal int64
	how     string
}

// tick is what became of a nominal time, or of a row of so many times up to to.
type tick struct {
	nominal, to int64
	times       int
	verdict     string
	how         string // tick, catch_up, backfill or run; else why it was skipped or missed
	execution   string
	err         *model.Error
}

// The verdicts on a nominal time. Each gets exactly one of started, skipped and missed (I11); refused follows started
// where the execution could not be made.
const (
	tickStarted = "started"
	tickSkipped = "skipped"
	tickMissed  = "missed"
	tickRefused = "refused"
)

// Bounds of a schedule.
const (
	recentTicks  = 50
	queuedTicks  = 1_000
	rowTicks     = 10_000 // nominal times looked at in one transition
	onTime       = 60_000 // a tick that comes later than that is missed, in milliseconds
	backfillMost = 1_000
)

// config is the trigger of the schedule, read once. Where it cannot be used any more, the schedule parks.
func (x *decider) config() *trigger {
	h := x.s.schedule
	if h.conf == nil {
		conf, err := x.triggerOf(h.raw)
		if err != nil {
			x.park(err, "")
			return nil
		}
		h.conf = conf
	}
	return h.conf
}

// after is the next nominal time after t; 0 where there is none.
func (t *trigger) next(after int64) int64 {
	switch {
	case t.cron != nil:
		if at, ok := t.cron.Next(after, t.zone); ok {
			return at
		}
	case t.every > 0:
		return calendar.Every(t.every, after)
	}
	return 0
}

// bornSchedule takes what a new schedule is.
func (x *decider) bornSchedule(in []byte) {
	var with struct {
		Workflow, Name string
		Trigger        json.RawMessage
	}
	if err := json.Unmarshal(in, &with); err != nil {
		x.park(&model.Error{Code: CodeBadJSON, Message: "the schedule cannot be read"}, "")
		return
	}
	x.emit(Op{kind: opSchedule, name: with.Workflow, word: with.Name, data: with.Trigger, hasData: true})
	x.emit(Op{kind: opTags, tags: []tagValue{{"schedule", appendString(nil, with.Name)}, {"workflow", appendString(nil, with.Workflow)}}})
	x.plan(x.now)
}

// plan sets the nominal time that comes next after the given moment.
func (x *decider) plan(after int64) {
	h := x.s.schedule
	if x.err != nil || h.retired {
		return
	}
	t := x.config()
	if t == nil {
		return
	}
	next := t.next(after)
	if t.after > 0 && len(h.running) == 0 && len(h.queue) == 0 {
		next = x.now + t.after
	}
	due := x.dueOf(t, next)
	if next != h.next || due != h.due {
		x.emit(Op{kind: opDue, n: next, due: due})
	}
}

// dueOf is when a nominal time is acted on: later by the jitter, which is drawn from the id and never reaches the
// nominal time after it.
func (x *decider) dueOf(t *trigger, nominal int64) int64 {
	if nominal == 0 || t.jitter == 0 {
		return nominal
	}
	span := t.jitter
	if after := t.next(nominal); after > 0 {
		span = min(span, after-nominal)
	}
	return nominal + int64(fnv64(x.s.start.ID[:], strconv.FormatInt(nominal, 10))%uint64(span))
}

func (h *schedule) ready(now int64) bool {
	return h.due > 0 && h.due <= now || h.startable()
}

// startable reports whether the first of the queue may start.
func (h *schedule) startable() bool {
	return len(h.queue) > 0 && (len(h.running) == 0 || h.conf != nil && h.conf.Overlap == "allow" || h.queue[0].how == "run")
}

func (h *schedule) nextTimer() int64 {
	if h.due == 0 {
		return record.Never
	}
	return h.due
}

// advanceSchedule acts on the nominal times that have come, or starts what waits.
func (x *decider) advanceSchedule() bool {
	h := x.s.schedule
	t := x.config()
	switch {
	case t == nil:
		return false
	case h.due > 0 && h.due <= x.now:
		x.come(t)
	case h.startable():
		x.startTick(t, h.queue[0])
	default:
		return false
	}
	return true
}

// come gives the nominal times up to now their verdicts: the newest, if it is on time, what the policy for overlaps
// says; of those before it, the newest as many as catch_up says are made up for, and the others are missed.
func (x *decider) come(t *trigger) {
	h := x.s.schedule
	times := []int64{h.next}
	after, next := h.next, t.next(h.next)
	for ; next > 0 && x.dueOf(t, next) <= x.now; next = t.next(next) {
		if len(times) == rowTicks {
			x.row(times, tickMissed, "late")
			x.plan(after)
			return
		}
		times, after = append(times, next), next
	}
	last := len(times)
	punctual := x.now-x.dueOf(t, after) <= onTime
	if punctual {
		last--
	}
	made := min(t.catchUp(), last)
	x.row(times[:last-made], tickMissed, "late")
	for _, at := range times[last-made : last] {
		x.enqueue(pendingTick{at, "catch_up"})
	}
	if punctual {
		x.tick(t, times[last])
	}
	x.plan(after)
}

func (t *trigger) catchUp() int {
	if t.CatchUp == nil {
		return 1
	}
	return *t.CatchUp
}

// row gives several nominal times one verdict.
func (x *decider) row(times []int64, verdict, why string) {
	if len(times) > 0 {
		x.emit(Op{kind: opTick, n: times[0], until: times[len(times)-1], attempt: len(times), word: verdict, name: why})
	}
}

// tick acts on a nominal time that has come.
func (x *decider) tick(t *trigger, at int64) {
	h := x.s.schedule
	busy := len(h.running) > 0 || len(h.queue) > 0
	switch {
	case !busy || t.Overlap == "allow":
		x.startTick(t, pendingTick{at, "tick"})
	case t.Overlap == "queue":
		x.enqueue(pendingTick{at, "tick"})
	case t.Overlap == "cancel":
		asked := len(h.queue) > 0
		for len(h.queue) > 0 && x.err == nil {
			x.row([]int64{h.queue[0].nominal}, tickSkipped, "replaced")
		}
		x.enqueue(pendingTick{at, "tick"})
		for i := 0; i < len(h.running) && !asked; i++ {
			x.post(Mail{Kind: MailOust, To: h.running[i].execution})
		}
	default:
		x.row([]int64{at}, tickSkipped, "overlap")
	}
}

func (x *decider) enqueue(p pendingTick) {
	if len(x.s.schedule.queue) >= queuedTicks {
		x.row([]int64{p.nominal}, tickSkipped, "queue_full")
		return
	}
	x.emit(Op{kind: opQueue, n: p.nominal, name: p.how})
}

// startTick starts the execution of a nominal time. It is made by the message, which carries the key of the nominal
// time, and tells its end.
func (x *decider) startTick(t *trigger, p pendingTick) {
	h := x.s.schedule
	key, start, err := h.name+"/"+calendar.Format(p.nominal, nil), (*Start)(nil), (*model.Error)(nil)
	if p.how == "run" {
		key += "/run-" + strconv.FormatInt(h.started+1, 10)
	}
	if start, err = x.scheduledStart(t, p, key); err != nil {
		x.emit(Op{kind: opTick, n: p.nominal, word: tickSkipped, name: err.Code, err: err})
		return
	}
	x.emit(Op{kind: opTick, n: p.nominal, word: tickStarted, name: p.how, text: start.ID.String()})
	x.post(Mail{Kind: MailStart, To: start.ID, Start: start, Step: start.ID.String(), Attempt: askedStart, Answer: true})
	if start.Gather != nil {
		return // what it starts may be there already: the answer to the start is all that comes
	}
	x.post(Mail{Kind: MailListen, To: start.ID, Step: start.ID.String(), Attempt: askedListen, Answer: true})
}

// scheduledStart evaluates input and key of the execution of a nominal time, in which trigger is what came.
func (x *decider) scheduledStart(t *trigger, p pendingTick, key string) (*Start, *model.Error) {
	h := x.s.schedule
	came := append([]byte(nil), `{"type":`...)
	came = appendString(came, t.kind())
	came = appendText(came, "schedule", h.name, true)
	came = appendText(came, "time", calendar.Format(p.nominal, t.zone), true)
	came = append(appendText(came, "how", p.how, true), '}')
	value, err := expr.Decode(came)
	if err != nil {
		return nil, errorOf(err, "")
	}
	gatherKey := h.name
	c := &expr.Context{Names: triggerNames{value}, Now: x.now, Seed: fnv64(x.s.start.ID[:], key)}
	if len(t.Key) > 0 && (p.how != "run" || t.gather != nil) {
		k, err := expr.CompileTemplate(t.Key)
		if err == nil {
			gatherKey, err = keyText(k, c)
		}
		if err != nil {
			return nil, errorOf(err, "")
		}
		if t.gather == nil {
			key = gatherKey
		}
	}
	var input []byte
	if len(t.Input) > 0 {
		in, err := expr.CompileTemplate(t.Input)
		if err == nil {
			input, _, err = in.Append(nil, c)
		}
		if err != nil {
			return nil, errorOf(err, "")
		}
	}
	return t.birth(x, key, h.workflow, gatherKey, input, came), nil
}

// triggerNames is what the expressions of a trigger see.
type triggerNames struct{ trigger any }

// Lookup implements [expr.Names].
func (n triggerNames) Lookup(name string) (any, bool, error) {
	return n.trigger, name == "trigger", nil
}

// scheduleMail handles what the executions of a schedule send.
func (x *decider) scheduleMail(m *Mail) bool {
	switch m.Kind {
	case MailAnswer:
		switch t := x.config(); {
		case m.Error == nil && m.Attempt == askedStart && t != nil && t.gather != nil:
			x.ended(m.Step, "gathered", nil)
		case m.Error == nil:
		case m.Attempt == askedStart:
			x.ended(m.Step, tickRefused, m.Error)
		case m.Error.Code == CodeClosed: // it was over before it was asked
			x.ended(m.Step, m.Error.Code, nil)
		}
	case MailEnded:
		x.ended(m.Step, string(m.Status), nil)
	default:
		return false
	}
	return true
}

// What an answer is about, in place of an attempt.
const (
	askedStart  = 1
	askedListen = 2
)

// ended notes that what was started is over, and goes on with what waits for that.
func (x *decider) ended(id, status string, err *model.Error) {
	h := x.s.schedule
	for _, r := range h.running {
		if r.execution.String() != id {
			continue
		}
		if status == tickRefused {
			x.emit(Op{kind: opTick, n: r.nominal, word: tickRefused, text: id, name: err.Code, err: err})
		}
		x.emit(Op{kind: opEnded, text: id, word: status})
		if t := x.config(); t != nil && t.after > 0 {
			x.plan(x.now)
		}
		return
	}
}

// scheduleCommand handles what people and deploys ask of a schedule.
func (x *decider) scheduleCommand(in *Input) *model.Error {
	h, sig := x.s.schedule, in.Signal
	switch sig.Name {
	case "configure":
		return x.configureSchedule(sig.Data)
	case "retire":
		if !h.retired {
			for len(h.queue) > 0 && x.err == nil {
				x.row([]int64{h.queue[0].nominal}, tickSkipped, "retired")
			}
			x.emit(Op{kind: opSchedule, name: h.workflow, word: h.name, flag: true})
			x.emit(Op{kind: opDue})
		}
		return nil
	case "run":
		if h.retired {
			return &model.Error{Code: "retired", Message: "the schedule is retired: the active version has no such trigger"}
		}
		x.enqueue(pendingTick{x.now / 1000 * 1000, "run"})
		return nil
	case "backfill":
		return x.backfill(sig.Data)
	}
	return unknownCommand(sig, "run, backfill, configure and retire")
}

// configureSchedule takes over the trigger of another version of the definition.
func (x *decider) configureSchedule(data []byte) *model.Error {
	h := x.s.schedule
	if string(data) == string(h.raw) && !h.retired && x.s.status != model.Parked {
		return nil
	}
	t, err := x.triggerOf(data)
	if err != nil {
		return err
	}
	was := h.conf
	x.emit(Op{kind: opSchedule, name: h.workflow, word: h.name, data: data, hasData: true})
	h.conf = t
	if x.s.status == model.Parked {
		x.emit(Op{kind: opStatus, word: string(model.Running)})
	}
	if was == nil || h.next == 0 || was.Cron != t.Cron || was.every != t.every || was.after != t.after || was.Zone != t.Zone || was.jitter != t.jitter {
		x.plan(x.now)
	}
	return nil
}

// backfill starts what would have been started in a span of the past, one after the other.
func (x *decider) backfill(data []byte) *model.Error {
	var with struct {
		From, To int64
		Limit    int
	}
	if json.Unmarshal(data, &with) != nil || with.From >= with.To {
		return &model.Error{Code: "bad_value", Message: "a backfill needs from and to, from before to"}
	}
	h, t := x.s.schedule, x.config()
	switch {
	case h.retired:
		return &model.Error{Code: "retired", Message: "the schedule is retired: the active version has no such trigger"}
	case t == nil || t.after > 0:
		return &model.Error{Code: "bad_value", Message: "this schedule has no nominal times in the past"}
	case with.To > x.now:
		return &model.Error{Code: "bad_value", Message: "a backfill ends in the past"}
	}
	if with.Limit <= 0 || with.Limit > backfillMost {
		with.Limit = backfillMost
	}
	var times []int64
	for at := t.next(with.From - 1); at > 0 && at < with.To; at = t.next(at) {
		if len(times) == with.Limit || len(times)+len(h.queue) >= queuedTicks {
			return &model.Error{Code: "too_many", Message: "there are more than " + strconv.Itoa(len(times)) + " times in that span; make it shorter or raise the limit (at most " + strconv.Itoa(backfillMost) + ")"}
		}
		times = append(times, at)
	}
	for _, at := range times {
		x.emit(Op{kind: opQueue, n: at, name: "backfill"})
	}
	return nil
}

// resumeSchedule skips the nominal times that came while the schedule was paused.
func (x *decider) resumeSchedule() {
	h, t := x.s.schedule, x.config()
	if t == nil || h.retired || h.due == 0 || h.due > x.now {
		return
	}
	if t.after > 0 {
		x.plan(x.now)
		return
	}
	var times []int64
	for at := h.next; at > 0 && at <= x.now; at = t.next(at) {
		if times = append(times, at); len(times) == rowTicks {
			x.row(times, tickSkipped, "paused")
			times = times[:0]
		}
	}
	x.row(times, tickSkipped, "paused")
	x.plan(x.now)
}
