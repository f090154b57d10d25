package shard

import (
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

func with(e Existing, digest uint64) func(*Command) {
	return func(c *Command) { c.Existing, c.Digest = e, digest }
}

func keyNamed(k string) record.Key { return record.Key{Namespace: "default", Workflow: "w", Key: k} }

func TestF43_I21_ManyStartsOfOneKeyAreOneExecution(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	first, ref := d.begin("k", with(Return, 7))
	var others []uint64
	for range 200 {
		_, r := d.begin("k", with(Return, 7))
		others = append(others, r)
	}
	_, conflict := d.begin("k", with(Return, 8))
	d.settle()
	if d.accepted(ref).Existing {
		t.Fatal("the first is said to exist")
	}
	for _, r := range others {
		if got := d.accepted(r); !got.Existing || got.Execution != first {
			t.Fatalf("%+v", got)
		}
	}
	d.refused(conflict, CodeKeyConflict)
	if len(d.heads) != 1 {
		t.Fatalf("%d executions", len(d.heads))
	}
}

// The reply of a start that found another start must not leave before that one is durable.
func TestF43_RepliesOfFollowersWaitForTheFirst(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	d.begin("k", with(Return, 7))
	_, same := d.begin("k", with(Return, 7))
	_, other := d.begin("k", with(Return, 8))
	_, refuse := d.begin("k", with(Refuse, 7))
	for range 3 {
		d.work()
		d.answer()
	}
	d.take()
	d.work()
	for _, r := range []uint64{same, other, refuse} {
		d.unanswered(r)
	}
	d.settle()
	d.accepted(same)
	d.refused(other, CodeKeyConflict)
	d.refused(refuse, CodeKeyExists)
}

func TestF43_PoliciesWhereTheHolderHasClosed(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	old, _ := d.begin("k", with(Return, 7))
	d.settle()
	d.done(old, "a")
	if row := d.keys[keyNamed("k")]; row.ClosedAt == 0 || row.Digest != 7 {
		t.Fatalf("the row says %+v", row)
	}
	_, same := d.begin("k", with(Return, 7))
	_, refuse := d.begin("k", with(Refuse, 7))
	d.settle()
	if r := d.accepted(same); !r.Existing || r.Execution != old || r.Status != model.Completed {
		t.Fatalf("%+v", r)
	}
	d.refused(refuse, CodeKeyExists)
	fresh, ref := d.begin("k", with(New, 9))
	d.settle()
	if d.accepted(ref).Existing {
		t.Fatal("new found the closed one")
	}
	if row := d.keys[keyNamed("k")]; row.Execution != fresh || row.ClosedAt != 0 || row.Digest != 9 {
		t.Fatalf("the row says %+v", row)
	}
	_, open := d.begin("k", with(New, 9))
	d.settle()
	d.refused(open, CodeKeyExists)
}

func TestF43_TakenOnDecideFreedOnDurable(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	old := d.run("k")
	d.report(d.task(old, "a"))
	d.work()
	_, ref := d.begin("k", with(New, 1))
	d.work()
	d.take()
	if len(d.flight.Heads) != 1 {
		t.Fatalf("%d heads in the part of the end; the next start is in it", len(d.flight.Heads))
	}
	d.work()
	if e, _ := d.core.Waiting(); e != 0 {
		t.Fatal("the next start is decided before the end is durable")
	}
	d.unanswered(ref)
	d.commit()
	d.settle()
	d.accepted(ref)
}

func TestF43_ReplaceCancelsFirst(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	old := d.run("k")
	task := d.task(old, "a")
	fresh, ref := d.begin("k", with(Replace, 2))
	d.settle()
	d.unanswered(ref)
	if len(d.cancels) != 1 {
		t.Fatal("the holder's task is not cancelled")
	}
	d.report(task)
	d.settle()
	if r := d.accepted(ref); r.Execution != fresh || r.Existing {
		t.Fatalf("%+v", r)
	}
	if d.status(old) != string(model.Cancelled) || d.status(fresh) != string(model.Running) {
		t.Fatalf("%s and %s", d.status(old), d.status(fresh))
	}
}

// The digest is in the key row only, so an execution that is loaded needs the row before it can close it.
func TestF43_KeyIsClosedRightAfterARestart(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"signal":"go"`)))
	id, _ := d.begin("k", with(Return, 7))
	d.settle()
	d.claim(false)
	ref := d.send(Command{Verb: Signal, Execution: id, Signal: &kernel.Signal{Name: "go"}})
	d.settle()
	d.accepted(ref)
	if row := d.keys[keyNamed("k")]; row.ClosedAt == 0 || row.Digest != 7 {
		t.Fatalf("the row says %+v", row)
	}
	if len(d.core.keys) != 0 {
		t.Fatalf("%d keys stay in memory", len(d.core.keys))
	}
}

func TestF43_RefusedStartFreesItsKey(t *testing.T) {
	d := newDesk(t, Config{Bounds: kernel.Bounds{Payload: 100}})
	d.deploy(flow(function("a")))
	broken := true
	d.core.decideBy = func(def *kernel.Definition, s *kernel.State, in []kernel.Input, env kernel.Env, dst []kernel.Op) (kernel.Decided, error) {
		if broken {
			broken = false
			return kernel.Decided{}, errBroken
		}
		return kernel.Decide(def, s, in, env, dst)
	}
	_, first := d.begin("k", with(Return, 1))
	second, ref := d.begin("k", with(Return, 2))
	d.settle()
	if d.replies[first].Error == nil {
		t.Fatal("the first start succeeds")
	}
	if d.accepted(ref).Execution != second {
		t.Fatal("an execution that was never born holds the key")
	}
}

func TestKeysAreChecked(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	for _, k := range []string{"a\x00b", "\xff", string(make([]byte, 600))} {
		_, ref := d.begin(k)
		d.refused2(ref, CodeInvalid)
	}
}
