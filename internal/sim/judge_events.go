package sim

import (
	"encoding/json"
	"strings"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// fact is one operation of an entry as it stands in the journal. The judge reads the JSON by itself, so that a fault of
// the kernel's decoder cannot hide.
type fact struct {
	Op      string `json:"op"`
	Step    string `json:"step"`
	Kind    string `json:"kind"`
	On      string `json:"on"`
	Answer  string `json:"answer"`
	Request string `json:"request"`
	Status  string `json:"status"`
	Outcome string `json:"outcome"`
	Name    string `json:"name"`
	To      string `json:"to"`
	Type    string `json:"type"`
	Undoes  string `json:"undoes"`
	Of      string `json:"of"`
	Attempt int    `json:"attempt"`
	Error   *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	N       int64           `json:"n"`
	Signal  int64           `json:"signal"`
	Arm     int             `json:"arm"`
	Until   int64           `json:"until"`
	By      string          `json:"by"`
	Nominal int64           `json:"nominal"`
	Times   int             `json:"times"`
	Verdict string          `json:"verdict"`
	How     json.RawMessage `json:"how"`
	Data    json.RawMessage `json:"data"`
	ID      string          `json:"id"`
	Parent  string          `json:"parent"`
	Policy  string          `json:"policy"`
	Count   uint32          `json:"count"`
	Recalls bool            `json:"recalls"`
	Unknown bool            `json:"unknown"`
	Child   string          `json:"child"`
	Body    *struct{}       `json:"body"`
	Input   json.RawMessage `json:"input"`
	Output  json.RawMessage `json:"output"`
	Gather  *struct{}       `json:"gather"`
	Mail    *letterFact     `json:"mail"`
	Ask     json.RawMessage `json:"ask"`
	Taken   []int           `json:"taken"`
	Ops     []fact          `json:"ops"`
	Arms    []struct {
		Due    int64  `json:"due"`
		Signal string `json:"signal"`
	} `json:"arms"`
}

// events reads what an entry says happened.
func (j *judge) events(x *witness, e *record.Entry) {
	var entry struct {
		Ops []fact `json:"ops"`
	}
	if err := json.Unmarshal(e.Body[1:], &entry); err != nil {
		j.fail("I22", "%s: entry %d is not JSON: %v", x.id, e.Seq, err)
		return
	}
	for i := range entry.Ops {
		f := &entry.Ops[i]
		if x.ended {
			j.fail("I15", "%s: %s follows the end in entry %d", x.id, f.Op, e.Seq)
		}
		j.fact(x, e, f)
	}
}

func (j *judge) fact(x *witness, e *record.Entry, f *fact) {
	switch f.Op {
	case "input":
		j.input(x, e, f)
	case "copied":
		for i := range f.Ops {
			j.copied(x, e, &f.Ops[i])
		}
	case "queue":
		j.queued(x, f)
	case "tick":
		j.tick(x, e, f)
	case "step":
		x.saga.step(f)
	case "undo":
		x.saga.note(f)
	case "undone":
		j.undone(x, e, f)
	case "task":
		j.task(x, e, f)
	case "lost":
		x.lost[attemptKey{f.Step, f.Attempt}] = true
	case "backoff":
		x.pause[f.Step] = f.Until
		delete(x.answers, f.Step)
	case "ask":
		j.asked(x, e, f)
	case "vote":
		j.voted(x, e, f)
	case "answered":
		j.tokenAnswered(x, e, f)
	case "wait":
		arms := make([]int64, len(f.Arms))
		for i, a := range f.Arms {
			if a.Signal == "" {
				arms[i] = a.Due
			}
		}
		x.arms[f.Step] = arms
	case "done":
		j.done(x, e, f)
	case "again":
		delete(x.finished, f.Step)
	case "signal":
		j.signal(x, e, f)
	case "took":
		j.took(x, e, f)
	case "feed":
		if f.Signal != 0 {
			j.took(x, e, f)
		}
	case "put_back":
		x.kept[f.Signal] = true
	case "undelivered", "expired":
		if !x.kept[f.Signal] {
			j.fail("I12", "%s: entry %d drops signal %d, which is not kept", x.id, e.Seq, f.Signal)
		}
		delete(x.kept, f.Signal)
	case "status":
		j.status(x, e, f)
	case "send":
		x.sends[e.Seq]++
		j.sends(x, e, f)
	case "spawn":
		x.sends[e.Seq] += f.Count
		if f.Recalls {
			x.unsaid[e.Seq] = true
		}
		x.brood(f)
	case "end":
		x.ended = true
		if len(x.kept) > 0 {
			j.fail("I12", "%s: entry %d ends it and says nothing about %d kept signals", x.id, e.Seq, len(x.kept))
		}
		j.rolledBack(x, e, f)
	default:
		j.among(x, e, f)
	}
}

// status: what stops is parked for a reason, and an outage is none.
func (j *judge) status(x *witness, e *record.Entry, f *fact) {
	x.halted = f.To == "parked" || f.To == "paused"
	x.refused = x.refused || x.halted && f.Error != nil && f.Error.Code == "rejected"
	if x.halted && f.Error != nil && strings.Contains(f.Error.Message, store.ErrFull.Error()) {
		j.fail("F30", "%s: entry %d parks it, and the store is only full", x.id, e.Seq)
	}
}

// among is what happens between executions.
func (j *judge) among(x *witness, e *record.Entry, f *fact) {
	switch f.Op {
	case "start":
		j.starts(x, f)
	case "gather":
		j.gathered(x, f.Input)
	case "free", "alarm":
		j.leaked(x, e, f)
	case "enter":
		delete(x.returned, f.Step)
	case "returned":
		x.brood(f)
		j.returned(x, e, f)
	case "left":
		j.childLeft(x, e, f)
	}
}

// copied is what a fork brings along: it has happened to another execution, and is the past of this one.
func (j *judge) copied(x *witness, e *record.Entry, f *fact) {
	switch f.Op {
	case "step":
		x.saga.step(f)
	case "undo":
		x.saga.note(f)
	case "undone":
		delete(x.saga.pending, f.Of)
	case "task":
		x.begun[f.Step] = f.Attempt
	case "lost":
		x.lost[attemptKey{f.Step, f.Attempt}] = true
	case "done":
		x.finished[f.Step] = true
	case "spawn", "returned":
		x.brood(f)
	case "again":
		delete(x.finished, f.Step)
	case "signal":
		x.lastSignal, x.kept[f.N] = f.N, true
	case "took", "feed", "expired", "undelivered":
		delete(x.kept, f.Signal)
	case "put_back":
		x.kept[f.Signal] = true
	case "ask":
		j.asked(x, e, f)
	case "vote":
		x.polls[f.Step].votes[f.By] = f.Outcome
	case "answered":
		x.answers[f.Step] = f.Outcome
	case "backoff":
		delete(x.answers, f.Step)
	}
}

// input: a request is recorded once; after an accepted cancel nothing new begins.
func (j *judge) input(x *witness, e *record.Entry, f *fact) {
	if f.Request != "" {
		if x.requests[f.Request] {
			j.fail("I7", "%s: entry %d records request %s a second time", x.id, e.Seq, f.Request)
		}
		x.requests[f.Request] = true
	}
	if f.On != "" {
		x.operated = e.Seq
	}
	if f.Answer == "" && (f.Kind == "complete" || f.Kind == "fail" || f.Kind == "skip" || f.Kind == "move") {
		x.byHand[f.On] = true
	}
	if f.Answer == "" && (f.Kind == "cancel" || f.Kind == "terminate") {
		x.cancelled = e.Seq
	}
}

// task checks I14, I24 and I27.
func (j *judge) task(x *witness, e *record.Entry, f *fact) {
	if x.halted {
		j.fail("I27", "%s: entry %d begins %s/%d although it is parked or paused", x.id, e.Seq, f.Step, f.Attempt)
	}
	if x.cancelled != 0 && !x.saga.cleans(f.Step) {
		j.fail("I14", "%s: entry %d begins %s/%d after the cancel in entry %d", x.id, e.Seq, f.Step, f.Attempt, x.cancelled)
	}
	if x.finished[f.Step] {
		j.fail("I4", "%s: entry %d begins %s/%d, which has ended", x.id, e.Seq, f.Step, f.Attempt)
	}
	if was := x.begun[f.Step]; f.Attempt != was+1 {
		j.fail("I24", "%s: entry %d begins attempt %d of %s after attempt %d", x.id, e.Seq, f.Attempt, f.Step, was)
	}
	if until := x.pause[f.Step]; e.At < until {
		j.fail("I24", "%s: entry %d begins %s/%d %d ms before its back-off ends", x.id, e.Seq, f.Step, f.Attempt, until-e.At)
	}
	x.begun[f.Step] = f.Attempt
}

// done checks I4, and I8 where a time ended a wait.
func (j *judge) done(x *witness, e *record.Entry, f *fact) {
	if x.finished[f.Step] {
		j.fail("I4", "%s: entry %d ends %s a second time", x.id, e.Seq, f.Step)
	}
	x.finished[f.Step] = true
	j.noteEnd(x, f)
	j.asTold(x, e, f)
	j.broodEnded(x, e, f)
	if arms, ok := x.arms[f.Step]; ok && !x.byHand[f.Step] && f.Status == "completed" && f.Arm < len(arms) && e.At < arms[f.Arm] {
		j.fail("I8", "%s: entry %d ends the wait %s %d ms early", x.id, e.Seq, f.Step, arms[f.Arm]-e.At)
	}
}

func (j *judge) signal(x *witness, e *record.Entry, f *fact) {
	if f.N != x.lastSignal+1 {
		j.fail("I12", "%s: entry %d keeps signal %d after %d", x.id, e.Seq, f.N, x.lastSignal)
	}
	x.lastSignal = f.N
	x.kept[f.N] = true
	var data struct{ Op int }
	if json.Unmarshal(f.Data, &data) == nil {
		x.signals[data.Op]++
		if x.signals[data.Op] > 1 {
			j.fail("I12", "%s: entry %d has the signal of op %d a second time", x.id, e.Seq, data.Op)
		}
	}
}

// took: a signal is used once.
func (j *judge) took(x *witness, e *record.Entry, f *fact) {
	if !x.kept[f.Signal] {
		j.fail("I12", "%s: entry %d takes signal %d, which is not kept", x.id, e.Seq, f.Signal)
	}
	delete(x.kept, f.Signal)
}

// acknowledged is called for each reply without an error: what was asked for is in the journal (I6).
func (j *judge) acknowledged(x *witness, at *call) {
	o := at.op
	switch o.cmd.Verb {
	case shard.Start:
		j.joined(x, o)
	case shard.Signal:
		if kernel.IsEntity(x.workflow()) {
			if !x.requests[o.cmd.Request] {
				j.fail("I6", "%s: command %d was acknowledged and is not recorded", x.id, o.n)
			}
			return
		}
		if x.signals[o.n] != 1 {
			j.fail("I6", "%s: the signal of op %d was acknowledged and received %d times", x.id, o.n, x.signals[o.n])
		}
	case shard.Cancel, shard.Terminate, shard.Pause, shard.Resume, shard.Decide, shard.Operate:
		if o.cmd.Request != "" && !x.requests[o.cmd.Request] {
			j.fail("I6", "%s: %s %d was acknowledged and is not recorded", x.id, verbName(o.cmd.Verb), o.n)
		}
	case shard.Callback:
		j.calledBack(x, o)
	case shard.Wait:
		if !x.state.Status().Closed() {
			j.fail("I6", "%s: a wait for its end was answered, and it is %s", x.id, x.state.Status())
		}
	case shard.Watch:
		// Where an earlier watch was refused, entries are published for it until it is taken back, which loops do.
		if k := (sight{at.m.owner, x.id}); j.watched[k] == 0 && !j.unheard[k] {
			j.watched[k] = at.seq
		}
	case shard.View:
		j.viewed(x, at.saw)
	}
}

// viewed: what the owner has in memory is the fold of the journal.
func (j *judge) viewed(x *witness, saw *glance) {
	if saw == nil || saw.seq == 0 || saw.seq > uint64(len(x.saves)) {
		j.fail("I23", "%s: a view shows entry %v; durable is %d", x.id, saw, len(x.saves))
		return
	}
	if saw.seq == x.state.Seq() && saw.timer != x.state.NextTimer() {
		j.fail("I9", "%s: the owner's next timer at entry %d is %d; that of the journal is %d", x.id, saw.seq, saw.timer, x.state.NextTimer())
	}
	if saw.hash != x.saves[saw.seq-1] {
		j.fail("I23", "%s: the owner's memory at entry %d is not the fold of the journal", x.id, saw.seq)
	}
}

// published: a watcher sees entries in order, once, and only durable ones (I30). It may miss some, and reads those in the
// journal: an entry that was taken back and turned out to be durable after all is not told.
func (j *judge) published(m *member, list []engine.Published) {
	for i := range list {
		p := &list[i]
		k := sight{m.owner, p.Execution}
		if last := j.watched[k]; p.Seq <= last {
			j.fail("I30", "member %d publishes entry %d of %s after %d", m.n, p.Seq, p.Execution, last)
		}
		if p.Seq > j.durable(p.Execution) {
			j.fail("I30", "member %d publishes entry %d of %s, which is not durable", m.n, p.Seq, p.Execution)
		}
		j.watched[k] = p.Seq
	}
}

// recorded reports whether the journal has the beginning of the attempt.
func (j *judge) recorded(x *witness, k attemptKey) bool { return x.begun[k.step] >= k.attempt }

// opened keeps I21: one open execution per key, and one at all where the start said so.
func (j *judge) opened(x *witness, h *record.Head) {
	if h.Key == "" {
		return
	}
	x.key = record.Key{Namespace: h.Namespace, Workflow: h.Workflow, Key: h.Key}
	other := j.execs[j.openKeys[x.key]]
	j.openKeys[x.key] = x.id
	if other == nil || other == x || other.forgot {
		return
	}
	if kernel.Gathers(h.Key) {
		if !other.state.Status().Closed() && !other.state.GatherOver() {
			j.fail("F43", "%s gathers under key %q while %s does", x.id, h.Key, other.id)
		}
		return
	}
	if !other.state.Status().Closed() {
		j.fail("I21", "%s starts under key %q while %s is open", x.id, h.Key, other.id)
	}
	if o := j.w.clients.starts[x.id]; o != nil && (o.cmd.Existing == shard.Return || o.cmd.Existing == shard.Refuse) {
		j.fail("I21", "%s starts under key %q, which %s has", x.id, h.Key, other.id)
	}
}

// atRest is called when nothing is left to do.
func (j *judge) atRest() {
	for _, o := range j.w.clients.ops {
		if !j.clean() {
			return
		}
		if o.done && o.reply != nil && o.reply.Error == nil && o.cmd.Verb == shard.Start && j.execs[o.reply.Execution] == nil {
			j.fail("I1", "start %d was acknowledged as %s, which does not exist", o.n, o.reply.Execution)
		}
	}
	for _, x := range j.all() {
		j.keyAtRest(x)
		j.gatheredAll(x)
	}
	j.kinAtRest()
}

// keyAtRest: the newest execution under a key is the one that the key's row names.
func (j *judge) keyAtRest(x *witness) {
	if x.forgot || x.key.Key == "" || j.openKeys[x.key] != x.id {
		return
	}
	row, ok := j.w.store.KeyRow(x.key)
	switch {
	case !ok:
		j.fail("I21", "%s: its key %q has no row", x.id, x.key.Key)
	case row.Execution != x.id:
		j.fail("I21", "%s: its key %q points to %s", x.id, x.key.Key, row.Execution)
	case (row.ClosedAt != 0) != (x.state.Status().Closed() || x.state.GatherOver()):
		j.fail("I21", "%s is %s and its key is closed at %d", x.id, x.state.Status(), row.ClosedAt)
	}
}
