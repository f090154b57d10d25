package kernel

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/model"
)

// A parent of many children pays by the batch: a few bytes of journal for each child, and a state that does not grow.
func TestChildrenCostTheirParentACounter(t *testing.T) {
	const n, batch = 3000, 250
	items := "[" + strings.Repeat("0,", n-1) + "0]"
	w := &model.Workflow{Name: "p", Version: "1.0.0", Root: model.Scope{Graph: model.Graph{Start: []string{"each"}, Nodes: []model.Node{{
		ID: "each", Type: "foreach", Composite: &model.Composite{
			Items: json.RawMessage(`"${ input }"`), Mode: "children", Collect: "none", Concurrency: 1000,
			Scope: &model.Scope{Graph: model.Graph{Start: []string{"w"}, Nodes: []model.Node{{ID: "w", Type: "set", With: json.RawMessage(`{}`)}}}},
		},
	}}}}}
	d := compileOK(t, w)
	s, now := New(), int64(1_750_000_000_000)
	var running []Mail
	bytes, entries := 0, 0
	decide := func(in ...Input) {
		dec, err := Decide(d, s, in, Env{Now: now}, nil)
		if err != nil {
			t.Fatal(err)
		}
		running = append(running, dec.Sends...)
		if len(dec.Ops) > 0 {
			entries++
			bytes += len(Encode(nil, dec.Ops))
		}
	}
	decide(Input{Kind: InStart, Start: &Start{ID: testID, Namespace: "default", Workflow: "p", Version: "1.0.0", Input: []byte(items)}})
	bytes = 0
	largest := 0
	for !s.Status().Closed() {
		for s.More() {
			decide(Input{Kind: InContinue})
		}
		if len(running) > 1000 {
			t.Fatalf("%d children run at once", len(running))
		}
		var in []Input
		for _, m := range running[:min(batch, len(running))] {
			in = append(in, Input{Kind: InMail, Mail: &Mail{Kind: MailEnded, From: m.To, Step: m.Step, Attempt: m.Attempt, Status: model.Completed, Outcome: model.Success, Output: []byte(strconv.Itoa(m.Attempt))}})
		}
		running = running[min(batch, len(running)):]
		decide(in...)
		largest = max(largest, s.Size())
	}
	if entries > n/batch*3 {
		t.Errorf("%d entries for %d children in batches of %d", entries, n, batch)
	}
	if per := bytes / n; per > 16 {
		t.Errorf("%d bytes of journal for each child", per)
	}
	if largest > 100*n {
		t.Errorf("the state grew to %d bytes", largest)
	}
}

// I17: the end of a child counts once, and only that of the child that was started for the item.
func TestI17EndOfAChildCountsOnce(t *testing.T) {
	w := &model.Workflow{Name: "p", Version: "1.0.0", Root: model.Scope{Graph: model.Graph{Start: []string{"each"}, Nodes: []model.Node{{
		ID: "each", Type: "foreach", Composite: &model.Composite{
			Items: json.RawMessage(`[1,2]`), Mode: "children", Collect: "count",
			Scope: &model.Scope{Graph: model.Graph{Start: []string{"w"}, Nodes: []model.Node{{ID: "w", Type: "set", With: json.RawMessage(`{}`)}}}},
		},
	}}}}}
	e := newExecution(t, w)
	sent := append([]Mail(nil), e.start("null").Sends...)
	end := func(i int) Input {
		m := sent[i]
		return Input{Kind: InMail, Mail: &Mail{Kind: MailEnded, From: m.To, Step: m.Step, Attempt: m.Attempt, Status: model.Completed, Outcome: model.Success}}
	}
	stranger := end(0)
	stranger.Mail.From = testID
	e.feed(end(0), end(0), stranger)
	e.wantStatus(model.Running)
	e.feed(end(0), stranger)
	e.wantStatus(model.Running)
	e.feed(end(1))
	e.wantStatus(model.Completed)
	if got := string(e.s.Output()); got != "2" {
		t.Fatalf("counted %s", got)
	}
}

// broodOf is a workflow with one foreach whose items run as children.
func broodOf(items, collect string) *model.Workflow {
	return &model.Workflow{Name: "p", Version: "1.0.0", Root: model.Scope{Graph: model.Graph{Start: []string{"each"}, Nodes: []model.Node{{
		ID: "each", Type: "foreach", Composite: &model.Composite{
			Items: json.RawMessage(strconv.Quote(items)), Mode: "children", Collect: collect, Concurrency: 1000,
			Scope: &model.Scope{Graph: model.Graph{Start: []string{"w"}, Nodes: []model.Node{{ID: "w", Type: "set", With: json.RawMessage(`{}`)}}}},
		},
	}}}}}
}

// endOf is the good end of the child that m starts.
func endOf(m *Mail, output string) Input {
	return Input{Kind: InMail, Mail: &Mail{Kind: MailEnded, From: m.To, Step: m.Step, Attempt: m.Attempt, Status: model.Completed, Outcome: model.Success, Output: []byte(output)}}
}

// The outputs of children that end together are one operation, in the order of their items whoever ended first.
func TestK4OutputsOfChildrenTogether(t *testing.T) {
	e := newExecution(t, broodOf("${ 1..5 }", ""))
	sent := append([]Mail(nil), e.start("null").Sends...)
	dec := e.feed(endOf(&sent[3], `{"d":[4]}`), endOf(&sent[0], `"a"`), endOf(&sent[2], ""))
	if n := len(dec.Ops); n != 1 {
		t.Errorf("%d operations for three ends: %s", n, Encode(nil, dec.Ops))
	}
	e.feed(endOf(&sent[1], "[2]"))
	e.feed(endOf(&sent[4], "5"), endOf(&sent[4], "6"))
	e.wantStatus(model.Completed)
	if got, want := string(e.s.Output()), `["a",[2],null,{"d":[4]},5]`; got != want {
		t.Errorf("output %s, want %s", got, want)
	}
}

// What children give is kept up to a bound; beyond it the foreach fails and its other children are asked to end.
func TestK6OutputsOfChildrenAreBounded(t *testing.T) {
	e := newExecution(t, broodOf("${ 1..100 }", ""))
	e.env.Bounds.Payload = 1000
	sent := append([]Mail(nil), e.start("null").Sends...)
	output := strconv.Quote(strings.Repeat("x", 900))
	for i := range sent {
		e.feed(endOf(&sent[i], output))
		if len(e.last.Sends) > 0 {
			break
		}
	}
	if got := len(e.last.Sends); got < 20 || e.last.Sends[0].Kind != MailCancel {
		t.Fatalf("%d children are asked to end", got)
	}
	e.wantStatus(model.Running)
	for _, m := range append([]Mail(nil), e.last.Sends...) {
		e.feed(Input{Kind: InMail, Mail: &Mail{Kind: MailEnded, From: m.To, Step: m.Step, Attempt: m.Attempt, Status: model.Cancelled}})
	}
	e.wantStatus(model.Failed)
	if err := e.s.Failure(); err.Code != CodePayload || !strings.Contains(err.Message, "collect: count") {
		t.Errorf("failed with %+v", err)
	}
}

// A million items of a range are two numbers in the journal, and the state has none of them.
func TestK5RangeOfItemsIsTwoNumbers(t *testing.T) {
	e := newExecution(t, broodOf("${ 1..1_000_000 }", "count"))
	dec := e.start("null")
	if n := len(Encode(nil, dec.Ops)); n > 1500 {
		t.Errorf("the first entry has %d bytes", n)
	}
	if n := len(Save(nil, e.s)); n > 10_000 {
		t.Errorf("the state has %d bytes", n)
	}
	if got := string(dec.Sends[499].Start.Body.Item); got != "500" {
		t.Errorf("item 499 is %s", got)
	}
}

// Of a large input a child gets what its body reads.
func TestK5ChildGetsOfTheInputWhatItReads(t *testing.T) {
	w := broodOf("${ input.items }", "none")
	body := &w.Root.Graph.Nodes[0].Composite.Scope.Graph.Nodes[0]
	input := `{"day":"today","items":[1],"rates":{"a":1}}`
	for _, tc := range []struct{ output, want string }{
		{`null`, "null"},
		{`"${ input.day }"`, `{"day":"today"}`},
		{`["${ input.rates.a }","${ input['none'] }"]`, `{"rates":{"a":1}}`},
		{`"${ keys(input) }"`, input},
	} {
		body.Output = json.RawMessage(tc.output)
		sent := newExecution(t, w).start(input).Sends
		if got := string(rawValue(sent[0].Start.Input).bytes()); got != tc.want {
			t.Errorf("a body with output %s gets %s, want %s", tc.output, got, tc.want)
		}
	}
}

// K2: a parent whose children were started before their ids were near each other goes on with the ids that these have.
func TestK2ChildrenStartedBeforeNearIDs(t *testing.T) {
	e := newExecution(t, broodOf("${ 1..300 }", "count"))
	sent := e.start("null").Sends
	ops, err := Decode(bytes.Replace(e.journal[0], []byte(`,"ids":"near"`), nil, 1))
	if err != nil {
		t.Fatal(err)
	}
	s := New()
	if err := Apply(s, 1, e.now, ops); err != nil {
		t.Fatal(err)
	}
	x := &decider{s: s}
	id := x.kidID(s.stepAt("each"), 299)
	if id == sent[299].To || id.Millis() != e.now || sent[299].To.Millis() != e.now+1 {
		t.Fatalf("child 299 is %s, and with near ids %s", id, sent[299].To)
	}
	end := endOf(&sent[299], "")
	end.Mail.From = id
	if _, err := Decide(e.d, s, []Input{end}, Env{Now: e.now}, nil); err != nil {
		t.Fatal(err)
	}
	if c := s.stepAt("each").comp; c.good != 1 {
		t.Errorf("%d children have ended", c.good)
	}
}

// Of very many children that fail, the parent keeps the first errors and the one that was too many.
func TestK5ErrorsOfChildrenAreBounded(t *testing.T) {
	w := broodOf("${ 1..2000 }", "none")
	w.Root.Graph.Nodes[0].Composite.Tolerate = "1499"
	w.Root.Graph.Nodes[0].Composite.Concurrency = 2000
	e := newExecution(t, w)
	sent := append([]Mail(nil), e.start("null").Sends...)
	for e.s.More() {
		sent = append(sent, e.feed(Input{Kind: InContinue}).Sends...)
	}
	fail := func(m *Mail) Input {
		err := &model.Error{Code: "e" + strconv.Itoa(m.Attempt), Message: "no"}
		return Input{Kind: InMail, Mail: &Mail{Kind: MailEnded, From: m.To, Step: m.Step, Attempt: m.Attempt, Status: model.Failed, Outcome: model.OutcomeErr, Error: err}}
	}
	var in []Input
	for i := range 1499 {
		in = append(in, fail(&sent[i]))
	}
	e.feed(in...)
	c := e.s.stepAt("each").comp
	if len(c.errors) != keptErrors || c.failed != 1499 || c.errors[0].index != 0 || c.lastError().Code != "e1499" {
		t.Errorf("%d errors of %d kept, the last %v", len(c.errors), c.failed, c.lastError())
	}
	e.wantStatus(model.Running)
	e.feed(fail(&sent[1499]))
	if err := e.s.stepAt("each").comp.err; err == nil || err.Code != "e1500" {
		t.Errorf("the foreach fails with %v", err)
	}
}
