package shard

import (
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// breakOn makes the kernel panic for one execution when it gets an input of the kind.
func (d *desk) breakOn(id record.ID, kind kernel.InputKind) *int {
	times := 0
	d.core.decideBy = func(def *kernel.Definition, s *kernel.State, in []kernel.Input, env kernel.Env, dst []kernel.Op) (kernel.Decided, error) {
		if s.ID() == id && slices.ContainsFunc(in, func(i kernel.Input) bool { return i.Kind == kind }) {
			times++
			panic("kaboom")
		}
		return kernel.Decide(def, s, in, env, dst)
	}
	return &times
}

func (d *desk) alarmed(k AlarmKind) bool {
	return slices.ContainsFunc(d.alarms, func(a Alarm) bool { return a.Kind == k })
}

func TestF24_PanicParksOneExecution(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"signal":"go"`), function("b")))
	bad, good := d.run(""), d.run("")
	d.breakOn(bad, kernel.InSignal)
	poison := d.send(Command{Verb: Signal, Execution: bad, Signal: &kernel.Signal{Name: "go"}})
	fine := d.send(Command{Verb: Signal, Execution: good, Signal: &kernel.Signal{Name: "go"}})
	d.settle()
	d.refused(poison, CodeQuarantined)
	d.accepted(fine)
	if h := d.heads[bad]; h.Status != string(model.Parked) || !strings.Contains(h.Error, "kaboom") {
		t.Fatalf("the head says %s %q", h.Status, h.Error)
	}
	if !d.alarmed(AlarmQuarantine) {
		t.Fatal("no alarm")
	}
	d.done(good, "b")

	// An operator resumes it after the repair.
	d.core.decideBy = kernel.Decide
	resume := d.send(Command{Verb: Resume, Execution: bad})
	again := d.send(Command{Verb: Signal, Execution: bad, Signal: &kernel.Signal{Name: "go"}})
	d.settle()
	d.accepted(resume)
	d.accepted(again)
	d.done(bad, "b")
	if d.status(bad) != string(model.Completed) {
		t.Fatal(d.status(bad))
	}
}

func TestF24_ResultThatBreaksTheKernelIsNotAcceptedAndTheTaskIsLost(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a"), function("b")))
	id := d.run("")
	times := d.breakOn(id, kernel.InResult)
	ref := d.report(d.task(id, "a"))
	d.settle()
	if d.verdicts[ref] == Recorded {
		t.Fatal("a result that was not recorded is called recorded")
	}
	if *times != 1 || d.status(id) != string(model.Parked) {
		t.Fatalf("%d tries, then %s", *times, d.status(id))
	}
	d.core.decideBy = kernel.Decide
	d.send(Command{Verb: Resume, Execution: id})
	d.settle()
	if task := d.task(id, "a"); task.Attempt != 2 {
		t.Fatalf("attempt %d after the first was lost", task.Attempt)
	}
}

func TestF24_WhereEvenParkingFailsTheExecutionIsHeld(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"signal":"go"`)))
	bad, good := d.run(""), d.run("")
	broken := true
	d.core.decideBy = func(def *kernel.Definition, s *kernel.State, in []kernel.Input, env kernel.Env, dst []kernel.Op) (kernel.Decided, error) {
		if broken && s.ID() == bad {
			return kernel.Decided{}, errBroken
		}
		return kernel.Decide(def, s, in, env, dst)
	}
	d.send(Command{Verb: Pause, Execution: bad})
	d.settle()
	if h := d.heads[bad]; h.Status != string(model.Parked) || h.NextAt != record.Never {
		t.Fatalf("the head says %s, next_at %d", h.Status, h.NextAt)
	}
	if !d.alarmed(AlarmHeld) {
		t.Fatal("no alarm")
	}
	ref := d.send(Command{Verb: Signal, Execution: good, Signal: &kernel.Signal{Name: "go"}})
	d.settle()
	d.accepted(ref)

	broken = false
	ref = d.send(Command{Verb: Signal, Execution: bad, Signal: &kernel.Signal{Name: "go"}})
	d.settle()
	d.accepted(ref)
	if d.status(bad) != string(model.Completed) {
		t.Fatal(d.status(bad))
	}
}

func TestF24_F31_DamagedJournalHoldsOneExecution(t *testing.T) {
	for name, damage := range map[string]func(list []record.Entry){
		"byte":  func(l []record.Entry) { l[0].Body[5] ^= 1 },
		"codec": func(l []record.Entry) { l[0].Body[0] = record.CodecZstd; l[0].Sum = l[0].Checksum() },
		"sum":   func(l []record.Entry) { l[0].Body[0] = record.CodecEncrypted },
		"other": func(l []record.Entry) { l[0].Body = []byte{record.CodecDamaged} },
		"json":  func(l []record.Entry) { l[0].Body = append(l[0].Body[:9], '}'); l[0].Sum = l[0].Checksum() },
		"gap":   func(l []record.Entry) { l[0].Seq = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, Config{Idle: 1})
			d.deploy(flow(function("a"), function("b")))
			bad, good := d.run(""), d.run("")
			damage(d.journal[bad])
			d.claim(false)
			d.settle()
			if d.status(bad) != string(model.Parked) || !d.alarmed(AlarmHeld) {
				t.Fatalf("the head says %s", d.status(bad))
			}
			d.done(good, "a")
			if len(d.core.execs) != 1 {
				t.Fatalf("%d in memory", len(d.core.execs))
			}
			cancel := d.send(Command{Verb: Cancel, Execution: bad})
			view := d.send(Command{Verb: View, Execution: bad})
			d.settle()
			d.refused(cancel, CodeQuarantined)
			d.refused(view, CodeQuarantined)

			// A restart does not try again.
			d.claim(false)
			loads := d.core.stats.Loaded
			d.settle()
			if d.core.execs[bad] != nil || d.core.stats.Held != 0 {
				t.Fatalf("loaded again at the restart (%d)", loads)
			}
		})
	}
}

func TestMissingDefinitionHoldsUntilACommandTriesAgain(t *testing.T) {
	d := newDesk(t, Config{})
	w := flow(function("a"))
	d.deploy(w)
	id := d.run("")
	defs := d.defs
	d.defs = nil
	d.claim(false)
	d.settle()
	ref := d.send(Command{Verb: Pause, Execution: id})
	d.settle()
	d.refused(ref, "definition")
	d.defs = defs
	ref = d.send(Command{Verb: Pause, Execution: id})
	d.settle()
	d.accepted(ref)
}

func TestStoreThatCannotReadOneExecutionIsAskedOneByOne(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	bad, good := d.run(""), d.run("")
	d.claim(false)
	d.work()
	d.answer()
	d.work()
	if len(d.load) != 2 {
		t.Fatalf("asked for %d", len(d.load))
	}
	ids := d.load
	d.load = nil
	d.core.LoadFailed(d.now, ids, "damaged")
	for range 4 {
		d.work()
		for _, id := range d.load {
			if len(d.load) != 1 {
				t.Fatal("asked for several")
			}
			if id == bad {
				d.core.LoadFailed(d.now, d.load, "damaged")
				d.load = nil
			}
		}
		d.answer()
		d.work()
	}
	d.settle()
	d.task(good, "a")
	if d.core.execs[bad].phase != held {
		t.Fatal("not held")
	}
}

func TestI22_AuditRepairsMemory(t *testing.T) {
	d := newDesk(t, Config{Audit: 100})
	d.deploy(flow(function("x"), waitFor("a", `"signal":"go"`), function("b")))
	id := d.run("")
	d.done(id, "x")
	d.pass(100)
	if s := d.core.Stats(); s.Audits != 1 || s.AuditFaults != 0 {
		t.Fatalf("%d audits, %d faults", s.Audits, s.AuditFaults)
	}
	// The journal, which is the truth, says something else than memory.
	other := newDesk(t, Config{})
	other.deploy(flow(function("x"), waitFor("a", `"signal":"go"`), function("b")))
	twin := other.run("")
	other.core.Report(other.now, Report{Attempt: nameOf(other.task(twin, "x")), Kind: kernel.InResult, Result: &model.Result{Output: []byte(`2`)}})
	other.settle()
	d.journal[id][1] = other.journal[twin][1]
	d.core.execs[id].audited = 0
	d.pass(100)
	if !d.alarmed(AlarmAudit) || d.core.Stats().AuditFaults != 1 {
		t.Fatal("a difference is not found")
	}
	if d.status(id) == string(model.Parked) {
		t.Fatal("a repair parks")
	}
	var output string
	d.send(Command{Verb: View, Execution: id, Look: func(s *kernel.State, _ *kernel.Definition) bool {
		for v := range kernel.Steps(s) {
			if v.Path == "x" {
				output = string(v.Output)
			}
		}
		return true
	}})
	d.send(Command{Verb: Signal, Execution: id, Signal: &kernel.Signal{Name: "go"}})
	d.settle()
	d.done(id, "b")
	if output != "2" {
		t.Fatalf("memory says %s after the repair", output)
	}
}

func TestAuditLeavesAloneWhatMovesOn(t *testing.T) {
	d := newDesk(t, Config{Audit: 100})
	d.deploy(flow(function("x"), waitFor("a", `"signal":"go"`), function("b")))
	id := d.run("")
	d.report(d.task(id, "x"))
	d.work()
	d.take()
	d.commit()
	d.work()
	if len(d.reads) != 1 {
		t.Fatal("no audit begins")
	}
	d.send(Command{Verb: Signal, Execution: id, Signal: &kernel.Signal{Name: "go"}})
	d.settle()
	if s := d.core.Stats(); s.AuditFaults != 0 {
		t.Fatal("a state that moved on is called different")
	}
	d.done(id, "b")
}

// F31, I22: an execution whose last entry got lost does not run once more what its head says has ended.
func TestF31_EndThatTheJournalLacksIsHeld(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	id := d.run("")
	d.done(id, "a")
	list := d.journal[id]
	d.journal[id] = list[:len(list)-1]
	delete(d.snaps, id)
	d.claim(false)
	ref := d.send(Command{Verb: View, Execution: id})
	d.settle()
	d.refused(ref, CodeQuarantined)
	if len(d.dispatch) != 0 || d.status(id) != string(model.Completed) {
		t.Fatalf("%d tasks of what has ended, %s", len(d.dispatch), d.status(id))
	}
	if held := d.core.Held(5); len(held) != 1 || held[0].Execution != id {
		t.Fatalf("held are %v", held)
	}
}
