package kernel

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/model"
)

// talk is a conversation: each turn calls with all that was said, inside a larger configuration, and appends what came.
func talk(turns int) *model.Workflow {
	w := &model.Workflow{Name: "w"}
	w.Root.Vars = map[string]json.RawMessage{"said": json.RawMessage("[]")}
	say := call("say")
	say.With = json.RawMessage(`{"args":{"model":"m","messages":"${ vars.said }","first":"${ vars.said }"},"name":"say"}`)
	say.Set = []model.Assign{{Var: "said", Op: "append", Value: json.RawMessage(`"${ result }"`)}}
	say.MaxRuns = turns + 1
	w.Root.Graph = model.Graph{Start: []string{"say"}, Nodes: []model.Node{say, {ID: "out", Type: "end", With: json.RawMessage(`{"output":{"all":"${ vars.said }"}}`)}}, Edges: []model.Edge{
		{From: "say", On: "else", When: fmt.Sprintf("nodes.say.runs < %d", turns), To: "say"}, {From: "say", On: "else", Entry: 1, To: "out"},
	}}
	return w
}

func message(i int) string { return fmt.Sprintf(`"%d %s"`, i, strings.Repeat("x", 200)) }

// K5: a conversation in which every call gets all that was said stays linear in bytes of the journal.
func TestAConversationIsLinearInBytes(t *testing.T) {
	size := func(turns int) (n int) {
		d := compileOK(t, talk(turns))
		s := New()
		in := Input{Kind: InStart, Start: &Start{ID: testID, Namespace: "n", Workflow: "w", Version: "1.0.0"}}
		for i := 0; !s.Status().Closed(); i++ {
			dec, err := Decide(d, s, []Input{in}, Env{Now: 1}, nil)
			if err != nil {
				t.Fatal(err)
			}
			n += len(Encode(nil, dec.Ops))
			if len(dec.Dispatch) == 1 {
				in = Input{Kind: InResult, Step: dec.Dispatch[0].Step, Attempt: 1, Result: &model.Result{Output: []byte(message(i))}}
			}
		}
		if s.Status() != model.Completed || len(s.Output()) < turns*200 {
			t.Fatalf("%s %v, %d bytes", s.Status(), s.Failure(), len(s.Output()))
		}
		return n
	}
	small, large := size(60), size(600)
	if ratio := float64(large) / float64(small); ratio > 11 {
		t.Errorf("ten times the turns write %.1f times the bytes", ratio)
	}
}

// The reference is to the variable as it was at that entry: after a crash, from a snapshot and for another attempt.
func TestAReferenceIsToTheVariableAsItWas(t *testing.T) {
	w := talk(30)
	w.Root.Graph.Nodes[0].Retry = []model.Retry{{MaxAttempts: 2, InitialInterval: 1}}
	e := newExecution(t, w)
	e.start(`null`)
	var said []string
	for i := range 30 {
		path := "say"
		if i > 0 {
			path = fmt.Sprintf("say#%d", i+1)
		}
		all := "[" + strings.Join(said, ",") + "]"
		want := `{"args":{"first":` + all + `,"messages":` + all + `,"model":"m"},"name":"say"}`
		if got := string(e.tasks[path].With); got != want {
			t.Fatalf("turn %d got\n%s", i, got)
		}
		if i == 20 { // again after a crash
			e.report(path, model.Result{Error: &model.Error{Code: "x"}})
			s, err := Restore(Save(nil, e.s))
			if err != nil {
				t.Fatal(err)
			}
			e.s = s
			e.now += 10
			e.feed(Input{Kind: InTick})
			if got := string(e.tasks[path].With); got != want {
				t.Fatalf("turn %d, attempt 2, got\n%s", i, got)
			}
		}
		said = append(said, message(i))
		e.ok(path, message(i))
	}
	e.wantStatus(model.Completed)
	e.checkTails()
}

// Two variables that were one list each go on by themselves.
func TestVariablesThatSharedAListGrowApart(t *testing.T) {
	large := message(0)
	for len(large) < 3000 {
		large += "," + message(0)
	}
	assign := func(id, v, op, value string) model.Node {
		return model.Node{ID: id, Type: "set", Set: []model.Assign{{Var: v, Op: op, Value: json.RawMessage(value)}}}
	}
	w := &model.Workflow{Name: "w"}
	w.Root.Vars = map[string]json.RawMessage{"a": json.RawMessage("[" + large + "]"), "b": json.RawMessage("null"), "c": json.RawMessage("{}")}
	nodes := []model.Node{
		assign("n1", "a", "append", `1`), assign("n2", "a", "append", `2`), assign("n3", "b", "set", `"${ vars.a }"`),
		assign("n4", "a", "append", `"a"`), assign("n5", "b", "append", `"b"`), assign("n6", "a", "append", `"a2"`),
		assign("n7", "c", "set", `{"x":"${ vars.a }","y":["${ vars.b }"]}`), assign("n8", "b", "concat", `"${ vars.a }"`),
		{ID: "n9", Type: "set", Output: json.RawMessage(`["${ vars.a[-3:] }","${ vars.b[-4:] }","${ len(vars.c.x) }","${ vars.c.y[0][-2:] }"]`)},
	}
	w.Root.Graph = model.Graph{Start: []string{"n1"}, Nodes: nodes}
	for i := 1; i < len(nodes); i++ {
		w.Root.Graph.Edges = append(w.Root.Graph.Edges, model.Edge{From: nodes[i-1].ID, On: "else", To: nodes[i].ID})
	}
	e := newExecution(t, w)
	e.start(`null`)
	e.wantStatus(model.Completed)
	if got := string(e.s.Output()); !strings.HasPrefix(got, `[[2,"a","a2"],[1,2,"a","a2"],`) || !strings.HasSuffix(got, `,[2,"b"]]`) {
		t.Fatal(got)
	}
	if n := len(e.dump()); n > 2*len(large) {
		t.Fatalf("the journal has %d bytes", n)
	}
}

// What a node sets changes variables before its output is journaled, so its output copies them.
func TestAnOutputThatReadsWhatTheStepSets(t *testing.T) {
	n := call("a")
	n.Output = json.RawMessage(`"${ vars.v }"`)
	n.Set = []model.Assign{{Var: "v", Op: "set", Value: json.RawMessage(`"new"`)}}
	w := single(n)
	w.Root.Vars = map[string]json.RawMessage{"v": json.RawMessage(`"` + strings.Repeat("x", 2000) + `"`)}
	e := newExecution(t, w)
	e.start(`null`)
	e.ok("a", `1`)
	e.wantStatus(model.Completed)
	if got := len(e.s.Output()); got != 2002 {
		t.Fatalf("%d bytes: %.50s", got, e.s.Output())
	}
}

// A part of a large value is a reference too, and what many refer to is in a snapshot once.
func TestASnapshotKeepsWhatIsSharedOnce(t *testing.T) {
	w := foreachOf(100)
	f := &w.Root.Graph.Nodes[0].Composite.Scope.Graph.Nodes[0]
	f.With = json.RawMessage(`{"args":{"n":"${ item }","table":"${ input.table }"},"name":"f","all":"${ input }"}`)
	w.Root.Graph.Nodes[0].Composite.Items = json.RawMessage(`"${ 1..100 }"`)
	table := `"` + strings.Repeat("y", 20_000) + `"`
	e := newExecution(t, w)
	e.start(`{"table":` + table + `}`)
	if got := string(e.tasks["each[7]/f"].With); !strings.Contains(got, `"args":{"n":8,"table":`+table+`}`) || !strings.Contains(got, `"all":{"table":`+table+`}`) {
		t.Fatalf("%.200s", got)
	}
	body := Save(nil, e.s)
	if len(body) > 60_000 {
		t.Fatalf("the snapshot has %d bytes", len(body))
	}
	if n := len(e.dump()); n > 60_000 {
		t.Fatalf("the journal has %d bytes", n)
	}
	s, err := Restore(body)
	if err != nil {
		t.Fatal(err)
	}
	if st := s.stepAt("each[7]/f"); !bytes.Contains(st.task.bytes(), []byte(table)) {
		t.Fatal("the restored task has no table")
	}
}

// Values that refer to values that refer to values are copied from time to time, so that no chain grows.
func TestReferencesNestOnlySoDeep(t *testing.T) {
	w := &model.Workflow{Name: "w"}
	body := model.Node{ID: "s", Type: "set", Output: json.RawMessage(`{"n":"${ index }","rest":"${ last }"}`)}
	w.Root.Graph = model.Graph{Start: []string{"l"}, Nodes: []model.Node{{ID: "l", Type: "loop", Composite: &model.Composite{
		While: "index < 60", Scope: &model.Scope{Vars: map[string]json.RawMessage{"x": json.RawMessage(`"` + strings.Repeat("z", 1100) + `"`)}, Graph: model.Graph{Start: []string{"s"}, Nodes: []model.Node{body}}},
	}}}}
	w.Root.Graph.Nodes[0].Composite.Scope.Graph.Nodes[0].Output = json.RawMessage(`{"n":"${ index }","pad":"${ vars.x }","rest":"${ last }"}`)
	e := newExecution(t, w)
	e.start(`null`)
	e.wantStatus(model.Completed)
	if d := e.s.output.depth(); d > deepHoles+1 {
		t.Fatalf("depth %d", d)
	}
	if got := string(e.s.Output()); strings.Count(got, "rest") != 60 || !json.Valid([]byte(got)) {
		t.Fatalf("%.300s", got)
	}
}

func TestFill(t *testing.T) {
	holes := []hole{{"/a/1", rawValue([]byte(`"one"`))}, {"/b~1c", rawValue([]byte(`{"x":[]}`))}, {"/d/e/~0", rawValue([]byte(`7`))}}
	got := string(fill([]byte(`{"a":[0,null,{"1":null}],"b":null,"b/c":null,"d":{"e":{"~":null}},"z":"}"}`), holes))
	if want := `{"a":[0,"one",{"1":null}],"b":null,"b/c":{"x":[]},"d":{"e":{"~":7}},"z":"}"}`; got != want {
		t.Fatal(got)
	}
	d, err := holed([]byte(`{"a":[0,null],"b/c":null,"d":{"e":{"~":null}}}`), holes).decode()
	if err != nil || fmt.Sprint(d) != `map[a:[0 one] b/c:map[x:[]] d:map[e:map[~:7]]]` {
		t.Fatal(d, err)
	}
	for _, path := range [][]string{{"a"}, {"a:b", "~1", "c/d~"}, {""}} {
		if got := pathSpan(spanPath(path)); fmt.Sprint(got) != fmt.Sprint(path) || strings.Contains(spanPath(path), ":") {
			t.Fatalf("%q became %q by %q", path, got, spanPath(path))
		}
	}
}
