package kernel

import (
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
