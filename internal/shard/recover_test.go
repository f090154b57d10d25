package shard

import (
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

func TestF17_ClaimMakesUnfinishedAttemptsLost(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b")))
	id := d.run("")
	first := d.task(id, "a")
	d.claim(false)
	d.settle()
	second := d.task(id, "a")
	if second.Attempt != 2 {
		t.Fatalf("attempt %d", second.Attempt)
	}
	late := d.report(first)
	d.settle()
	if d.verdicts[late] != Stale {
		t.Fatal("the late report of the lost attempt is accepted")
	}
	d.report(second)
	d.settle()
	d.done(id, "b")
	if d.core.Stats().Lost != 1 {
		t.Fatalf("%d lost", d.core.Stats().Lost)
	}
}

func TestF17_ThreeLossesFailTheStep(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	id := d.run("")
	for range 3 {
		d.claim(false)
		d.settle()
	}
	if d.status(id) != string(model.Failed) {
		t.Fatal(d.status(id))
	}
}

func TestGracefulReleaseDoesNotCount(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	id := d.run("")
	for range 10 {
		d.claim(true)
		d.settle()
	}
	d.done(id, "a")
	if d.status(id) != string(model.Completed) {
		t.Fatal(d.status(id))
	}
}

// Recovery is a loop that converges: being killed inside it changes nothing (R10).
func TestI1_RecoveryInterruptedAnywhereConverges(t *testing.T) {
	for steps := range 12 {
		d := newDesk(t, Config{Bounds: kernel.Bounds{LostAttempts: 1000}})
		d.deploy(flow(function("a"), waitFor("w", `"for":"5s"`), function("b")))
		id, other := d.run("k"), d.run("")
		d.done(id, "a")
		for range 20 {
			d.claim(false)
			for range steps {
				d.work()
				d.answer()
				if d.take() {
					d.commit()
				}
			}
			d.now += 100
		}
		d.claim(false)
		d.pass(6000)
		d.done(id, "b")
		d.done(other, "a")
		if d.status(id) != string(model.Completed) {
			t.Fatalf("killed after %d rounds: %s", steps, d.status(id))
		}
	}
}

// An Unknown part may be durable although its owner never heard so.
func TestF26_DurableButUnheard(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b")))
	id := d.run("")
	d.report(d.task(id, "a"))
	d.work()
	d.take()
	d.write(d.flight)
	d.claim(false)
	d.settle()
	if n := len(d.dispatch); n != 1 || d.dispatch[0].Step != "b" {
		t.Fatalf("tasks %v", d.steps())
	}
	d.done(id, "b")
}

func TestRestartOfManyConverges(t *testing.T) {
	d := newDesk(t, Config{Wakes: 300, Loads: 64, LoadsOpen: 128})
	d.deploy(flow(function("a")))
	var ids []record.ID
	for range 3000 {
		id, _ := d.begin("")
		ids = append(ids, id)
	}
	d.settle()
	d.claim(false)
	d.settle()
	if len(d.dispatch) != len(ids) {
		t.Fatalf("%d of %d tasks are there again", len(d.dispatch), len(ids))
	}
	if d.core.wakes.Len() != 0 {
		t.Fatalf("%d are left in the wake heap", d.core.wakes.Len())
	}
}
