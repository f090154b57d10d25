package kernel

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/pawl-dev/pawl/model"
)

// drive runs an execution to its end, answering every task at once, and returns the bytes of its journal.
func drive(t testing.TB, d *Definition, input string) (s *State, entries, bytes int) {
	s = New()
	in := []Input{{Kind: InStart, Start: &Start{ID: testID, Namespace: "n", Workflow: "w", Version: "1.0.0", Input: []byte(input)}}}
	var ops []Op
	var body []byte
	for !s.Status().Closed() {
		dec, err := Decide(d, s, in, Env{Now: 1}, ops)
		if err != nil {
			t.Fatal(err)
		}
		ops = dec.Ops
		if len(ops) > 0 {
			body = Encode(body[:0], ops)
			entries++
			bytes += len(body)
		}
		in = in[:0]
		for _, task := range dec.Dispatch {
			in = append(in, Input{Kind: InResult, Step: task.Step, Attempt: task.Attempt, Result: &model.Result{Output: task.With}})
		}
		if len(in) == 0 {
			if !dec.More && !s.Status().Closed() {
				t.Fatalf("stuck: %s %v", s.Status(), s.parked)
			}
			in = append(in, Input{Kind: InContinue})
		}
	}
	if s.Status() != model.Completed {
		t.Fatalf("%s: %v", s.Status(), s.Failure())
	}
	return s, entries, bytes
}

func foreachOf(concurrency int) *model.Workflow {
	w := &model.Workflow{Name: "w"}
	f := call("f")
	f.With = json.RawMessage(`{"args":"${ item }","name":"f"}`)
	w.Root.Graph = model.Graph{Start: []string{"each"}, Nodes: []model.Node{{ID: "each", Type: "foreach", Composite: &model.Composite{
		Items: json.RawMessage(`"${ 1..input }"`), Concurrency: concurrency,
		Scope: &model.Scope{Graph: model.Graph{Start: []string{"f"}, Nodes: []model.Node{f}}},
	}}}}
	return w
}

func loopOf() *model.Workflow {
	w := &model.Workflow{Name: "w"}
	w.Root.Vars = map[string]json.RawMessage{"n": json.RawMessage("0")}
	w.Root.Graph = model.Graph{Start: []string{"l"}, Nodes: []model.Node{{ID: "l", Type: "loop", Composite: &model.Composite{
		While: "vars.n < input", Scope: &model.Scope{Graph: model.Graph{Start: []string{"s"}, Nodes: []model.Node{{ID: "s", Type: "set", Set: []model.Assign{{Var: "n", Op: "add", Value: json.RawMessage("1")}}}}}},
	}}}}
	return w
}

// TestLinear: a transition costs what it changes (K5). Bytes are exact, so the test does not depend on the machine.
func TestLinear(t *testing.T) {
	for name, c := range map[string]struct {
		w    *model.Workflow
		a, b int
	}{
		"foreach":      {foreachOf(10), 1_000, 10_000},
		"foreach wide": {foreachOf(10_000), 1_000, 10_000},
		"loop":         {loopOf(), 1_000, 10_000},
	} {
		d := compileOK(t, c.w)
		_, _, small := drive(t, d, fmt.Sprint(c.a))
		_, _, large := drive(t, d, fmt.Sprint(c.b))
		if ratio := float64(large) / float64(small); ratio > 12 {
			t.Errorf("%s: ten times the work writes %.1f times the bytes", name, ratio)
		}
	}
}

func BenchmarkForeach10k(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		for _, wide := range []int{10, 10_000} {
			b.Run(fmt.Sprintf("items=%d/concurrency=%d", n, wide), func(b *testing.B) {
				d := compileOK(b, foreachOf(wide))
				for range b.N {
					drive(b, d, fmt.Sprint(n))
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/item")
			})
		}
	}
}

func BenchmarkLoop(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint("passes=", n), func(b *testing.B) {
			d := compileOK(b, loopOf())
			for range b.N {
				drive(b, d, fmt.Sprint(n))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/pass")
		})
	}
}
