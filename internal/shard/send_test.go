package shard

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// sendTo is a send node; to is JSON.
func sendTo(id, to, more string) model.Node {
	return model.Node{ID: id, Type: "send", With: json.RawMessage(`{"to":` + to + `,"signal":"go","data":"${ input }"` + more + `}`),
		Outcomes: []string{model.Success, "not_found"}}
}

// named is a workflow of another name.
func named(name string, w *model.Workflow) *model.Workflow {
	w.Name = name
	return w
}

// runOf starts an execution of a workflow with an input.
func (d *desk) runOf(workflow, key, input string) record.ID {
	d.t.Helper()
	id, ref := d.begin(key, func(c *Command) { c.Start.Workflow, c.Start.Input = workflow, []byte(input) })
	d.settle()
	d.accepted(ref)
	return id
}

// ended fails the test unless the execution has ended so.
func (d *desk) ended(id record.ID, outcome string) {
	d.t.Helper()
	if h := d.heads[id]; h.Outcome != outcome {
		d.t.Fatalf("%s is %s with outcome %q (%s), not %q", id, h.Status, h.Outcome, h.Error, outcome)
	}
}

// The sender's last node ends with the outcome of the send.
func sender(to, more string) *model.Workflow {
	w := named("s", flow(sendTo("out", to, more)))
	w.Root.Graph.Nodes = append(w.Root.Graph.Nodes,
		model.Node{ID: "yes", Type: "end", With: json.RawMessage(`{"outcome":"sent"}`)},
		model.Node{ID: "no", Type: "end", With: json.RawMessage(`{"outcome":"lost"}`)},
		model.Node{ID: "bad", Type: "end", With: json.RawMessage(`{"outcome":"failed","output":"${ nodes.out.error.code }"}`)})
	w.Root.Graph.Edges = []model.Edge{{From: "out", On: "success", To: "yes"}, {From: "out", On: "not_found", To: "no"}, {From: "out", On: "error", To: "bad"}}
	return w
}

func waiter1(key string, d *desk) record.ID {
	d.deploy(flow(waitFor("a", `"signal":"go"`), function("b")))
	return d.run(key)
}

func TestSendReachesAnExecutionByItsID(t *testing.T) {
	d := newDesk(t, Config{})
	to := waiter1("", d)
	d.deploy(sender(`"${ input }"`, ""))
	from := d.runOf("s", "", fmt.Sprintf("%q", to))
	d.ended(from, "sent")
	d.done(to, "b")
	if len(d.inbox) != 0 {
		t.Fatalf("%d messages left", len(d.inbox))
	}
}

// G9: what is sent to a key is looked up where the key lives.
func TestSendReachesTheHolderOfAKey(t *testing.T) {
	d := newDesk(t, Config{})
	to := waiter1("k", d)
	d.deploy(sender(`{"workflow":"w","key":"k"}`, ""))
	d.ended(d.runOf("s", "", `1`), "sent")
	d.done(to, "b")
	d.ended(d.runOf("s", "", `1`), "lost") // it has ended
	d.deploy(sender(`{"workflow":"w","key":"other"}`, ""))
	d.core.defs = map[DefinitionRef]*definition{}
	d.ended(d.runOf("s", "", `1`), "lost")
	if n := d.core.stats.DeadLetters; n != 0 {
		t.Fatalf("%d dead letters: the senders were told", n)
	}
}

func TestSendToNobodyIsNotFound(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(sender(`"${ input }"`, ""))
	d.ended(d.runOf("s", "", fmt.Sprintf("%q", d.newID(""))), "lost")
	d.ended(d.runOf("s", "", `"no id at all"`), "lost")
	d.deploy(sender(`"parent"`, ""))
	d.core.defs = map[DefinitionRef]*definition{}
	d.ended(d.runOf("s", "", `1`), "lost")
}

func TestSendStartsWhatIsAbsent(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(flow(waitFor("a", `"signal":"go"`), waitFor("c", `"signal":"go"`), function("b")))
	d.deploy(sender(`{"workflow":"w","key":"k"}`, `,"start":true,"input":7`))
	d.ended(d.runOf("s", "", `1`), "sent")
	to := d.keys[record.Key{Namespace: "default", Workflow: "w", Key: "k"}].Execution
	if to.IsZero() || d.status(to) != "running" {
		t.Fatal("nothing was started")
	}
	d.ended(d.runOf("s", "", `1`), "sent")
	d.done(to, "b") // both signals went to the one execution
	d.ended(d.runOf("s", "", `1`), "sent")
	if next := d.keys[record.Key{Namespace: "default", Workflow: "w", Key: "k"}].Execution; next == to {
		t.Fatal("the closed execution was not followed by a new one")
	}
}

func TestSendToAnUnknownWorkflowSaysSo(t *testing.T) {
	d := newDesk(t, Config{})
	d.deploy(sender(`{"workflow":"nope","key":"k"}`, `,"start":true`))
	from := d.runOf("s", "", `1`)
	d.ended(from, "failed")
}

func TestSendOfAnUndeclaredSignalFails(t *testing.T) {
	d := newDesk(t, Config{})
	w := flow(waitFor("a", `"signal":"other"`))
	w.Signals = map[string]model.Signal{"other": {}}
	d.deploy(w)
	to := d.run("")
	d.deploy(sender(`"${ input }"`, ""))
	d.ended(d.runOf("s", "", fmt.Sprintf("%q", to)), "failed")
}

// F40: a crash between any two commits neither loses nor repeats a message, and the sender goes on.
func TestSendSurvivesACrashAtEveryCommit(t *testing.T) {
	for crash := range 8 {
		d := newDesk(t, Config{})
		to := waiter1("", d)
		d.deploy(sender(`"${ input }"`, ""))
		from, _ := d.begin("", func(c *Command) { c.Start.Workflow, c.Start.Input = "s", []byte(fmt.Sprintf("%q", to)) })
		commits := 0
		for range 50 {
			d.work()
			d.answer()
			if d.take() {
				d.commit()
				if commits++; commits == crash {
					d.claim(false)
				}
			}
		}
		if crash == 0 {
			d.claim(false)
			d.pass(5_000)
		}
		d.pass(5_000)
		d.ended(from, "sent")
		d.done(to, "b")
		signals := 0
		for _, e := range d.journal[to] {
			ops, err := kernel.Decode(e.Body[1:])
			if err != nil {
				t.Fatal(err)
			}
			for i := range ops {
				if ops[i].Kind() == "signal" {
					signals++
				}
			}
		}
		if signals != 1 {
			t.Fatalf("crash after commit %d: %d signals", crash, signals)
		}
	}
}

// F35: what a rejected execution sends leaves with it, and its answer to others, too.
func TestF35_SendsOfARejectedExecutionStay(t *testing.T) {
	d := newDesk(t, Config{})
	to := waiter1("", d)
	d.deploy(sender(`"${ input }"`, ""))
	from, ref := d.begin("", func(c *Command) { c.Start.Workflow, c.Start.Input = "s", []byte(fmt.Sprintf("%q", to)) })
	d.work()
	d.answer()
	d.work()
	if !d.take() || len(d.flight.Sends) != 1 {
		t.Fatalf("the part is %+v", d.flight)
	}
	d.reject(from)
	if len(d.flight.Sends) != 0 {
		t.Fatal("the message leaves although its sender's entry does not")
	}
	d.commit()
	d.settle()
	d.refused(ref, CodeRejected)
	if d.status(to) != "running" || len(d.inbox) != 0 {
		t.Fatal("something arrived")
	}
}

func TestF35_AnswerOfARejectedExecutionIsGivenLater(t *testing.T) {
	d := newDesk(t, Config{})
	to := waiter1("", d)
	d.deploy(sender(`"${ input }"`, ""))
	from, _ := d.begin("", func(c *Command) { c.Start.Workflow, c.Start.Input = "s", []byte(fmt.Sprintf("%q", to)) })
	for range 20 {
		d.work()
		d.answer()
		d.work()
		if !d.take() {
			continue
		}
		if len(d.flight.Takes) == 1 && len(d.flight.Sends) == 1 {
			break
		}
		d.commit()
	}
	d.reject(to)
	if len(d.flight.Sends) != 0 || len(d.flight.Takes) != 0 {
		t.Fatalf("left: %d sends, %d takes", len(d.flight.Sends), len(d.flight.Takes))
	}
	d.commit()
	d.settle()
	d.pass(5_000)
	d.ended(from, "sent")
	if d.status(to) != "parked" {
		t.Fatal(d.status(to))
	}
	d.send(Command{Verb: Resume, Execution: to})
	d.settle()
	d.done(to, "b")
}
