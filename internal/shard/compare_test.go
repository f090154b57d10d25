package shard

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
)

// dock is a workflow of one step under a limit of one place.
func (d *desk) dock() {
	w := flow(function("a"))
	w.Root.Graph.Nodes[0].Limits = json.RawMessage(`[{"name":"dock","concurrency":1}]`)
	d.deploy(w)
}

// I20: a place that belongs to nobody is given back, by an ordinary message, with an alarm.
func TestI20_AuditGivesBackThePlaceOfNobody(t *testing.T) {
	d := newDesk(t, Config{})
	d.dock()
	limit := kernel.LimitID("default", "dock", "")
	d.letters(d.newID(""), acquire(limit, "a"))
	d.settle()
	id := d.run("")
	d.pass(1000)
	d.settle()
	d.done(id, "a")
	d.ended(id, "success")
	if got := d.heard(limit); !slices.Contains(got, "place_left a") || !d.alarmed(AlarmExecution) {
		t.Fatalf("the limit heard %v, alarms %v", got, d.alarms)
	}
}

// I20: where both sides agree, an audit changes nothing, and asks once for each entry.
func TestI20_AuditOfLimitsLeavesAloneWhoAgrees(t *testing.T) {
	d := newDesk(t, Config{Idle: 3_600_000})
	d.dock()
	limit := kernel.LimitID("default", "dock", "")
	first, second := d.run(""), d.run("")
	for range 5 {
		d.pass(1000)
	}
	asked := d.core.stats.Sends
	for range 20 {
		d.pass(1000)
	}
	if n := len(d.journal[limit]) + len(d.journal[first]) + len(d.journal[second]); n != 2+2+1 || len(d.alarms) > 0 {
		t.Fatalf("%d entries, alarms %v", n, d.alarms)
	}
	if n := d.core.stats.Sends - asked; n != 0 || asked < 2+1+2 {
		t.Fatalf("%d messages of two requests, a grant and at least two questions, then %d more", asked, n)
	}
	d.done(first, "a")
	d.done(second, "a")
}

// A limit that somebody waits for is looked at again although nothing happens, so that a place of nobody is found.
func TestI20_LimitWithALineIsAuditedAgain(t *testing.T) {
	d := newDesk(t, Config{Idle: 1000})
	d.dock()
	limit := kernel.LimitID("default", "dock", "")
	d.run("")
	d.run("")
	d.pass(5_000)
	if d.core.execs[limit] != nil {
		t.Fatal("the limit is in memory")
	}
	if at := d.heads[limit].NextAt; at <= d.now || at > d.now+compareEvery {
		t.Fatalf("next_at is %d, now %d", at, d.now)
	}
	asked := d.core.stats.Loaded
	d.pass(compareEvery)
	if d.core.stats.Loaded == asked {
		t.Fatal("nobody looks at it")
	}
}
