package shard

import (
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// lock makes the journal and the snapshot of id what is read without a key; the result takes it back.
func (d *desk) lock(id record.ID) (unlock func()) {
	was, snap := slices.Clone(d.journal[id]), d.snaps[id]
	for i := range d.journal[id] {
		e := &d.journal[id][i]
		e.Body = []byte{record.CodecEncrypted, 1, 2, 3}
		e.Sum = e.Checksum()
	}
	if snap.Seq > 0 {
		d.snaps[id] = record.Snapshot{Execution: id, Seq: snap.Seq, Body: []byte{record.CodecEncrypted}, Sum: record.Checksum([]byte{record.CodecEncrypted})}
	}
	return func() {
		d.journal[id] = was
		if snap.Seq > 0 {
			d.snaps[id] = snap
		}
	}
}

// S49: what has no key is held, says why, and goes on by itself when the key is back; others are not touched.
func TestS49_LockedExecutionWaitsForItsKey(t *testing.T) {
	for _, snapshots := range []int{0, 1} {
		d := newDesk(t, Config{Idle: 1, SnapshotEvery: snapshots})
		d.deploy(flow(function("a"), waitFor("b", `"for":"1h"`), function("c")))
		bad, good := d.run(""), d.run("")
		d.done(bad, "a")
		d.done(good, "a")
		unlock := d.lock(bad)
		d.claim(false)
		d.pass(3_600_000)
		d.done(good, "c")
		if h := d.heads[bad]; h.Status != string(model.Parked) || !strings.HasPrefix(h.Error, CodeLocked) || h.NextAt == record.Never {
			t.Fatalf("the head says %+v", h)
		}
		if view := d.send(Command{Verb: View, Execution: bad}); true {
			d.settle()
			d.refused(view, CodeLocked)
		}
		alarms := len(d.alarms)
		d.pass(10 * lockedMost)
		if len(d.alarms) != alarms {
			t.Fatalf("told again: %v", d.alarms[alarms:])
		}
		unlock()
		d.pass(lockedMost)
		if d.heads[bad].Status != string(model.Running) {
			t.Fatalf("the head says %+v", d.heads[bad])
		}
		d.done(bad, "c")
		if d.status(bad) != string(model.Completed) {
			t.Fatal(d.status(bad))
		}
	}
}

// S49: the next owner has the key.
func TestS49_LockedExecutionGoesOnAfterARestart(t *testing.T) {
	d := newDesk(t, Config{Idle: 1})
	d.deploy(flow(function("a"), function("b")))
	id := d.run("")
	unlock := d.lock(id)
	d.claim(false)
	d.settle()
	if d.status(id) != string(model.Parked) {
		t.Fatal(d.status(id))
	}
	unlock()
	d.claim(false)
	d.settle()
	d.done(id, "a")
	d.done(id, "b")
	if d.status(id) != string(model.Completed) {
		t.Fatal(d.status(id))
	}
}

// S49: what comes meanwhile waits, and a command tries the key at once.
func TestS49_MailForALockedExecutionWaits(t *testing.T) {
	d := newDesk(t, Config{Idle: 1})
	d.deploy(flow(waitFor("a", `"signal":"go"`)))
	id := d.run("")
	d.pass(60_000)
	unlock := d.lock(id)
	d.claim(false)
	body, err := (&Mail{Verb: Signal, Signal: &kernel.Signal{Name: "go"}}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	d.inbox = append(d.inbox, record.Message{ID: record.MessageID{From: id, Seq: 99}, To: id, Namespace: "default", Body: body})
	d.core.Poke(d.now)
	d.settle()
	if len(d.inbox) != 1 || d.status(id) != string(model.Parked) {
		t.Fatalf("%d messages, %s", len(d.inbox), d.status(id))
	}
	unlock()
	view := d.send(Command{Verb: View, Execution: id})
	d.settle()
	d.accepted(view)
	if len(d.inbox) != 0 || d.status(id) != string(model.Completed) {
		t.Fatalf("%d messages, %s", len(d.inbox), d.status(id))
	}
}

// The head of what can be read again is right at once, not when it rests.
func TestS49_HeadOfAnUnlockedExecutionIsRightAtOnce(t *testing.T) {
	d := newDesk(t, Config{Idle: 100_000_000})
	d.deploy(flow(waitFor("a", `"for":"10h"`), function("b")))
	id := d.run("")
	unlock := d.lock(id)
	d.claim(false)
	view := d.send(Command{Verb: View, Execution: id})
	d.settle()
	d.refused(view, CodeLocked)
	unlock()
	d.pass(lockedMost)
	if h := d.heads[id]; h.Status != string(model.Running) || h.Error != "" {
		t.Fatalf("the head says %+v", h)
	}
}

// F31: what was damaged and is mended is due again for what it waited for.
func TestF31_HeadOfAMendedExecutionIsRightAtOnce(t *testing.T) {
	d := newDesk(t, Config{Idle: 100_000_000})
	d.deploy(flow(waitFor("a", `"for":"10h"`), function("b")))
	id := d.run("")
	due := d.now + 36_000_000
	body := d.journal[id][0].Body
	d.journal[id][0].Body = body[:5]
	d.claim(false)
	view := d.send(Command{Verb: View, Execution: id})
	d.settle()
	d.refused(view, CodeQuarantined)
	if h := d.heads[id]; h.Status != string(model.Parked) || h.NextAt != record.Never {
		t.Fatalf("the head says %+v", h)
	}
	d.journal[id][0].Body = body
	view = d.send(Command{Verb: View, Execution: id})
	d.settle()
	d.accepted(view)
	if h := d.heads[id]; h.Status != string(model.Running) || h.NextAt > due {
		t.Fatalf("the head says %+v", h)
	}
}
