package kernel

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// Event is one operation of an entry for people: what changed, in the words of the docs.
type Event struct {
	Seq uint64
	At  int64
	// Type is started, begun, command, step_scheduled, step_queued, attempt_started, retry_scheduled, attempt_lost,
	// cancel_requested, wait_started, step_completed, step_failed, step_skipped, step_cancelled, composite_started,
	// items_added, items_started, items_ended, history_trimmed, bound_near, scope_opened, scope_closing, scope_closed,
	// message_sent, signal_received, signal_consumed, signal_expired, signal_undelivered, undo_noted, step_undone, alarm,
	// variable_set, tags_set, log, edges, reset, copied, migrated, paused, parked, resumed, compensating, completed,
	// failed, cancelled or terminated; approval_requested, vote and escalated of an approval; callback_awaited,
	// callback_received and callback_beat of a step that is answered by token; signal_returned of a wait that ended
	// otherwise;
	// limit_wanted, limit_granted and limit_lent of who takes part in a limit; of a limit limit_changed, place_taken,
	// place_granted, place_withdrawn, place_left, place_refused; of a schedule schedule_changed, schedule_planned,
	// schedule_tick, schedule_queued, schedule_ended; start_gathered for a further start of an execution, gathered when no
	// more are added.
	Type     string
	Step     string // path of the step or scope
	Node     string
	NodeType string
	Attempt  int
	Outcome  string
	Until    int64
	Name     string // of a signal, variable or command
	Data     []byte // input, output or signal data, JSON
	Error    *model.Error
	By, Why  string
	Text     string
	// Total is the number of instances of a composite; -1 where it is not known.
	Total int
	// Signals are those a wait waits for.
	Signals []string
	// Taken are the edges that the step took, by their index in its graph.
	Taken []int32
}

var eventTypes = [...]string{
	opInput: "command", opStart: "started", opBegin: "begun", opOpen: "scope_opened", opStep: "step_scheduled",
	opQueued: "step_queued", opTask: "attempt_started", opWait: "wait_started", opEnter: "composite_started",
	opBackoff: "retry_scheduled", opLost: "attempt_lost", opCancel: "cancel_requested", opEdges: "edges",
	opSet: "variable_set", opTags: "tags_set", opLog: "log", opSignal: "signal_received", opTook: "signal_consumed",
	opExpired: "signal_expired", opUndelivered: "signal_undelivered", opClose: "scope_closing",
	opClosed: "scope_closed", opMore: "", opConfig: "", opFeed: "items_added", opTrim: "history_trimmed", opWarn: "bound_near",
	opAsk: "approval_requested", opVote: "vote", opEscalate: "escalated", opSend: "message_sent",
	opChild: "child_started", opListen: "", opLeft: "", opSpawn: "items_started", opReturned: "items_ended",
	opUndo: "undo_noted", opUndone: "step_undone", opAlarm: "alarm",
	opReset: "reset", opCopied: "copied", opMigrate: "migrated", opGraph: "",
	opAwait: "callback_awaited", opAnswered: "callback_received", opBeat: "callback_beat", opPutBack: "signal_returned",
	opClaim: "limit_wanted", opGranted: "limit_granted", opLend: "limit_lent", opLimit: "limit_changed", opPlace: "place_taken",
	opGrant: "place_granted", opYield: "place_withdrawn", opFree: "place_left", opTurned: "place_refused",
	opSchedule: "schedule_changed", opDue: "schedule_planned", opTick: "schedule_tick", opQueue: "schedule_queued",
	opEnded: "schedule_ended", opGather: "start_gathered", opGathered: "gathered",
}

// TypeTrimmed is the type of the event that stands for history that was removed.
const TypeTrimmed = "history_trimmed"

// Events appends the events of an entry. What was copied from another execution follows the event that says so, with
// the times it had there.
func Events(dst []Event, seq uint64, at int64, ops []Op) []Event {
	for i := range ops {
		o := &ops[i]
		e := Event{Seq: seq, At: at, Type: o.eventType(), Attempt: o.attempt, Error: o.err, By: o.by, Why: o.why, Data: o.data}
		if e.Type == "" {
			continue
		}
		if !o.describeEntity(&e) {
			o.describe(&e)
		}
		dst = append(dst, e)
		if o.kind == opCopied {
			dst = Events(dst, seq, o.due, o.ops)
		}
	}
	return dst
}

func (o *Op) eventType() string {
	switch o.kind {
	case opDone:
		return "step_" + o.name
	case opEnd:
		return o.word
	case opStatus:
		if o.word == string(model.Running) || o.word == string(model.Pending) {
			return "resumed"
		}
		return o.word
	}
	if int(o.kind) < len(eventTypes) {
		return eventTypes[o.kind]
	}
	return ""
}

func (o *Op) describe(e *Event) {
	switch o.kind {
	case opInput:
		e.Name, e.Text, e.Step = o.word, o.text, o.name
		_, e.Node, _ = splitPath(o.name)
		return
	case opStart:
		e.Data = o.start.Input
		return
	case opSignal, opUndelivered:
		e.Name = o.name
		return
	case opSend:
		o.describeSend(e)
		return
	case opTrim:
		e.Text = fmt.Sprintf("entries before %d are removed; the state there had the hash %s", o.n, o.text)
		return
	case opWarn:
		e.Name, e.Text = o.name, Warning{o.name, o.attempt, o.n, o.until}.String()
		e.Attempt, e.Until = 0, 0
		return
	case opSet:
		e.Step, e.Name, e.Text = o.path, o.name, o.word
		return
	case opStatus:
		e.Step, e.Text = o.name, o.text
		_, e.Node, _ = splitPath(o.name)
		return
	case opEnd:
		e.Outcome = o.name
		return
	case opMigrate, opCopied, opReset:
		o.describeOperated(e)
		return
	case opOpen, opClose, opClosed:
		e.Step, e.Outcome = o.path, o.word
		return
	}
	e.Step = o.path
	_, e.Node, _ = splitPath(o.path)
	switch o.kind {
	case opStep:
		e.NodeType = o.word
	case opDone:
		e.Outcome, e.Until = o.word, o.until
	case opLog:
		e.Text = o.text
	case opEdges:
		e.Taken = o.taken
	case opBackoff:
		e.Until = o.until
	case opChild:
		e.Text = o.word
	case opTask:
		e.Until = o.due
	case opEnter:
		e.Total, e.Until = int(o.n), o.due
	case opFeed:
		e.Total = int(o.n)
		if o.flag {
			e.Text = "closed"
		}
	case opWait:
		o.describeWait(e)
	case opAsk:
		e.Until, e.Text = o.due, o.ask.title
		if !o.ask.open {
			e.Name = strings.Join(o.ask.assignees, ", ")
		}
	case opVote, opAnswered:
		e.Outcome = o.word
	case opAwait, opBeat:
		e.Until = o.until
	}
}

func (o *Op) describeOperated(e *Event) {
	switch o.kind {
	case opMigrate:
		e.Name, e.Text = o.name, "from version "+o.path
	case opCopied:
		e.Text = "from entry " + strconv.FormatInt(o.n, 10)
	case opReset:
		e.Step, e.Text = o.path, strings.Join(o.list, ", ")
	}
}

func (o *Op) describeWait(e *Event) {
	e.Until = o.due
	for _, a := range o.arms {
		if a.signal != "" {
			e.Signals = append(e.Signals, a.signal)
		}
		if a.due > 0 && (e.Until == 0 || a.due < e.Until) {
			e.Until = a.due
		}
	}
}

func (o *Op) describeSend(e *Event) {
	m := o.mail
	e.Step, e.Text = o.path, m.To.String()
	_, e.Node, _ = splitPath(o.path)
	if m.To.IsZero() {
		e.Text = m.Workflow + " " + m.Key
	}
	e.Name = string(m.Kind)
	if m.Signal != nil {
		e.Name, e.Data = m.Signal.Name, m.Signal.Data
	}
}

// describeEntity describes what limits and schedules do, and starts that gather; false: o is nothing of that.
func (o *Op) describeEntity(e *Event) bool {
	switch o.kind {
	case opSchedule, opDue, opTick, opQueue, opEnded:
		o.describeSchedule(e)
	case opLimit, opPlace, opGrant, opYield, opFree, opTurned:
		o.describeLimit(e)
	case opGather, opGathered: // Attempt is not one here
		e.Attempt, e.Total, e.Until, e.Text = 0, int(o.n), o.due, o.word
	default:
		return false
	}
	return true
}

func (o *Op) describeLimit(e *Event) {
	e.Text, e.Name, e.Outcome = o.text, o.name, o.word
	if o.kind == opLimit {
		e.Text = rule{concurrency: int(o.n), rate: o.attempt, per: o.until}.String()
		return
	}
	e.Step = o.path
}

func (o *Op) describeSchedule(e *Event) {
	e.Name, e.Outcome, e.Text, e.Until = o.name, o.word, o.text, o.n
	if o.kind == opTick && o.until > 0 {
		e.Total = o.attempt
	}
}
