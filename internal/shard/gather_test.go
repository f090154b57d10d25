package shard

import (
	"fmt"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// batched makes a start one of a batch of size starts.
func batched(size int, request, input string) func(*Command) {
	return func(c *Command) {
		c.Request, c.Start.Input = request, []byte(input)
		c.Start.Gather = &kernel.Gather{Size: size, Wait: 60_000}
	}
}

func gatherBegin(d *desk, size int, request, input string) (record.ID, uint64) {
	return d.begin(kernel.GatherKey("k"), batched(size, request, input))
}

// echo gives the desk a workflow whose task f gets the input.
func echo(d *desk) {
	n := function("a")
	n.With = []byte(`{"name":"f","args":"${ input }"}`)
	d.deploy(flow(n))
}

func TestF43_I1_EveryStartOfABatchIsInOneExecution(t *testing.T) {
	for _, crash := range []bool{false, true} {
		t.Run(fmt.Sprint("crash ", crash), func(t *testing.T) {
			d := newDesk(t, Config{})
			echo(d)
			got := map[record.ID][]int{}
			for i := range 10 {
				gatherBegin(d, 4, fmt.Sprint("r", i), fmt.Sprint(i))
				if i%4 == 2 || crash {
					d.settle()
				}
				if crash {
					d.claim(false)
				}
			}
			d.settle()
			for i := range 10 { // whoever asks again hears where it is
				_, ref := gatherBegin(d, 4, fmt.Sprint("r", i), fmt.Sprint(i))
				d.settle()
				r := d.accepted(ref)
				got[r.Execution] = append(got[r.Execution], i)
			}
			if len(got) != 3 || len(d.heads) != 3 {
				t.Fatalf("%d executions, %v", len(d.heads), got)
			}
			for id, list := range got {
				status := d.status(id)
				if full := len(list) == 4; full == (status == string(model.Pending)) {
					t.Errorf("%s has %v and is %s", id, list, status)
				}
			}
			d.pass(60_000)
			for id := range got {
				if s := d.status(id); s == string(model.Pending) {
					t.Errorf("%s is %s when the time is over", id, s)
				}
			}
		})
	}
}

// A start that gathers is answered otherwise while its request is looked up, and its key is loaded anew for an execution
// that still gathers: the answer that comes late leaves that alone.
func TestF43_LateAnswerAboutARequestLeavesTheKeyAlone(t *testing.T) {
	d := newDesk(t, Config{Idle: 10})
	echo(d)
	first, _ := gatherBegin(d, 4, "r0", "0")
	d.settle()
	d.pass(100)
	if len(d.core.execs) != 0 {
		t.Fatal("the execution is in memory")
	}
	_, ref := gatherBegin(d, 4, "r1", "1")
	d.work()
	d.answer() // of the key
	d.work()
	late := d.questions.keyed
	d.questions.keyed = nil
	d.core.GiveUp(d.now)
	d.collect()
	d.refused(ref, CodeUnavailable)
	d.send(Command{Verb: Wait, Execution: first, Look: func(*kernel.State, *kernel.Definition) bool { return false }})
	d.settle()
	d.core.KeysFound(d.now, late, nil)
	d.sound()
	if len(d.core.keys) != 1 {
		t.Fatalf("%d keys in memory", len(d.core.keys))
	}
	_, ref = gatherBegin(d, 4, "r1", "1")
	d.settle()
	if r := d.accepted(ref); r.Execution != first {
		t.Fatalf("the start is in %s, not in %s", r.Execution, first)
	}
}

// Starts that come in one round, more than fit into one execution, are spread over as many as they need, in order.
func TestF43_AFullBatchOpensTheNext(t *testing.T) {
	d := newDesk(t, Config{})
	echo(d)
	var refs []uint64
	for i := range 7 {
		_, ref := gatherBegin(d, 3, "", fmt.Sprint(i))
		refs = append(refs, ref)
	}
	d.settle()
	var ids []record.ID
	for i, ref := range refs {
		id := d.accepted(ref).Execution
		if i%3 == 0 {
			ids = append(ids, id)
		}
		if id != ids[len(ids)-1] {
			t.Fatalf("start %d is in another execution than the one before", i)
		}
	}
	for i, want := range []string{"[0,1,2]", "[3,4,5]"} {
		task := d.task(ids[i], "a")
		if got := string(task.With); got != `{"args":`+want+`,"name":"f"}` {
			t.Errorf("execution %d gets %s", i, got)
		}
	}
	if s := d.status(ids[2]); s != string(model.Pending) {
		t.Errorf("the third is %s", s)
	}
}

// The key is free once it is durable that the execution gathers no more, and not before.
func TestF43_TheNextGatheringWaitsForTheOneBefore(t *testing.T) {
	d := newDesk(t, Config{})
	echo(d)
	first, _ := gatherBegin(d, 2, "", "1")
	d.settle()
	gatherBegin(d, 2, "", "2")
	_, third := gatherBegin(d, 2, "", "3")
	d.work()
	if !d.take() {
		t.Fatal("there is nothing to commit")
	}
	d.work()
	if len(d.core.execs) != 1 {
		t.Fatal("another execution gathers before the first is durable")
	}
	d.commit()
	d.settle()
	if r := d.accepted(third); r.Execution == first || d.keys[keyNamed(kernel.GatherKey("k"))].Execution != r.Execution {
		t.Fatalf("%+v, the key has %v", r, d.keys)
	}
}

func TestF43_ACancelledGatheringFreesItsKey(t *testing.T) {
	d := newDesk(t, Config{})
	echo(d)
	first, _ := gatherBegin(d, 3, "r1", "1")
	d.settle()
	d.send(Command{Verb: Cancel, Execution: first})
	_, next := gatherBegin(d, 3, "r2", "2")
	_, again := gatherBegin(d, 3, "r1", "1")
	d.settle()
	if r := d.accepted(next); r.Execution == first {
		t.Fatal("the start joined what is cancelled")
	}
	if r := d.accepted(again); r.Execution != first {
		t.Fatal("the request that was cancelled starts again")
	}
}

func TestI28_RequestsOfAGatheringAreForgottenWithIt(t *testing.T) {
	d := newDesk(t, Config{Retention: 60_000, Window: 10_000, Idle: 1000})
	echo(d)
	id, _ := gatherBegin(d, 2, "r1", "1")
	gatherBegin(d, 2, "r2", "2")
	d.settle()
	if len(d.keys) != 3 {
		t.Fatalf("%d keys: %v", len(d.keys), d.keys)
	}
	d.done(id, "a")
	for range 20 {
		d.pass(10_000)
	}
	if len(d.heads) != 0 || len(d.keys) != 0 {
		t.Fatalf("left are %d executions and the keys %v", len(d.heads), d.keys)
	}
}

// An execution that was named is not made to gather.
func TestF43_WhoGathersNothingRefuses(t *testing.T) {
	d := newDesk(t, Config{})
	echo(d)
	d.begin(kernel.GatherKey("k"), with(Return, 1))
	d.settle()
	_, ref := gatherBegin(d, 2, "", "1")
	d.settle()
	d.refused(ref, CodeKeyExists)
}

// A read that began before an execution was forgotten shows it afterwards: it is not forgotten a second time, whose changes
// of the rows of its requests no store would take.
func TestI28_AStaleReadOfWhatWasForgottenIsNotBelieved(t *testing.T) {
	d := newDesk(t, Config{Retention: 1_000, Idle: 100})
	echo(d)
	id, _ := gatherBegin(d, 1, "r", "1")
	d.settle()
	d.done(id, "a")
	d.now += 2_000
	for range 10 {
		d.work()
		d.answer()
		d.work()
		if d.take() {
			break
		}
	}
	if d.flight == nil || len(d.flight.Forgets) != 1 {
		t.Fatalf("nothing is forgotten: %+v", d.flight)
	}
	view := d.send(Command{Verb: View, Execution: id})
	d.work()
	asked, stale := d.load, d.loaded(d.load)
	d.load = nil
	d.commit()
	d.core.Loaded(d.now, asked, stale)
	d.settle()
	d.refused(view, CodeNotFound)
	if len(d.heads) != 0 || len(d.keys) != 0 {
		t.Fatalf("%d heads and %d keys are left", len(d.heads), len(d.keys))
	}
}

// The end of an execution that gathers no more is refused when another has taken its key.
func TestI21_WhatIsRefusedOfAFormerHolderLeavesTheKeyAlone(t *testing.T) {
	d := newDesk(t, Config{})
	echo(d)
	id, _ := gatherBegin(d, 2, "r0", "0")
	d.settle()
	gatherBegin(d, 2, "r1", "1")
	for range 3 {
		d.work()
		d.answer()
	}
	d.take() // it gathers no more
	d.send(Command{Verb: Terminate, Execution: id})
	next, _ := gatherBegin(d, 2, "r2", "2")
	d.work()
	d.commit()
	d.take() // its end
	for range 3 {
		d.work()
		d.answer()
	}
	d.reject(id)
	for range 3 { // before the birth of the next is durable
		d.work()
		d.answer()
	}
	d.commit()
	for range 3 {
		d.work()
		d.answer()
	}
	d.settle()
	gatherBegin(d, 2, "r3", "3")
	d.settle()
	row := d.keys[record.Key{Namespace: "default", Workflow: "w", Key: kernel.GatherKey("k")}]
	if row.Execution != next || row.ClosedAt == 0 {
		t.Fatalf("the key is of %s, closed at %d; the next is %s, %s", row.Execution, row.ClosedAt, next, d.status(next))
	}
}
