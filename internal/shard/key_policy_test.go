package shard

import (
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// requested makes a start the one of a request: its id is derived from the request, as the API does it.
func requested(request string, at int64) func(*Command) {
	return func(c *Command) {
		c.Request = request
		random := uint64(0)
		for _, b := range []byte(request) {
			random = random*31 + uint64(b)
		}
		c.Execution = record.NewID(start0+at, random, c.Execution.Slot())
		c.Start.ID = c.Execution
	}
}

// ask sends a start of a request for key k.
func ask(d *desk, policy Existing, digest uint64, request string, at int64) (id record.ID, ref uint64) {
	_, ref = d.begin("k", with(policy, digest), requested(request, at), func(c *Command) { id = c.Execution })
	return id, ref
}

// What a start of a taken key gets: found (the holder), new, conflict, exists, or waits; for every policy, whether the
// input is the holder's, whether the holder is open, and whether it is the holder's own request sent again.
func TestF43_I7_I21_PoliciesTimesRepeats(t *testing.T) {
	const (
		found    = "found"
		fresh    = "new"
		conflict = CodeKeyConflict
		exists   = CodeKeyExists
		waits    = "waits"
	)
	for _, c := range []struct {
		name                string
		policy              Existing
		open, same, request bool
		want                string
	}{
		{"return, open", Return, true, true, false, found},
		{"return, open, other input", Return, true, false, false, conflict},
		{"return, ended", Return, false, true, false, found},
		{"return, ended, other input", Return, false, false, false, conflict},
		{"reject, open", Refuse, true, true, false, exists},
		{"reject, open, other input", Refuse, true, false, false, exists},
		{"reject, ended", Refuse, false, true, false, exists},
		{"new, open", New, true, true, false, exists},
		{"new, open, other input", New, true, false, false, exists},
		{"new, ended", New, false, true, false, fresh},
		{"new, ended, other input", New, false, false, false, fresh},
		{"replace, open", Replace, true, true, false, waits},
		{"replace, open, other input", Replace, true, false, false, waits},
		{"replace, ended", Replace, false, true, false, fresh},

		{"return, its request", Return, true, true, true, found},
		{"reject, its request", Refuse, true, true, true, found},
		{"new, its request", New, true, true, true, found},
		{"new, its request, ended", New, false, true, true, found},
		{"replace, its request", Replace, true, true, true, found},
		{"replace, its request, ended", Replace, false, true, true, found},
		{"return, its request, other input", Return, true, false, true, conflict},
		{"new, its request, other input", New, false, false, true, conflict},
		{"replace, its request, other input", Replace, true, false, true, conflict},
	} {
		for _, restarted := range []bool{false, true} {
			if restarted && c.want == waits {
				continue // a task that was not handed out again is withdrawn at once
			}
			name := c.name
			if restarted {
				name += ", after a restart"
			}
			t.Run(name, func(t *testing.T) {
				d := newDesk(t, Config{})
				d.deploy(flow(function("a")))
				holder, _ := ask(d, c.policy, 7, "r1", 0)
				d.settle()
				switch {
				case !c.open:
					d.done(holder, "a")
				case c.want == waits:
					d.task(holder, "a") // an executor has it, so that its end takes time
				}
				if restarted {
					d.claim(false)
				}
				digest, request := uint64(8), "r2"
				if c.same {
					digest = 7
				}
				if c.request {
					request = "r1"
				}
				id, ref := ask(d, c.policy, digest, request, 5)
				d.settle()
				checkStart(d, ref, holder, c.want)
				heads := 1
				if c.want == fresh {
					heads = 2
					if d.keys[keyNamed("k")].Execution == holder {
						t.Error("the key still points to the one that ended")
					}
				}
				if len(d.heads) != heads {
					t.Errorf("%d executions", len(d.heads))
				}
				if c.want == waits && d.heads[id].Execution == id {
					t.Error("it has begun beside the holder")
				}
			})
		}
	}
}

func checkStart(d *desk, ref uint64, holder record.ID, want string) {
	d.t.Helper()
	switch want {
	case "waits":
		d.unanswered(ref)
		return
	case "found":
		if r := d.accepted(ref); !r.Existing || r.Execution != holder {
			d.t.Errorf("got %+v", r)
		}
		return
	case "new":
		if r := d.accepted(ref); r.Existing || r.Execution == holder {
			d.t.Errorf("got %+v", r)
		}
		return
	}
	if r := d.refused(ref, want); !strings.Contains(r.Error.Message, holder.String()) {
		d.t.Errorf("%s does not name the holder", r.Error.Message)
	}
}

// Two copies of one request that replaces: the second waits behind the first and finds what it started, rather than
// replacing it.
func TestI7_ARepeatedReplaceReplacesOnce(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(function("a")))
	old := d.run("k")
	task := d.task(old, "a")
	first, one := ask(d, Replace, 9, "r", 1)
	_, two := ask(d, Replace, 9, "r", 2)
	d.settle()
	d.unanswered(one)
	d.unanswered(two)
	d.report(task)
	d.settle()
	if r := d.accepted(one); r.Existing || r.Execution != first {
		t.Errorf("got %+v", r)
	}
	if r := d.accepted(two); !r.Existing || r.Execution != first {
		t.Errorf("got %+v", r)
	}
	if d.status(first) != string(model.Running) || len(d.heads) != 2 {
		t.Errorf("%s, %d executions", d.status(first), len(d.heads))
	}
}

// After retention the key is free: the same request starts anew.
func TestF43_KeyIsFreeAfterRetention(t *testing.T) {
	for _, policy := range []Existing{Return, Refuse, New, Replace} {
		d := newDesk(t, Config{Retention: 60_000, Window: 10_000, Idle: 1000})
		d.deploy(flow(function("a")))
		old, _ := ask(d, policy, 7, "r1", 0)
		d.settle()
		d.done(old, "a")
		d.pass(30_000)
		_, again := ask(d, policy, 7, "r1", 9)
		d.settle()
		if r := d.accepted(again); !r.Existing || r.Execution != old {
			t.Errorf("%v: within retention it gives %+v", policy, r)
		}
		for range 10 {
			d.pass(30_000)
		}
		if _, there := d.heads[old]; there {
			t.Fatalf("%v: not forgotten", policy)
		}
		fresh, ref := ask(d, policy, 8, "r1", 20)
		d.settle()
		if r := d.accepted(ref); r.Existing || r.Execution != fresh {
			t.Errorf("%v: got %+v", policy, r)
		}
	}
}

// A start that replaces a holder which cannot end by itself is told so, and what would help.
func TestF43_ReplaceOfAHolderThatParksIsAnswered(t *testing.T) {
	d := newDesk(t, Config{})
	w := flow(function("a"), waitFor("go", `"signal":"go"`))
	w.Root.Graph.Nodes[0].Compensate = "undo"
	w.Root.Graph.Nodes = append(w.Root.Graph.Nodes, function("undo"))
	d.deploy(w)
	old := d.run("k")
	d.done(old, "a")
	_, first := d.begin("k", with(Replace, 7))
	_, second := d.begin("k", with(Replace, 8))
	d.settle()
	d.unanswered(first)
	d.ref++
	d.core.Report(d.now, Report{Ref: d.ref, Attempt: nameOf(d.task(old, "undo")), Kind: kernel.InResult, Result: &model.Result{Error: &model.Error{Code: "net", Message: "no way"}}})
	d.settle()
	for _, ref := range []uint64{first, second} {
		r := d.refused(ref, CodeKeyExists)
		for _, part := range []string{old.String(), "is parked", "no way", "terminate it"} {
			if !strings.Contains(r.Error.Message, part) {
				t.Errorf("%q is not in %q", part, r.Error.Message)
			}
		}
	}
	if d.status(old) != string(model.Parked) {
		t.Fatalf("the holder is %s", d.status(old))
	}
	d.send(Command{Verb: Terminate, Execution: old})
	_, again := d.begin("k", with(Replace, 7))
	d.settle()
	if d.accepted(again).Execution == old {
		t.Fatal("the start found what was terminated")
	}
}
