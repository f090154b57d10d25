package shard

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// letters puts what one execution sends into the inbox, in order.
func (d *desk) letters(from record.ID, list ...kernel.Mail) {
	for i := range list {
		m := &list[i]
		m.From = from
		d.inbox = append(d.inbox, record.Message{
			ID: record.MessageID{From: from, Seq: 7, N: uint32(i)}, To: m.To, Namespace: "default", Body: m.Encode(nil),
		})
	}
	d.core.Poke(d.now)
}

// acquire asks the limit for a place for a step, and may make the limit.
func acquire(limit record.ID, step string) kernel.Mail {
	return kernel.Mail{
		Kind: kernel.MailAcquire, To: limit, Step: step, Attempt: 1, Data: []byte(`{"weight":1,"concurrency":1}`),
		Start: &kernel.Start{ID: limit, Namespace: "default", Workflow: kernel.LimitWorkflow, Version: "1.0.0", Input: []byte(`{"name":"one"}`), Unchecked: true},
	}
}

func release(limit record.ID, step string) kernel.Mail {
	return kernel.Mail{Kind: kernel.MailRelease, To: limit, Step: step, Attempt: 1}
}

// heard lists what the limit journaled about steps, in order.
func (d *desk) heard(limit record.ID) (list []string) {
	for _, e := range d.journal[limit] {
		ops, err := kernel.Decode(e.Body[1:])
		if err != nil {
			d.t.Fatal(err)
		}
		for _, ev := range kernel.Events(nil, e.Seq, e.At, ops) {
			if ev.Step != "" {
				list = append(list, ev.Type+" "+ev.Step)
			}
		}
	}
	return list
}

// ENGINE 6: a message that may make its receiver is not overtaken by later ones of its sender while that is looked up or
// loaded: when nobody has asked for it, when a client has, and when it exists and rests.
func TestI12_MessagesOfASenderArriveInOrderWhileTheReceiverLoads(t *testing.T) {
	want := []string{"place_taken a", "place_taken b", "place_left a", "place_taken c", "place_left b", "place_granted c"}
	for _, exists := range []bool{false, true} {
		for _, asked := range []bool{false, true} {
			d := newDesk(t, Config{Audit: -1}) // the senders exist in the inbox only
			from, limit := d.newID(""), kernel.LimitID("default", "one", "")
			if exists {
				d.letters(d.newID(""), acquire(limit, "x"), release(limit, "x"))
				d.settle()
				d.pass(20_000)
			}
			if d.core.execs[limit] != nil {
				t.Fatal("the limit is in memory")
			}
			had := len(d.heard(limit))
			if asked {
				d.send(Command{Verb: View, Execution: limit})
			}
			d.letters(from, acquire(limit, "a"), acquire(limit, "b"), release(limit, "a"), acquire(limit, "c"), release(limit, "b"))
			d.work()
			load := d.load
			d.load = nil // the store reads the inbox before it loads
			d.answer()
			d.load = append(load, d.load...)
			d.settle()
			if got := d.heard(limit)[had:]; !slices.Equal(got, want) {
				t.Errorf("exists %t, asked for %t: the limit heard\n%v, not\n%v", exists, asked, got, want)
			}
			if len(d.core.births) != 0 {
				t.Errorf("exists %t, asked for %t: %d births left", exists, asked, len(d.core.births))
			}
		}
	}
}

// ENGINE 6: what is for a key waits behind what makes its holder, also while the version of that is looked up.
func TestI12_MessagesToAKeyArriveInOrderWhileTheVersionIsLookedUp(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"signal":"go"`), waitFor("b", `"signal":"go"`), waitFor("c", `"signal":"go"`)))
	from := d.newID("")
	var list []kernel.Mail
	for i := range 3 {
		m := kernel.Mail{Kind: kernel.MailSignal, Workflow: "w", Key: "k", Step: "out", Signal: &kernel.Signal{Name: "go", Data: fmt.Append(nil, i)}}
		if i == 0 {
			m.Start = &kernel.Start{ID: d.newID("k"), Namespace: "default", Workflow: "w", Key: "k"}
		}
		list = append(list, m)
	}
	d.letters(from, list...)
	d.settle()
	to := d.keys[record.Key{Namespace: "default", Workflow: "w", Key: "k"}].Execution
	if d.status(to) != "completed" || d.core.stats.DeadLetters != 0 {
		t.Fatalf("%s with %d dead letters: a signal came before the execution that it is for", d.status(to), d.core.stats.DeadLetters)
	}
}

// I16: a child that is to listen to who has its key is made after all where that one ends first. What its parent says to it
// meanwhile waits for that.
func TestI16_CancelWaitsWhileItIsNotKnownWhetherTheChildIsMade(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"signal":"go"`)))
	parent, first, second := d.newID(""), d.newID("k"), d.newID("k")
	birth := func(kid record.ID, step string) kernel.Mail {
		return kernel.Mail{Kind: kernel.MailStart, To: kid, Step: step, Attempt: 1, Attach: true, Answer: true, Start: &kernel.Start{
			ID: kid, Namespace: "default", Workflow: "w", Version: "1", Key: "k", Input: []byte("{}"), Parent: parent, Step: step, Attempt: 1, Waits: true,
		}}
	}
	cancel := func(kid record.ID, step string) kernel.Mail {
		return kernel.Mail{Kind: kernel.MailCancel, To: kid, Step: step, Attempt: 1}
	}
	d.letters(parent, birth(first, "s"), cancel(first, "s"), birth(second, "t"), cancel(second, "t"))
	d.settle()
	if a, b := d.status(first), d.status(second); a != string(model.Cancelled) || b != string(model.Cancelled) || len(d.inbox) != 0 {
		t.Fatalf("the children are %q and %q, %d messages wait", a, b, len(d.inbox))
	}
	if len(d.core.births) != 0 {
		t.Fatalf("%d births left", len(d.core.births))
	}
}

// ENGINE 6: where the store refuses what a message causes, later ones of its sender wait until it has been read again: those
// that were read before, and those that are read before the store has said what became of it.
func TestI12_MessagesBehindARefusedOneWaitForIt(t *testing.T) {
	d := newDesk(t, Config{Audit: -1})
	from, limit := d.newID(""), kernel.LimitID("default", "one", "")
	d.letters(d.newID(""), acquire(limit, "x"), release(limit, "x"))
	d.settle()
	had := len(d.heard(limit))
	list := []kernel.Mail{acquire(limit, "a"), release(limit, "a"), acquire(limit, "b"), release(limit, "b")}
	for n := range list {
		d.inbox = nil
		d.letters(from, list[:n+1]...)
		d.work()
		d.answer()
		d.work()
		switch n {
		case 0:
			if !d.take() || len(d.flight.Takes) != 1 {
				t.Fatal("the first message makes no part")
			}
		case 2:
			d.reject(limit)
		}
	}
	d.commit()
	d.settle()
	d.send(Command{Verb: Resume, Execution: limit})
	d.settle()
	want := []string{"place_taken a", "place_left a", "place_taken b", "place_left b"}
	if got := d.heard(limit)[had:]; !slices.Equal(got, want) || len(d.inbox) != 0 {
		t.Errorf("the limit heard\n%v, not\n%v; %d messages left", got, want, len(d.inbox))
	}
}

// ENGINE 6: what is for a key does not come before what makes its holder, where that is refused and tried again.
func TestI12_MessagesToAKeyWaitForABirthThatWasRefused(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"signal":"go"`), waitFor("b", `"signal":"go"`)))
	from := d.newID("")
	var list []kernel.Mail
	for range 2 {
		list = append(list, kernel.Mail{Kind: kernel.MailSignal, Workflow: "w", Key: "k", Step: "out", Signal: &kernel.Signal{Name: "go"}})
	}
	holder := d.newID("k")
	list[0].Start = &kernel.Start{ID: holder, Namespace: "default", Workflow: "w", Key: "k"}
	d.letters(from, list[0])
	for range 10 {
		d.work()
		d.answer()
		d.work()
		if d.take() {
			break
		}
	}
	d.reject(holder)
	d.inbox = nil
	d.letters(from, list...) // the second is read while it is not known what became of the first
	d.work()
	d.answer()
	d.work()
	d.commit()
	d.settle()
	if d.status(holder) != "completed" || d.core.stats.DeadLetters != 0 {
		t.Fatalf("%s with %d dead letters: a signal came before the execution that it is for", d.status(holder), d.core.stats.DeadLetters)
	}
}
