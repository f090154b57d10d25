package shard

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// reject refuses executions of the part in flight and puts what replaces it in its place.
func (d *desk) reject(ids ...record.ID) {
	d.t.Helper()
	var bad []Rejection
	for _, id := range ids {
		bad = append(bad, Rejection{id, "the row is too large"})
	}
	before := record.Part{Entries: slices.Clone(d.flight.Entries), Heads: slices.Clone(d.flight.Heads)}
	former := *d.flight
	p := d.core.Reject(d.now, d.flight.Number, bad, false)
	if p == nil || p.Number != former.Number {
		d.t.Fatal("nothing replaces the part")
	}
	if len(former.Entries) != len(before.Entries) {
		d.t.Fatal("the former version lost entries")
	}
	for i := range before.Entries {
		if former.Entries[i].Execution != before.Entries[i].Execution || former.Entries[i].Seq != before.Entries[i].Seq {
			d.t.Fatal("the former version changed")
		}
	}
	for i := range p.Entries {
		if slices.Contains(ids, p.Entries[i].Execution) {
			d.t.Fatal("a rejected execution is left in the part")
		}
	}
	d.flight = p
	d.collect()
}

func TestF35_RejectedExecutionIsParkedAndTheOthersCommit(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b"), function("c")))
	bad, good := d.run(""), d.run("")
	badReport, goodReport := d.report(d.task(bad, "a")), d.report(d.task(good, "a"))
	d.work()
	d.take()
	// A later transition of the rejected one is under construction.
	pause := d.send(Command{Verb: Pause, Execution: bad})
	d.send(Command{Verb: Pause, Execution: good})
	d.work()
	d.reject(bad)
	d.work()
	d.refused(pause, CodeRejected)
	d.commit()
	d.settle()
	if d.verdicts[badReport] != Again || d.verdicts[goodReport] != Recorded {
		t.Fatalf("verdicts %d and %d", d.verdicts[badReport], d.verdicts[goodReport])
	}
	if d.status(bad) != string(model.Parked) || d.status(good) != string(model.Paused) {
		t.Fatalf("%s and %s", d.status(bad), d.status(good))
	}
	for _, id := range []record.ID{bad, good} {
		d.send(Command{Verb: Resume, Execution: id})
	}
	d.settle()
	if task := d.task(bad, "a"); task.Attempt != 2 {
		t.Fatalf("attempt %d after a result that could not be kept", task.Attempt)
	}
	d.done(good, "b")
}

func TestF35_RejectedBirthIsRefused(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	bad, badRef := d.begin("k", with(Return, 1))
	good, goodRef := d.begin("")
	d.work()
	d.answer()
	d.work()
	d.answer()
	d.work()
	d.take()
	_, follower := d.begin("k", with(Return, 1))
	d.work()
	d.reject(bad)
	d.commit()
	d.settle()
	d.refused(badRef, CodeRejected)
	d.accepted(goodRef)
	d.refused(follower, CodeUnavailable)
	_, next := d.begin("k", with(Return, 1))
	d.settle()
	if r := d.accepted(next); r.Existing {
		t.Fatal("found what was never born")
	}
	if _, ok := d.heads[bad]; ok {
		t.Fatal("the rejected one exists")
	}
	d.done(good, "a")
}

func TestRejectedMessageIsReadOnceMoreAndThenTaken(t *testing.T) {
	d := newDesk(t, Config{InboxPoll: 10})
	d.deploy(flow(function("a")))
	id := d.newID("")
	d.post(id, mailedStart(id))
	for range 2 {
		d.work()
		d.answer()
		for range 4 {
			d.work()
			d.answer()
		}
		if !d.take() {
			t.Fatal("the message makes no part")
		}
		d.reject(id)
		d.commit()
		d.now += 10
	}
	d.settle()
	if len(d.inbox) != 0 || d.core.stats.DeadLetters != 1 {
		t.Fatalf("%d left, %d dead letters", len(d.inbox), d.core.stats.DeadLetters)
	}
}

// A client that starts and signals by message is two senders; the signal waits for the second try of the birth all the same.
func TestI12_SignalReadBetweenTwoTriesOfAStartByMessage(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"signal":"go"`)))
	id := d.newID("")
	d.post(id, mailedStart(id))
	for range 4 {
		d.work()
		d.answer()
	}
	if !d.take() {
		t.Fatal("the message makes no part")
	}
	d.core.Poke(d.now)
	d.work()
	limit := d.mail
	d.mail = 0
	d.reject(id)
	d.commit()
	d.answer() // there is no such execution
	d.post(id, Mail{Verb: Signal, Signal: &kernel.Signal{Name: "go"}})
	d.core.Messages(d.now, limit, slices.Clone(d.inbox))
	d.settle()
	d.pass(5_000)
	if d.status(id) != string(model.Completed) || d.core.stats.DeadLetters != 0 {
		t.Fatalf("%s with %d dead letters", d.status(id), d.core.stats.DeadLetters)
	}
}

// TestI21_KeyOfABirthThatIsTriedAgainIsItsOwn: a start by message whose rows were refused is read once more, and has its
// key from then on.
func TestI21_KeyOfABirthThatIsTriedAgainIsItsOwn(t *testing.T) {
	d := newDesk(t, Config{InboxPoll: 10})
	d.deploy(flow(function("a")))
	first := d.newID("k")
	m := mailedStart(first)
	m.Start.Key = "k"
	d.post(first, m)
	again := func() {
		for range 6 {
			d.work()
			d.answer()
		}
	}
	again()
	if !d.take() {
		t.Fatal("the message makes no part")
	}
	d.reject(first)
	d.now += 10
	d.core.Poke(d.now)
	again() // the message is read before the store has said what became of the execution
	d.commit()
	d.work()
	late := d.questions.load
	d.questions.load = nil
	again() // the row of its key comes before the answer that it does not exist
	d.core.Loaded(d.now, late, nil)
	again()
	second, ref := d.begin("k", with(Return, 0))
	again()
	d.settle()
	if r := d.accepted(ref); r.Execution != first || !r.Existing {
		t.Fatalf("the key of %s was given to %s", first, second)
	}
}

func TestHalvedPartIsCommittedInTwo(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b")))
	var ids []record.ID
	for range 5 {
		ids = append(ids, d.run(""))
	}
	for _, id := range ids {
		d.report(d.task(id, "a"))
	}
	d.work()
	d.take()
	d.send(Command{Verb: Pause, Execution: ids[0]})
	d.work()
	whole := *d.flight
	p, _, ok := d.core.Halve(d.flight.Number)
	if !ok || len(p.Entries) >= len(whole.Entries) || len(p.Entries) == 0 {
		t.Fatalf("halved %d to %d", len(whole.Entries), len(p.Entries))
	}
	d.flight = p
	// Halve again until one is left.
	for len(p.Entries) > 1 {
		p, _, ok = d.core.Halve(p.Number)
		if !ok {
			t.Fatal("can't be halved")
		}
		d.flight = p
	}
	if _, only, ok := d.core.Halve(p.Number); ok || only != p.Entries[0].Execution {
		t.Fatalf("one execution is halved, or not named: %s", only)
	}
	d.commit()
	if len(d.dispatch) != 1 {
		t.Fatalf("%d tasks left with the first part", len(d.dispatch))
	}
	d.settle()
	if d.status(ids[0]) != string(model.Paused) {
		t.Fatal(d.status(ids[0]))
	}
	d.send(Command{Verb: Resume, Execution: ids[0]})
	d.settle()
	for _, id := range ids {
		d.done(id, "b")
	}
}

func TestReturnedPartComesAgain(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	id, _ := d.begin("")
	d.work()
	d.answer()
	d.work()
	d.take()
	n := d.flight.Number
	d.core.Return(n)
	d.flight = nil
	if d.take(); d.flight.Number != n {
		t.Fatalf("part %d instead of %d", d.flight.Number, n)
	}
	d.commit()
	d.done(id, "a")
}

func TestUnsureRejectionLeavesTheOutcomeOpen(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	id, ref := d.begin("")
	d.work()
	d.answer()
	d.work()
	d.take()
	d.core.Reject(d.now, d.flight.Number, []Rejection{{id, "?"}}, true)
	d.collect()
	d.refused(ref, CodeUnavailable)
}

// A rejection can empty the part under construction; what waited for the next one must not wait for ever.
func TestRejectionThatEmptiesTheOpenPartLeavesNobodyWaiting(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b")))
	id := d.run("")
	d.report(d.task(id, "a"))
	d.work()
	d.take()
	d.send(Command{Verb: Pause, Execution: id})
	d.work() // has its entry in the open part
	late := d.send(Command{Verb: Resume, Execution: id})
	d.work() // waits for the part after that
	d.reject(id)
	d.commit()
	d.settle()
	d.accepted(late)
}

// F35: an execution whose parking the store refuses, too, is held and is not tried for ever; a command tries once more.
func TestF35_RejectedParkingIsHeld(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b")))
	bad, good := d.run(""), d.run("")
	d.report(d.task(bad, "a"))
	parts := 0
	for range 50 {
		d.work()
		d.answer()
		if !d.take() {
			continue
		}
		if parts++; slices.ContainsFunc(d.flight.Entries, func(e record.Entry) bool { return e.Execution == bad }) {
			d.reject(bad)
		}
		d.commit()
	}
	if parts != 2 {
		t.Fatalf("%d parts, not that of its result and that which parks it", parts)
	}
	if held := d.core.Held(5); len(held) != 1 || held[0].Execution != bad {
		t.Fatalf("held are %v", held)
	}
	d.done(good, "a")
	ref := d.send(Command{Verb: Pause, Execution: bad})
	for d.flight == nil {
		d.work()
		d.answer()
		d.take()
	}
	d.reject(bad) // and parks it this time
	d.commit()
	d.settle()
	d.refused(ref, CodeRejected)
	if d.status(bad) != string(model.Parked) || len(d.core.Held(5)) != 0 {
		t.Fatalf("%s, held are %v", d.status(bad), d.core.Held(5))
	}
}

// F31, F35: what the store keeps no head of is held all the same, be it damaged or put off.
func TestF35_RejectedHeadsAreNotTriedForEver(t *testing.T) {
	refuse := func(d *desk, id record.ID) (parts int) {
		for range 60 {
			d.now += 100
			d.work()
			d.answer()
			if !d.take() {
				continue
			}
			if slices.ContainsFunc(d.flight.Heads, func(h record.Head) bool { return h.Execution == id }) {
				parts++
				d.reject(id)
			}
			d.commit()
		}
		return parts
	}
	t.Run("damaged", func(t *testing.T) {
		d := newDesk(t, Config{Audit: -1})
		d.deploy(flow(waitFor("a", `"signal":"go"`)))
		id := d.run("")
		d.pass(20_000)
		d.journal[id][0].Body[5] ^= 1
		delete(d.snaps, id)
		d.send(Command{Verb: View, Execution: id})
		if n := refuse(d, id); n != 2 || len(d.core.Held(5)) != 1 {
			t.Errorf("%d parts, held are %v", n, d.core.Held(5))
		}
	})
	t.Run("put off", func(t *testing.T) {
		d := newDesk(t, Config{Retention: 1_000, Idle: 100, Audit: -1})
		d.deploy(flow(function("a")))
		d.deploy(named("s", flow(
			model.Node{ID: "c", Type: "workflow", Composite: &model.Composite{Child: json.RawMessage(`{"name":"w"}`)}}, waitFor("b", `"signal":"go"`))))
		p := d.runOf("s", "", `1`)
		c := d.onlyChild(p)
		d.done(c, "a")
		d.now += kinLater
		if n := refuse(d, c); n != 2 || len(d.core.Held(5)) != 1 {
			t.Errorf("%d parts, held are %v", n, d.core.Held(5))
		}
	})
}
