package kernel

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/model"
)

func single(n model.Node) *model.Workflow {
	w := &model.Workflow{Name: "w"}
	w.Root.Graph = model.Graph{Start: []string{n.ID}, Nodes: []model.Node{n}}
	return w
}

// K6: every bound has a name. Payloads fail the step, the others park the execution.
func TestK6Bounds(t *testing.T) {
	t.Run("F22 an output that is too large fails the step", func(t *testing.T) {
		e := newExecution(t, single(call("a")))
		e.env.Bounds.Payload = 100
		e.start(`null`)
		e.ok("a", `"`+strings.Repeat("x", 200)+`"`)
		e.wantStatus(model.Failed)
		if e.s.Failure().Code != CodePayload {
			t.Fatal(e.s.Failure())
		}
	})
	t.Run("a configuration that is too large fails the step", func(t *testing.T) {
		e := newExecution(t, single(call("a")))
		e.env.Bounds.Payload = 100
		e.start(`"` + strings.Repeat("x", 95) + `"`)
		e.wantStatus(model.Failed)
	})
	t.Run("an input or first signal that is too large starts nothing", func(t *testing.T) {
		large := []byte(`"` + strings.Repeat("x", 200) + `"`)
		for _, st := range []Start{{Input: large}, {Signal: &Signal{Name: "x", Data: large}}} {
			e := newExecution(t, single(call("a")))
			e.env.Bounds.Payload = 100
			st.ID = testID
			dec := e.feed(Input{Kind: InStart, Start: &st})
			if len(dec.Ops) > 0 || len(dec.Answers) != 1 || dec.Answers[0].Error == nil || dec.Answers[0].Error.Code != CodePayload {
				t.Fatalf("%+v", dec)
			}
		}
	})
	t.Run("too many steps park", func(t *testing.T) {
		w := loopOf()
		e := newExecution(t, w)
		e.env.Bounds.Steps = 50
		e.start(`1000`)
		e.wantStatus(model.Parked)
		if e.s.parked.Code != "too_many_steps" {
			t.Fatal(e.s.parked)
		}
	})
	t.Run("too many live steps park", func(t *testing.T) {
		e := newExecution(t, foreachOf(1000))
		e.env.Bounds.LiveSteps = 50
		e.start(`1000`)
		e.wantStatus(model.Parked)
	})
	t.Run("F42 too many kept signals are refused, nothing kept is lost", func(t *testing.T) {
		e := newExecution(t, single(call("a")))
		e.env.Bounds.Signals = 2
		e.start(`null`)
		for range 2 {
			e.feed(Input{Kind: InSignal, Signal: &Signal{Name: "x"}})
		}
		dec := e.feed(Input{Kind: InSignal, Signal: &Signal{Name: "x"}})
		if len(dec.Answers) != 1 || dec.Answers[0].Error == nil || dec.Answers[0].Error.Code != CodeInboxFull {
			t.Fatalf("%+v", dec.Answers)
		}
		if len(e.s.signals) != 2 {
			t.Fatal("a kept signal was lost")
		}
	})
	t.Run("scopes that are nested too deep are refused", func(t *testing.T) {
		n := call("leaf")
		for i := range 20 {
			n = model.Node{ID: "s" + string(rune('a'+i)), Type: "scope", Composite: &model.Composite{Scope: &single(n).Root}}
		}
		_, faults := Compile(single(n))
		if len(faults) == 0 || faults[0].Code != "too_deep" {
			t.Fatalf("%+v", faults)
		}
	})
}

// K6: 80 per cent of a payload or of the depth is told once, and 20 is not.
func TestK6WarnsOfPayloadAndDepth(t *testing.T) {
	n := call("leaf")
	for i := range 12 {
		n = model.Node{ID: "s" + string(rune('a'+i)), Type: "scope", Composite: &model.Composite{Scope: &single(n).Root}}
	}
	e := newExecution(t, single(n))
	e.env.Bounds.Payload = 1000
	dec := e.feed(Input{Kind: InStart, Start: &Start{ID: testID, Input: []byte(`"` + strings.Repeat("x", 300) + `"`)}})
	var told []string
	note := func(list []Warning) {
		for _, w := range list {
			told = append(told, w.String())
		}
	}
	note(dec.Warnings)
	for _, size := range []int{300, 850, 990} {
		note(e.feed(Input{Kind: InSignal, Signal: &Signal{Name: "x", Data: []byte(`"` + strings.Repeat("x", size-2) + `"`)}}).Warnings)
	}
	want := []string{
		"13 of 16 scope_depth are used (80 %); beyond it the execution parks",
		"850 of 1000 payload_bytes are used (80 %); beyond it a step fails or a command is refused",
	}
	if !slices.Equal(told, want) {
		t.Errorf("it was told %q", told)
	}
	if s := e.fold(); !slices.Equal(s.warned, e.s.warned) {
		t.Errorf("after a crash it knows %v", s.warned)
	}
}

// K8: a transition that starts much goes on in the next entry, and nothing is lost in between.
func TestK8LargeTransitionsYield(t *testing.T) {
	e := newExecution(t, foreachOf(200))
	e.env.Bounds.PerDecide = 30
	e.start(`100`)
	if !e.s.More() {
		t.Fatal("no more")
	}
	e.s = e.fold() // a crash in the middle
	e.settle()
	if got := len(e.s.Tasks()); got != 100 {
		t.Fatalf("%d tasks outstanding", got)
	}
}

// K1: the same inputs give the same bytes.
func TestK1DecisionsAreEqualByteForByte(t *testing.T) {
	run := func() []byte {
		e := newExecution(t, foreachOf(3))
		e.start(`5`)
		for len(e.s.Tasks()) > 0 {
			e.ok(e.s.Tasks()[0].Step, `{"b":1,"a":2}`)
		}
		return bytes.Join(e.journal, nil)
	}
	if a, b := run(), run(); !bytes.Equal(a, b) {
		t.Fatalf("%s\n%s", a, b)
	}
}

// The entry names the revision of the configuration it read (LANGUAGE 7).
func TestConfigRevisionIsJournaled(t *testing.T) {
	n := call("a")
	n.With = json.RawMessage(`{"args":"${ config.url }","name":"a"}`)
	e := newExecution(t, single(n))
	e.env.Config, e.env.Revision = map[string]any{"url": "x"}, 7
	dec := e.start(`null`)
	if string(dec.Dispatch[0].With) != `{"args":"x","name":"a"}` {
		t.Fatalf("%s", dec.Dispatch[0].With)
	}
	if !strings.Contains(e.dump(), `{"op":"config","revision":7}`) {
		t.Fatal(e.dump())
	}
}

// A large value that the journal holds is referred to, survives a crash and a retry, and the journal stays small.
func TestLargeInputsAreReferences(t *testing.T) {
	w := chain("a", "b")
	w.Root.Graph.Nodes[1].Retry = []model.Retry{{MaxAttempts: 2, InitialInterval: 1}}
	e := newExecution(t, w)
	e.start(`null`)
	big := `"` + strings.Repeat("x", 5000) + `"`
	dec := e.ok("a", big)
	if want := `{"name":"b","args":` + big + `}`; string(dec.Dispatch[0].With) != want {
		t.Fatalf("with %.60s", dec.Dispatch[0].With)
	}
	if n := len(e.dump()); n > 7000 {
		t.Fatalf("the journal has %d bytes", n)
	}
	e.report("b", model.Result{Error: &model.Error{Code: "x"}})
	e.s = e.fold()
	e.now += 10
	dec = e.feed(Input{Kind: InTick})
	if len(dec.Dispatch) != 1 || !strings.Contains(string(dec.Dispatch[0].With), "xxxx") {
		t.Fatalf("%+v", dec.Dispatch)
	}
}

// TestCompileRefusesACompensationThatIsNotThere: it would only be missed when something has to be undone.
func TestCompileRefusesACompensationThatIsNotThere(t *testing.T) {
	n := call("a")
	n.Compensate = "b"
	_, faults := Compile(single(n))
	if len(faults) != 1 || faults[0].Code != "unknown_node" || faults[0].Node != "a" || faults[0].Field != "compensate" {
		t.Fatalf("%+v", faults)
	}
}
