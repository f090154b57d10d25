package shard

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
)

func TestI5_NothingLeavesBeforeItIsDurable(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b")))
	id, ref := d.begin("")
	d.work()
	d.answer()
	d.work()
	if !d.take() {
		t.Fatal("the start makes no part")
	}
	d.work()
	d.unanswered(ref)
	if len(d.dispatch) > 0 {
		t.Fatalf("tasks %v left before the part is durable", d.steps())
	}
	d.commit()
	d.accepted(ref)
	d.done(id, "a")
	d.done(id, "b")
	if d.status(id) != string(model.Completed) {
		t.Fatalf("ended %s", d.status(id))
	}
	if len(d.core.execs) != 0 {
		t.Fatalf("%d executions stay in memory", len(d.core.execs))
	}
}

func TestAdvanceOutOfOrderIsRefused(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	d.begin("")
	d.work()
	d.answer()
	d.work()
	if err := d.core.Advance(d.now, 1, true); err == nil {
		t.Fatal("a part that was not taken is advanced")
	}
	d.take()
	for _, n := range []uint64{0, 2} {
		if err := d.core.Advance(d.now, n, true); err == nil {
			t.Fatalf("part %d is advanced instead of 1", n)
		}
	}
	d.commit()
	if err := d.core.Advance(d.now, 1, true); err == nil {
		t.Fatal("a part is advanced twice")
	}
}

func TestInputsOfARoundAreOneEntry(t *testing.T) {
	d := newDesk(t, Config{})
	w := flow(function("a"))
	w.Root.Graph.Start = []string{"a", "b", "c"}
	w.Root.Graph.Nodes = append(w.Root.Graph.Nodes, function("b"), function("c"))
	d.deploy(w)
	id := d.run("")
	for _, s := range []string{"a", "b", "c"} {
		d.report(d.task(id, s))
	}
	d.settle()
	if n := len(d.journal[id]); n != 2 {
		t.Fatalf("%d entries, want the start and one for three results", n)
	}
}

// A part holds at most one entry of each execution: what comes while it is built waits for the next one.
func TestInputsOfALaterRoundWaitForTheNextPart(t *testing.T) {
	d := newDesk(t, Config{})
	w := flow(function("a"))
	w.Root.Graph.Start = []string{"a", "b", "c"}
	w.Root.Graph.Nodes = append(w.Root.Graph.Nodes, function("b"), function("c"))
	d.deploy(w)
	id := d.run("")
	d.report(d.task(id, "a"))
	d.work()
	d.report(d.task(id, "b"))
	d.work()
	d.report(d.task(id, "c"))
	d.work()
	d.take()
	if n := len(d.flight.Entries); n != 1 {
		t.Fatalf("%d entries in the first part", n)
	}
	d.settle()
	if n := len(d.journal[id]); n != 3 {
		t.Fatalf("%d entries, want start, a, and b with c", n)
	}
}

func TestUnbornStartAndUnknownExecutionAreAnswered(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	view := d.send(Command{Verb: View, Execution: d.newID("")})
	cancel := d.send(Command{Verb: Cancel, Execution: d.newID("")})
	wait := d.send(Command{Verb: Wait, Execution: d.newID("")})
	empty := d.send(Command{Verb: Signal, Execution: d.newID("")})
	d.settle()
	for _, ref := range []uint64{view, cancel, wait} {
		d.refused(ref, CodeNotFound)
	}
	d.refused(empty, CodeInvalid)
	if len(d.core.execs) != 0 {
		t.Fatalf("%d executions stay in memory", len(d.core.execs))
	}
}

func TestI30_RepliesToReadsWaitForWhatTheySaw(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	id, start := d.begin("")
	var saw model.Status
	view := d.send(Command{Verb: View, Execution: id, Look: func(s *kernel.State, _ *kernel.Definition) bool {
		saw = s.Status()
		return true
	}})
	d.work()
	d.answer()
	d.work()
	if saw != model.Running {
		t.Fatalf("the view saw %q", saw)
	}
	d.unanswered(view)
	d.take()
	d.work()
	d.unanswered(view)
	d.commit()
	if r := d.accepted(view); r.Seq != 1 || r.Seq != d.accepted(start).Seq {
		t.Fatalf("the view is of entry %d", r.Seq)
	}
}

func TestWaitIsAnsweredAtTheEndOrWhenItSeesWhatItWants(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b")))
	id := d.run("")
	end := d.send(Command{Verb: Wait, Execution: id})
	second := d.send(Command{Verb: Wait, Execution: id, Look: func(s *kernel.State, _ *kernel.Definition) bool { return s.Seq() >= 2 }})
	gone := d.send(Command{Verb: Wait, Execution: id})
	d.settle()
	d.core.Forget(d.now, id, gone)
	d.unanswered(second)
	d.done(id, "a")
	d.accepted(second)
	d.unanswered(end)
	d.done(id, "b")
	if r := d.accepted(end); r.Status != model.Completed {
		t.Fatalf("the wait ended with %s", r.Status)
	}
	d.unanswered(gone)
	late := d.send(Command{Verb: Wait, Execution: id})
	d.settle()
	if r := d.accepted(late); r.Status != model.Completed {
		t.Fatalf("a wait for what has ended says %s", r.Status)
	}
}

func TestI7_RepeatedRequestGetsTheRecordedAnswer(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"signal":"go"`)))
	id := d.run("")
	pause := Command{Verb: Pause, Execution: id, Request: "r1"}
	first := d.send(pause)
	d.settle()
	again := d.send(pause)
	d.settle()
	if d.accepted(first).Repeated || !d.accepted(again).Repeated {
		t.Fatal("the second is the repeated one")
	}
	if n := len(d.journal[id]); n != 2 {
		t.Fatalf("%d entries", n)
	}
}

func TestRepeatedStartFindsTheExecution(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"signal":"go"`)))
	id, ref := d.begin("", func(c *Command) { c.Repeat = true })
	d.settle()
	if d.accepted(ref).Existing {
		t.Fatal("a first start is said to exist")
	}
	again := Command{Verb: Start, Execution: id, Repeat: true, Start: &kernel.Start{ID: id, Namespace: "default", Workflow: "w", Version: "1"}}
	ref = d.send(again)
	d.settle()
	if r := d.accepted(ref); !r.Existing || r.Execution != id {
		t.Fatalf("%+v", r)
	}
	d.claim(false)
	ref = d.send(again)
	d.settle()
	if r := d.accepted(ref); !r.Existing {
		t.Fatal("after a restart the start is not found to exist")
	}
	if n := len(d.journal[id]); n != 1 {
		t.Fatalf("%d entries", n)
	}
}

func TestF42_F46_AdmissionIsBoundedWithANamedError(t *testing.T) {
	d := newDesk(t, Config{MaxExecutions: 3})
	d.deploy(flow(function("a")))
	for range 3 {
		d.run("")
	}
	_, ref := d.begin("")
	d.refused2(ref, CodeOverloaded)

	d = newDesk(t, Config{MaxPending: 2})
	d.deploy(flow(function("a")))
	d.begin("")
	d.begin("")
	_, ref = d.begin("")
	d.refused2(ref, CodeOverloaded)

	d = newDesk(t, Config{MaxBytes: 1 << 20})
	d.deploy(flow(function("a")))
	big := func(c *Command) { c.Start.Input = make([]byte, 1<<20) }
	d.begin("", big)
	_, ref = d.begin("", big)
	d.refused2(ref, CodeOverloaded)
}

// refused2 collects first.
func (d *desk) refused2(ref uint64, code string) {
	d.t.Helper()
	d.collect()
	d.refused(ref, code)
}

func TestF45_ManyStepsOfOneDoNotHoldUpOthers(t *testing.T) {
	d := newDesk(t, Config{Bounds: kernel.Bounds{PerDecide: 10}})
	var nodes []model.Node
	for i := range 40 {
		nodes = append(nodes, model.Node{ID: "s" + string(rune('A'+i)), Type: "set", Set: []model.Assign{{Var: "v", Op: "set", Value: []byte(`1`)}}})
	}
	long := flow(append(nodes, function("z"))...)
	long.Root.Vars = map[string]json.RawMessage{"v": json.RawMessage(`0`)}
	d.deploy(long)
	a, _ := d.begin("")
	b, _ := d.begin("")
	d.work()
	d.answer()
	d.work()
	d.take()
	if n := len(d.flight.Entries); n != 2 {
		t.Fatalf("%d entries in the first part, want one of each execution", n)
	}
	d.settle()
	d.done(a, "z")
	d.done(b, "z")
	if n := len(d.journal[a]); n < 5 {
		t.Fatalf("%d entries; the transition did not stop at its bound", n)
	}
}

func TestWatchersSeeEveryEntryOnceItIsDurable(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b")))
	id := d.run("")
	ref := d.send(Command{Verb: Watch, Execution: id})
	d.settle()
	if r := d.accepted(ref); r.Seq != 1 {
		t.Fatalf("watching from %d", r.Seq)
	}
	d.report(d.task(id, "a"))
	d.work()
	d.take()
	d.work()
	if len(d.events) != 0 {
		t.Fatal("published before durable")
	}
	d.commit()
	d.done(id, "b")
	if len(d.events) != 2 || d.events[0].Seq != 2 || d.events[1].Seq != 3 || !d.events[1].Closed || len(d.events[0].Events) == 0 {
		t.Fatalf("published %+v", d.events)
	}
	d.core.Command(d.now, Command{Ref: 99, Verb: Unwatch, Execution: id})
	d.collect()
	d.accepted(99)
	if len(d.core.watched) != 0 {
		t.Fatal("still watched")
	}
}

func TestDrainedCoreRunsDry(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b")))
	id := d.run("")
	task := d.task(id, "a")
	d.core.Drain()
	_, ref := d.begin("")
	d.refused2(ref, CodeStopping)
	d.report(task)
	if d.core.Idle() {
		t.Fatal("idle with a report that waits")
	}
	d.settle()
	if !d.core.Idle() || len(d.core.Leased()) != 0 {
		t.Fatal("not dry")
	}
}

func TestGiveUpAnswersAndKeepsMemory(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b")))
	id := d.run("")
	report := d.report(d.task(id, "a"))
	_, fresh := d.begin("")
	cancel := d.send(Command{Verb: Pause, Execution: id, Request: "p"})
	wait := d.send(Command{Verb: Wait, Execution: id})
	d.work()
	d.take()
	late := d.send(Command{Verb: Signal, Execution: id, Signal: &kernel.Signal{Name: "s"}})
	d.core.GiveUp(d.now)
	d.collect()
	for _, ref := range []uint64{fresh, cancel, late} {
		d.refused(ref, CodeUnavailable)
	}
	if d.verdicts[report] != Again {
		t.Fatal("the report is not asked for again")
	}
	d.unanswered(wait)
	d.commit()
	d.settle()
	if n := len(d.journal[id]); n != 2 {
		t.Fatalf("%d entries: what was decided is kept and becomes durable", n)
	}
	again := d.send(Command{Verb: Pause, Execution: id, Request: "p"})
	d.settle()
	if !d.accepted(again).Repeated {
		t.Fatal("the repeat after the outage is not recognised")
	}
}

// Who is told that the store is away is not counted, nor believed to be waiting, when the look-up is answered later.
func TestF45_AStartThatWasGivenUpOnIsGone(t *testing.T) {
	d := newDesk(t, Config{MaxExecutions: 1})
	d.deploy(flow(function("a")))
	again := func(c *Command) { c.Repeat = true }
	id, first := d.begin("k", with(Return, 1), again)
	d.work()
	d.answer()
	d.work()
	if len(d.load) != 1 {
		t.Fatal("it is not looked up whether the start has happened")
	}
	d.core.GiveUp(d.now)
	d.collect()
	d.refused(first, CodeUnavailable)
	d.now += censusEvery
	if _, other := d.begin(""); d.core.execs[id].birth != nil {
		t.Fatalf("the start waits while %d is let in", other)
	}
	d.core.cfg.MaxExecutions = 10
	_, retry := d.begin("k", with(Return, 1), again, func(c *Command) { c.Execution, c.Start.ID = id, id })
	d.settle()
	if r := d.accepted(retry); r.Execution != id {
		t.Fatalf("%s was begun, not %s", r.Execution, id)
	}
}

// A refusal may rest on an entry that never becomes durable: who hears of the outage must not take it for an answer.
func TestI7_I30_ARefusalIsNoAnswerBeforeWhatItSawIsDurable(t *testing.T) {
	d := newDesk(t, Config{})
	a := function("a")
	a.Callback = true
	d.deploy(flow(a, function("b")))
	id := d.run("")
	d.task(id, "a")
	answer := Command{Verb: Callback, Execution: id, Task: kernel.TaskRef{Step: "a", Attempt: 1}, Callback: &kernel.Callback{Result: &model.Result{}}}
	first := d.send(answer)
	answer.Callback = &kernel.Callback{Result: &model.Result{Outcome: "another"}}
	late := d.send(answer) // is stale, if the first becomes durable
	d.work()
	d.unanswered(late)
	d.core.GiveUp(d.now)
	d.collect()
	d.refused(first, CodeUnavailable)
	d.refused(late, CodeUnavailable)
}

func TestAbandonAnswersEverybody(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b")))
	id := d.run("")
	wait := d.send(Command{Verb: Wait, Execution: id})
	d.settle()
	report := d.report(d.task(id, "a"))
	d.core.Abandon(d.now, &model.Error{Code: CodeNotOwner})
	d.collect()
	d.refused(wait, CodeNotOwner)
	if d.verdicts[report] != Again {
		t.Fatal("the report is not asked for again")
	}
}

func TestF19_F18_ReportsAreJudgedByTheAttempt(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b")))
	id := d.run("")
	task := d.task(id, "a")
	first := d.report(task)
	twin := d.report(task)
	d.settle()
	repeat := d.report(task)
	stale := d.report(Task{Execution: id, Task: kernel.Task{TaskRef: kernel.TaskRef{Step: "a", Attempt: 7}}})
	strange := d.report(Task{Execution: d.newID(""), Task: kernel.Task{TaskRef: kernel.TaskRef{Step: "a", Attempt: 1}}})
	d.collect()
	for ref, want := range map[uint64]Answer{first: Recorded, twin: Again, repeat: Recorded, stale: Stale, strange: Stale} {
		if got, ok := d.verdicts[ref]; !ok || got != want {
			t.Errorf("report %d: %d (%v), want %d", ref, got, ok, want)
		}
	}
	if n := len(d.journal[id]); n != 2 {
		t.Fatalf("%d entries", n)
	}
}

func TestF39_CancelOfATaskThatNobodyHas(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	id := d.run("")
	ref := d.send(Command{Verb: Cancel, Execution: id})
	d.settle()
	d.accepted(ref)
	if len(d.cancels) != 0 {
		t.Fatal("a task that nobody has is to be cancelled")
	}
	if d.core.Lease(nameOf(d.dispatch[0])) {
		t.Fatal("a task that was given back can be leased")
	}
	if d.status(id) != string(model.Cancelled) {
		t.Fatalf("ended %s", d.status(id))
	}
}

func TestF39_CancelOfARunningTask(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	id := d.run("")
	task := d.task(id, "a")
	d.send(Command{Verb: Cancel, Execution: id})
	d.settle()
	if len(d.cancels) != 1 || d.cancels[0] != nameOf(task) {
		t.Fatalf("cancelled %v", d.cancels)
	}
	if _, asked := d.core.Outstanding(nameOf(task)); !asked {
		t.Fatal("a beat would not tell the executor to stop")
	}
	d.report(task)
	d.settle()
	if d.status(id) != string(model.Cancelled) {
		t.Fatalf("ended %s", d.status(id))
	}
}

var errBroken = errors.New("broken")
