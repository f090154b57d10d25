package shard

import (
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// post puts a message into the inbox and pokes the core.
func (d *desk) post(to record.ID, m Mail) record.MessageID {
	d.t.Helper()
	body, err := m.Encode()
	if err != nil {
		d.t.Fatal(err)
	}
	return d.postRaw(to, body)
}

func (d *desk) postRaw(to record.ID, body []byte) record.MessageID {
	id := record.MessageID{From: d.newID("")}
	d.inbox = append(d.inbox, record.Message{ID: id, To: to, Body: body})
	d.core.Poke(d.now)
	return id
}

func mailedStart(id record.ID) Mail {
	return Mail{Verb: Start, Start: &kernel.Start{ID: id, Namespace: "default", Workflow: "w", Version: "1", Input: []byte(`{}`)}}
}

func TestI12_MessageIsTakenInThePartOfItsEntry(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"signal":"go"`), function("b")))
	id := d.run("")
	d.post(id, Mail{Verb: Signal, Signal: &kernel.Signal{Name: "go"}})
	d.work()
	d.answer()
	d.work()
	if !d.take() || len(d.flight.Takes) != 1 || len(d.flight.Entries) != 1 {
		t.Fatalf("the part is %+v", d.flight)
	}
	// Read again before the take is durable: seen already.
	d.core.Poke(d.now)
	d.work()
	d.answer()
	d.work()
	d.commit()
	d.settle()
	if len(d.inbox) != 0 || len(d.core.mail) != 0 {
		t.Fatalf("%d messages left, %d remembered", len(d.inbox), len(d.core.mail))
	}
	d.done(id, "b")
}

// A read that began before the take was durable still shows the message when it answers afterwards.
func TestI12_StaleReadOfTheInboxIsHarmless(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"signal":"go"`), function("b")))
	id := d.run("")
	d.post(id, Mail{Verb: Signal, Signal: &kernel.Signal{Name: "go"}})
	d.work()
	d.answer()
	d.work()
	d.take()
	d.core.Poke(d.now)
	d.work()
	stale := append([]record.Message(nil), d.inbox...)
	limit := d.mail
	d.mail = 0
	d.commit()
	d.core.Messages(d.now, limit, stale)
	d.settle()
	if n := len(d.journal[id]); n != 2 {
		t.Fatalf("%d entries: the message was used twice", n)
	}
	if len(d.core.mail) != 0 {
		t.Fatal("the message is remembered for ever")
	}
}

func TestI12_MessagesSurviveARestart(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"signal":"go"`), function("b")))
	id := d.newID("")
	d.post(id, mailedStart(id))
	d.post(id, Mail{Verb: Signal, Signal: &kernel.Signal{Name: "go"}})
	d.work()
	d.answer()
	d.work()
	d.claim(false)
	d.settle()
	d.done(id, "b")
	if len(d.inbox) != 0 || d.status(id) != string(model.Completed) {
		t.Fatalf("%d messages left, %s", len(d.inbox), d.status(id))
	}
}

// Somebody asks for an execution before the message is read that makes it: what was sent with the start still arrives.
func TestI12_MailBehindAStartArrivesThoughItIsAskedForBefore(t *testing.T) {
	for _, key := range []string{"", "k"} {
		d := newDesk(t, Config{})
		d.deploy(flow(waitFor("a", `"signal":"go"`), function("b")))
		id := d.newID(key)
		start := mailedStart(id)
		start.Start.Key = key
		d.post(id, start)
		d.post(id, Mail{Verb: Signal, Signal: &kernel.Signal{Name: "go"}})
		d.send(Command{Verb: Wait, Execution: id})
		d.work()
		d.core.Messages(d.now, d.mail, d.inbox)
		d.mail = 0
		d.settle()
		d.done(id, "b")
		if len(d.inbox) != 0 || d.core.stats.DeadLetters != 0 || d.status(id) != string(model.Completed) {
			t.Errorf("key %q: %d messages left, %d dead letters, %s", key, len(d.inbox), d.core.stats.DeadLetters, d.status(id))
		}
	}
}

func TestMailedStartOfWhatExistsIsDone(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	id := d.run("")
	d.post(id, mailedStart(id))
	d.settle()
	d.claim(false)
	d.post(id, mailedStart(id))
	d.settle()
	if len(d.inbox) != 0 || d.core.stats.DeadLetters != 0 {
		t.Fatalf("%d left, %d dead letters", len(d.inbox), d.core.stats.DeadLetters)
	}
}

func TestUnusableMessagesAreDeadLetters(t *testing.T) {
	for name, send := range map[string]func(*desk, record.ID){
		"unreadable":      func(d *desk, id record.ID) { d.postRaw(id, []byte("{")) },
		"asks nothing":    func(d *desk, id record.ID) { d.post(id, Mail{}) },
		"empty signal":    func(d *desk, id record.ID) { d.post(id, Mail{Verb: Signal}) },
		"reads":           func(d *desk, id record.ID) { d.post(id, Mail{Verb: View}) },
		"unknown":         func(d *desk, _ record.ID) { x := d.newID(""); d.post(x, Mail{Verb: Cancel}) },
		"other shard":     func(d *desk, _ record.ID) { d.post(record.NewID(1, 1, 1), Mail{Verb: Cancel}) },
		"start elsewhere": func(d *desk, id record.ID) { d.post(id, mailedStart(d.newID(""))) },
		"closed":          func(d *desk, id record.ID) { d.done(id, "a"); d.post(id, Mail{Verb: Cancel}) },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, Config{})
			if name == "other shard" {
				d = newDesk(t, Config{Shards: 2})
			}
			d.deploy(flow(function("a")))
			if name == "other shard" {
				send(d, record.ID{})
			} else {
				send(d, d.run(""))
			}
			d.settle()
			if len(d.inbox) != 0 || d.core.stats.DeadLetters != 1 || !d.alarmed(AlarmDeadLetter) {
				t.Fatalf("%d left, %d dead letters", len(d.inbox), d.core.stats.DeadLetters)
			}
		})
	}
}

func TestInboxIsPolledWithoutAPoke(t *testing.T) {
	d := newDesk(t, Config{InboxPoll: 500})
	d.deploy(flow(function("a")))
	id := d.run("")
	d.pass(1)
	body, _ := (&Mail{Verb: Cancel}).Encode()
	d.inbox = append(d.inbox, record.Message{ID: record.MessageID{From: d.newID("")}, To: id, Body: body})
	d.pass(499)
	d.pass(500)
	if len(d.inbox) != 0 {
		t.Fatal("not read")
	}
}

func TestFullInboxIsReadPageByPage(t *testing.T) {
	d := newDesk(t, Config{Inbox: 10})
	d.deploy(flow(waitFor("a", `"signal":"never"`)))
	id := d.run("")
	for range 95 {
		d.post(id, Mail{Verb: Signal, Signal: &kernel.Signal{Name: "s"}})
	}
	d.settle()
	if len(d.inbox) != 0 {
		t.Fatalf("%d left", len(d.inbox))
	}
}

// A message that waits long, here a start for the end of who has its key, does not keep those behind it from being read.
// The mistake inbox-hidden is this.
func TestI12_WhatWaitsIsReadPast(t *testing.T) {
	d := newDesk(t, Config{Inbox: 1})
	w := flow(function("a"), waitFor("b", `"signal":"go"`))
	w.Root.Graph.Nodes[0].Compensate = "undo"
	w.Root.Graph.Nodes = append(w.Root.Graph.Nodes, function("undo"))
	d.deploy(w)
	d.done(d.run("k"), "a") // its cancel has something to undo, which takes its time
	next := mailedStart(d.newID("k"))
	next.Start.Key, next.Existing = "k", Replace
	d.post(next.Start.ID, next)
	d.settle()
	other := d.run("")
	d.post(other, Mail{Verb: Signal, Signal: &kernel.Signal{Name: "go"}})
	d.settle()
	if len(d.inbox) != 1 || d.inbox[0].To != next.Start.ID {
		t.Fatalf("%d messages wait, want the start alone", len(d.inbox))
	}
}

// What has to wait is not read again and again because the store says that it waits; what is new is.
func TestWhatWaitsIsReadMoreSeldom(t *testing.T) {
	d := newDesk(t, Config{InboxPoll: 2000})
	w := flow(function("a"), waitFor("b", `"signal":"go"`))
	w.Root.Graph.Nodes[0].Compensate = "undo"
	w.Root.Graph.Nodes = append(w.Root.Graph.Nodes, function("undo"))
	d.deploy(w)
	d.done(d.run("k"), "a")
	next := mailedStart(d.newID("k"))
	next.Start.Key, next.Existing = "k", Replace
	d.post(next.Start.ID, next)
	d.settle()
	reads := 0
	for range 200 { // ten seconds of the store's word
		d.now += 50
		d.core.MailWaits(d.now)
		d.work()
		if d.mail > 0 {
			reads++
		}
		d.settle()
	}
	if reads > 12 {
		t.Errorf("what waits was read %d times in ten seconds", reads)
	}
	other := d.run("")
	d.inbox = append(d.inbox, record.Message{ID: record.MessageID{From: d.newID("")}, To: other, Body: mustEncode(t, Mail{Verb: Cancel})})
	d.pass(2000)
	if len(d.inbox) != 1 {
		t.Errorf("%d messages wait, want the start alone", len(d.inbox))
	}
}

func mustEncode(t *testing.T, m Mail) []byte {
	t.Helper()
	body, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return body
}
