package kernel

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/pawl-dev/pawl/model"
)

// BenchmarkSignalToManyWaits: one signal to an execution in which 9,000 steps wait for it, for one item each.
func BenchmarkSignalToManyWaits(b *testing.B) {
	const waits = 9_000
	w := &model.Workflow{Name: "w"}
	wait := model.Node{ID: "s", Type: "wait", With: json.RawMessage(`{"arms":[{"signal":"go"}]}`)}
	w.Root.Graph = model.Graph{Start: []string{"each"}, Nodes: []model.Node{{ID: "each", Type: "foreach", Composite: &model.Composite{
		Items: json.RawMessage(`"${ 1..input }"`), Concurrency: waits,
		Scope: &model.Scope{Graph: model.Graph{Start: []string{"s"}, Nodes: []model.Node{wait}}},
	}}}}
	d := compileOK(b, w)
	s, sent := New(), waits
	var ops []Op
	for b.Loop() {
		if sent == waits {
			b.StopTimer()
			s, sent = New(), 0
			in := []Input{{Kind: InStart, Start: &Start{ID: testID, Namespace: "n", Workflow: "w", Version: "1.0.0", Input: fmt.Append(nil, waits)}}}
			for more := true; more; in = []Input{{Kind: InContinue}} {
				dec, err := Decide(d, s, in, Env{Now: 1}, ops)
				if err != nil {
					b.Fatal(err)
				}
				more = dec.More
			}
			b.StartTimer()
		}
		sent++
		if _, err := Decide(d, s, []Input{{Kind: InSignal, Signal: &Signal{Name: "go"}}}, Env{Now: 1}, ops); err != nil {
			b.Fatal(err)
		}
	}
}
