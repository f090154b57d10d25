package shard

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// pureDesk has the workflow w of the steps a, b and c; the tasks of all steps but those named are pure.
func pureDesk(t *testing.T, cfg Config, impure ...string) *desk {
	cfg.Pure = func(k *kernel.Task) bool { return !slices.Contains(impure, k.Node) }
	d := newDesk(t, cfg)
	d.deploy(flow(function("a"), function("b"), function("c")))
	return d
}

// born begins an execution whose first part is with the store.
func (d *desk) born() (record.ID, uint64) {
	d.t.Helper()
	id, ref := d.begin("")
	for range 3 {
		d.work()
		d.answer()
	}
	if !d.take() {
		d.t.Fatal("nothing to commit")
	}
	return id, ref
}

func TestI24_APureTaskLeavesOnce(t *testing.T) {
	d := pureDesk(t, Config{})
	id, _ := d.born()
	a := d.task(id, "a")
	d.commit()
	d.settle()
	if len(d.dispatch) != 0 {
		t.Fatalf("%v left for the second time", d.steps())
	}
	d.report(a)
	d.settle()
	d.done(id, "b")
}

func TestI5_APureTaskLeavesBeforeItsIntentIsDurable(t *testing.T) {
	d := pureDesk(t, Config{}, "c")
	id, born := d.born()
	for _, step := range []string{"a", "b"} {
		ref := d.report(d.task(id, step))
		d.work()
		if a, early := d.verdicts[ref]; early {
			t.Fatalf("the result of %s is answered %d before it is durable", step, a)
		}
	}
	d.unanswered(born)
	d.commit()
	d.accepted(born)
	if len(d.dispatch) != 0 {
		t.Fatalf("%v left, although not pure or for the second time", d.steps())
	}
	d.take()
	if n := len(d.flight.Entries); n != 2 {
		t.Fatalf("%d entries in the second part, want the results of a and b", n)
	}
	d.commit()
	d.done(id, "c")
	if d.status(id) != string(model.Completed) || len(d.journal[id]) != 4 {
		t.Fatalf("%s with %d entries", d.status(id), len(d.journal[id]))
	}
}

// A task that others answer gives its token away, and that is an effect.
func TestI5_ATaskWithACallbackWaitsAlthoughItIsPure(t *testing.T) {
	d := pureDesk(t, Config{})
	asks := function("a")
	asks.Callback = true
	d.deploy(flow(asks))
	d.born()
	if len(d.dispatch) != 0 {
		t.Fatalf("%v left", d.steps())
	}
}

// However fast pure tasks are, they run ahead of the store by one part.
func TestR9_PureTasksStopWhileTheStoreIsAway(t *testing.T) {
	d := pureDesk(t, Config{PartEntries: 2})
	id, _ := d.born()
	for _, step := range []string{"a", "b", "c"} {
		d.report(d.task(id, step))
		d.work()
	}
	if entries, _ := d.core.Waiting(); entries != 2 {
		t.Fatalf("%d entries wait", entries)
	}
	d.settle()
	if d.status(id) != string(model.Completed) {
		t.Fatalf("it is %s", d.status(id))
	}
}

// The birth is refused, and the same execution is begun anew: the attempt has the same name and is another one.
func TestF35_ResultOfAPureTaskThatNeverWasIsStale(t *testing.T) {
	d := pureDesk(t, Config{})
	id, ref := d.born()
	old := d.task(id, "a")
	d.reject(id)
	d.commit()
	d.settle()
	d.refused(ref, CodeRejected)
	again := Command{Verb: Start, Execution: id, Repeat: true, Start: &kernel.Start{
		ID: id, Namespace: "default", Workflow: "w", Version: "1", Input: []byte(`{"other":true}`),
	}}
	d.accepted(func() uint64 { r := d.send(again); d.settle(); return r }())
	fresh := d.task(id, "a")
	if fresh.Attempt != old.Attempt || fresh.Serial == old.Serial {
		t.Fatalf("attempts %d and %d with serials %d and %d", old.Attempt, fresh.Attempt, old.Serial, fresh.Serial)
	}
	if waits, _ := d.core.Outstanding(nameOf(old)); waits {
		t.Fatal("the former attempt is still wanted")
	}
	late := d.report(old)
	d.settle()
	if d.verdicts[late] != Stale {
		t.Fatalf("the result of what never was is answered %d", d.verdicts[late])
	}
	ok := d.report(fresh)
	d.settle()
	if d.verdicts[ok] != Recorded {
		t.Fatalf("the result is answered %d", d.verdicts[ok])
	}
}

// A result that came early is taken back with the state that it changed, and its executor hears that it does not count.
func TestF35_RejectedPartTakesEarlyResultsWithIt(t *testing.T) {
	d := pureDesk(t, Config{}, "c")
	id := d.run("")
	first := d.task(id, "a")
	d.report(first)
	d.work()
	d.take() // the result of a, and b leaves
	b := d.task(id, "b")
	ref := d.report(b)
	d.work()
	d.reject(id)
	d.commit()
	d.settle()
	if d.verdicts[ref] != Again {
		t.Fatalf("the result of b is answered %d", d.verdicts[ref])
	}
	if d.status(id) != string(model.Parked) {
		t.Fatalf("it is %s", d.status(id))
	}
	again := d.report(b)
	d.settle()
	if d.verdicts[again] != Stale {
		t.Fatalf("reported again it is answered %d", d.verdicts[again])
	}
}

func TestI24_SerialsOfTwoOwnersDiffer(t *testing.T) {
	d := pureDesk(t, Config{})
	id, _ := d.born()
	old := d.task(id, "a").Serial
	d.claim(false)
	id, _ = d.born()
	if fresh := d.task(id, "a").Serial; fresh == old {
		t.Fatalf("serial %d twice", fresh)
	}
}

// The same process may own a shard again in the same epoch.
func TestI24_SerialsOfTwoCoresInOneEpochDiffer(t *testing.T) {
	d := pureDesk(t, Config{})
	id, _ := d.born()
	old, epoch := d.task(id, "a").Serial, d.core.fence.Epoch
	d.cfg.Serial = d.core.Serial()
	d.claim(false)
	d.core.fence.Epoch = epoch
	id, _ = d.born()
	if fresh := d.task(id, "a").Serial; fresh == old {
		t.Fatalf("serial %d twice", fresh)
	}
}

// Its result waits when the birth is refused, and the same execution is begun anew before it is known that there is none.
func TestF35_EarlyResultThatWaitsIsNotTakenForThatOfANewBirth(t *testing.T) {
	d := pureDesk(t, Config{})
	id, ref := d.born()
	late := d.report(d.task(id, "a"))
	d.reject(id)
	d.commit()
	d.refused(ref, CodeRejected)
	again := d.send(Command{Verb: Start, Execution: id, Repeat: true, Start: &kernel.Start{
		ID: id, Namespace: "default", Workflow: "w", Version: "1", Input: []byte(`{"other":true}`),
	}})
	d.settle()
	d.accepted(again)
	if d.verdicts[late] != Stale {
		t.Fatalf("the result of what never was is answered %d", d.verdicts[late])
	}
	for _, step := range []string{"a", "b", "c"} {
		d.done(id, step)
	}
}

// The former version of a part becomes durable after all, with the intent of a task of which the result waits: the attempt
// is lost, so its executor must not hear that the result counts.
func TestI6_EarlyResultThatWaitsIsStaleWhereTheAttemptIsLost(t *testing.T) {
	d := pureDesk(t, Config{})
	id, _ := d.born()
	former := *d.flight
	late := d.report(d.task(id, "a"))
	d.core.Reject(d.now, former.Number, []Rejection{{id, "?"}}, true)
	d.flight = &former
	d.commit()
	d.settle()
	if d.verdicts[late] != Stale {
		t.Fatalf("the result of a lost attempt is answered %d", d.verdicts[late])
	}
}

// What several entries of a part say of the beginning of the journal is done once, as the last of them says.
func TestF44_PartOfSeveralEntriesTrimsOnce(t *testing.T) {
	d := pureDesk(t, Config{History: 2})
	var steps []model.Node
	for i := range 12 {
		steps = append(steps, function(fmt.Sprintf("s%d", i)))
	}
	d.deploy(flow(steps...))
	id, _ := d.born()
	for i := range 12 {
		d.report(d.task(id, fmt.Sprintf("s%d", i)))
		d.work()
	}
	d.commit()
	d.take()
	if n := len(d.flight.Entries); n != 12 {
		t.Fatalf("%d entries in the part", n)
	}
	if list := d.flight.Trims; len(list) != 1 || list[0].Before < 8 {
		t.Fatalf("trims %v", list)
	}
}
