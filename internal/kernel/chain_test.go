package kernel

import (
	"encoding/json"
	"testing"

	"github.com/pawl-dev/pawl/model"
)

func call(id string) model.Node {
	return model.Node{ID: id, Type: "function", With: json.RawMessage(`{"args":"${ input }","name":"` + id + `"}`)}
}

func chain(ids ...string) *model.Workflow {
	w := &model.Workflow{Name: "chain"}
	g := &w.Root.Graph
	g.Start = ids[:1]
	for i, id := range ids {
		n := call(id)
		if i > 0 {
			n.With = json.RawMessage(`{"args":"${ nodes.` + ids[i-1] + `.output }","name":"` + id + `"}`)
			g.Edges = append(g.Edges, model.Edge{From: ids[i-1], On: model.OnElse, To: id})
		}
		g.Nodes = append(g.Nodes, n)
	}
	return w
}

func TestChain(t *testing.T) {
	e := newExecution(t, chain("a", "b", "c"))
	e.start(`{"n":1}`)
	e.ok("a", `{"x":1}`)
	e.ok("b", `{"x":2}`)
	e.ok("c", `{"x":3}`)
	e.wantStatus(model.Completed)
	if got := string(e.s.Output()); got != `{"x":3}` {
		t.Fatalf("output %s\n%s", got, e.dump())
	}
	if len(e.journal) != 4 {
		t.Fatalf("%d entries\n%s", len(e.journal), e.dump())
	}
	t.Log(e.dump())
}

func BenchmarkTransition(b *testing.B) {
	d := compileOK(b, chain("a", "b", "c", "d", "e"))
	ids := []string{"a", "b", "c", "d", "e"}
	var ops []Op
	var body []byte
	r := model.Result{Output: []byte(`{"ok":true}`)}
	in := make([]Input, 1)
	b.ReportAllocs()
	for i := 0; i < b.N; {
		s := New()
		in[0] = Input{Kind: InStart, Start: &Start{ID: testID, Namespace: "default", Workflow: "chain", Version: "1.0.0", Input: []byte(`{"n":1}`)}}
		for n := -1; n < len(ids); n++ {
			if n >= 0 {
				in[0] = Input{Kind: InResult, Step: ids[n], Attempt: 1, Result: &r}
			}
			dec, err := Decide(d, s, in, Env{Now: 1}, ops)
			if err != nil {
				b.Fatal(err)
			}
			ops = dec.Ops
			body = Encode(body[:0], dec.Ops)
			i++
		}
	}
}
