package shard

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// family deploys a parent that waits for a child w; more is JSON behind the child's name.
func (d *desk) family(more string) {
	d.deploy(flow(function("a")))
	w := named("s", flow(model.Node{ID: "c", Type: "workflow", Composite: &model.Composite{Child: json.RawMessage(`{"name":"w"` + more + `}`)}}))
	d.deploy(w)
}

// children lists the executions that the parent started, in order of id.
func (d *desk) children(parent record.ID) (ids []record.ID) {
	for id, h := range d.heads {
		if h.Parent == parent {
			ids = append(ids, id)
		}
	}
	return ids
}

func (d *desk) onlyChild(parent record.ID) record.ID {
	d.t.Helper()
	ids := d.children(parent)
	if len(ids) != 1 {
		d.t.Fatalf("%d children", len(ids))
	}
	return ids[0]
}

func TestI17ParentGoesOnWhenItsChildHasEnded(t *testing.T) {
	d := newDesk(t, Config{})
	d.family("")
	p := d.runOf("s", "", `1`)
	c := d.onlyChild(p)
	d.done(c, "a")
	d.ended(c, "success")
	d.ended(p, "success")
	if len(d.inbox) != 0 || len(d.core.births) != 0 || d.core.stats.DeadLetters != 0 {
		t.Fatalf("%d messages, %d births, %d dead letters left", len(d.inbox), len(d.core.births), d.core.stats.DeadLetters)
	}
}

// F40, I16: a crash after any commit neither loses nor doubles the child, and the parent hears of its end once.
func TestF40_CrashAtEveryCommitLeavesOneChild(t *testing.T) {
	for crash := range 12 {
		d := newDesk(t, Config{})
		d.family("")
		p, _ := d.begin("", func(c *Command) { c.Start.Workflow = "s" })
		commits := 0
		for range 120 {
			d.work()
			d.answer()
			if d.take() {
				d.commit()
				if commits++; commits == crash {
					d.claim(false)
				}
			}
			for len(d.dispatch) > 0 {
				task := d.dispatch[0]
				d.dispatch = d.dispatch[1:]
				if d.core.Lease(nameOf(task)) {
					d.report(task)
				}
			}
			d.now += 100
		}
		d.ended(d.onlyChild(p), "success")
		d.ended(p, "success")
	}
}

// F40: the cancel of a child waits behind its start, however long that takes to find its version and its key.
func TestF40_CancelDoesNotOvertakeTheStart(t *testing.T) {
	d := newDesk(t, Config{})
	d.family(`,"key":"k"`)
	p := d.runOf("w", "k", `1`) // somebody has the key
	d.send(Command{Verb: Terminate, Execution: p})
	d.settle()
	p, _ = d.begin("", func(c *Command) { c.Start.Workflow = "s" })
	d.work()
	d.answer()
	d.work()
	if !d.take() {
		t.Fatal("no part")
	}
	d.commit()
	d.send(Command{Verb: Cancel, Execution: p})
	d.work()
	if !d.take() {
		t.Fatal("no part")
	}
	d.commit() // start and cancel are both in the inbox
	d.settle()
	d.ended(d.onlyChild(p), "cancelled")
	d.ended(p, "cancelled")
}

// birth runs a parent until the first entry of its child is in flight.
func (d *desk) birth() (parent, child record.ID) {
	d.t.Helper()
	d.family("")
	p, _ := d.begin("", func(c *Command) { c.Start.Workflow = "s" })
	for range 20 {
		d.work()
		d.answer()
		d.work()
		if !d.take() {
			continue
		}
		if len(d.flight.Heads) > 0 && d.flight.Heads[0].Parent == p {
			return p, d.flight.Heads[0].Execution
		}
		d.commit()
	}
	d.t.Fatal("there is no child")
	return p, child
}

// F40, F35: where the store refuses the birth of a child, what its parent says to it meanwhile waits for the next try.
func TestF40_CancelOfAChildWhoseBirthWasRejected(t *testing.T) {
	d := newDesk(t, Config{})
	p, child := d.birth()
	d.send(Command{Verb: Cancel, Execution: p})
	d.work()
	d.reject(child)
	d.commit()
	d.settle()
	d.pass(5_000)
	d.ended(child, "cancelled")
	d.ended(p, "cancelled")
}

// F40, F35: also where one read of the inbox begins before the store has said what became of the birth, and shows the
// cancel after it is known that there is no such child.
func TestF40_CancelReadBetweenTwoTriesOfTheBirth(t *testing.T) {
	d := newDesk(t, Config{})
	p, child := d.birth()
	d.core.Poke(d.now)
	d.work()
	limit := d.mail
	d.mail = 0
	d.send(Command{Verb: Cancel, Execution: p})
	d.work()
	d.reject(child)
	d.commit()
	for range 3 { // the cancel is sent, and the child is looked for and not found
		d.work()
		d.answer()
		if d.take() {
			d.commit()
		}
	}
	if d.core.execs[child] != nil || len(d.inbox) != 2 || limit == 0 {
		t.Fatalf("%d messages wait, and a read of %d: not what is to be shown", len(d.inbox), limit)
	}
	d.core.Messages(d.now, limit, slices.Clone(d.inbox))
	d.settle()
	d.pass(5_000)
	d.ended(child, "cancelled")
	d.ended(p, "cancelled")
}

func TestAttachWaitsForTheHolderOfTheKey(t *testing.T) {
	d := newDesk(t, Config{})
	d.family(`,"key":"k","attach":true`)
	holder := d.runOf("w", "k", `1`)
	p := d.runOf("s", "", `1`)
	if n := len(d.children(p)); n != 0 {
		t.Fatalf("%d children beside the holder", n)
	}
	// It ends in the transition before the one that would attach the second parent.
	ref := d.report(d.task(holder, "a"))
	q, _ := d.begin("", func(c *Command) { c.Start.Workflow = "s" })
	d.settle()
	if d.verdicts[ref] != Recorded {
		t.Fatal("not recorded")
	}
	d.ended(p, "success")
	if n := len(d.children(q)); n == 1 {
		d.done(d.onlyChild(q), "a")
	}
	d.ended(q, "success")
}

func TestKeyInUseIsAnErrorOfTheStep(t *testing.T) {
	d := newDesk(t, Config{})
	d.family(`,"key":"k"`)
	d.runOf("w", "k", `1`)
	p := d.runOf("s", "", `1`)
	d.ended(p, "error")
	if h := d.heads[p]; h.Error[:len("key_in_use")] != "key_in_use" {
		t.Fatal(h.Error)
	}
}

// Retention of a child never ends before its root's (LANGUAGE 11).
func TestI28ChildIsKeptAsLongAsItsParent(t *testing.T) {
	d := newDesk(t, Config{Retention: 1_000, Idle: 100})
	d.deploy(flow(function("a")))
	d.deploy(named("s", flow(
		model.Node{ID: "c", Type: "workflow", Composite: &model.Composite{Child: json.RawMessage(`{"name":"w"}`)}}, waitFor("b", `"signal":"go"`))))
	p := d.runOf("s", "", `1`)
	c := d.onlyChild(p)
	d.done(c, "a")
	for range 4 {
		d.pass(kinLater / 2)
	}
	if _, there := d.heads[c]; !there {
		t.Fatal("the child is gone before its parent")
	}
	view := d.send(Command{Verb: View, Execution: c})
	d.settle()
	d.accepted(view)
	d.send(Command{Verb: Terminate, Execution: p})
	d.settle()
	for range 8 {
		d.pass(kinLater / 2)
	}
	if len(d.heads) != 0 {
		t.Fatalf("%d executions are kept for ever", len(d.heads))
	}
}
