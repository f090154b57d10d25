package pawl

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/store/memory"
)

// TestBulkPageTwice: a page whose worker was lost after it had done everything is done again with the same result,
// and changes nothing.
func TestBulkPageTwice(t *testing.T) {
	eng, err := Open(t.Context(), memory.Open(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close(context.Background()) })
	if _, err := eng.Deploy(t.Context(), Text("w.yaml", []byte("workflow: w\nvars: {n: 0}\nnodes: [{hold: {signal: go}}]\n"))); err != nil {
		t.Fatal(err)
	}
	task := bulkTask{Bulk: "b", Room: 100, Do: BulkVerb{Verb: "vars", Vars: []Change{{Var: "n", Op: "add", Value: 1}}}}
	for range 20 {
		run, err := eng.Start(t.Context(), "w", nil)
		if err != nil {
			t.Fatal(err)
		}
		task.To = append(task.To, run.ID())
	}
	if err := eng.Cancel(t.Context(), task.To[7]); err != nil {
		t.Fatal(err)
	}
	var answers [2]string
	for i := range answers {
		out, err := task.act(t.Context(), eng)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		answers[i] = string(raw)
	}
	if answers[0] != answers[1] {
		t.Errorf("the second attempt says\n%s\nand the first\n%s", answers[1], answers[0])
	}
	for i, id := range task.To {
		if vars, _, err := eng.Vars(t.Context(), id); i != 7 && (err != nil || string(vars["n"]) != "1") {
			t.Errorf("execution %d has %s %v", i, vars["n"], err)
		}
	}
}

// TestSpeakingForSharesBounds: calls for another namespace count with those of the engine.
func TestSpeakingForSharesBounds(t *testing.T) {
	e := &Engine{opts: Options{Namespace: "default"}, carried: &carried{}, thinkers: newThinkers()}
	v := e.speakingFor("other")
	if v.opts.Namespace != "other" || v.carried != e.carried {
		t.Errorf("%+v", v)
	}
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
	defer stop()
	if err := v.think(ctx, func() error { return nil }); err != nil {
		t.Error(err)
	}
}
