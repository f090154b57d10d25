package pawl_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/store/memory"
)

// A filter that a bulk of an earlier version keeps in its journal is read as what it was.
func TestFiltersOfEarlierBulksAreRead(t *testing.T) {
	const kept = `{"workflow":"order","version":"1.0.0","statuses":["parked","failed"],"outcome":"x","key":"k","parent":"01mcc5rm0016nyt7d8fcjf4y2d",
		"tags":{"n":3,"city":"Bonn"},"since":"2026-01-31T12:00:00Z","until":"2026-02-01T00:00:00Z","id_prefix":"01"}`
	var f pawl.Filter
	if err := json.Unmarshal([]byte(kept), &f); err != nil {
		t.Fatal(err)
	}
	const want = `status:parked,failed workflow:order version:1.0.0 outcome:x key:k parent:01mcc5rm0016nyt7d8fcjf4y2d id:01 ` +
		`started>=2026-01-31T12:00:00.000Z started<2026-02-01T00:00:00.000Z tag.city:Bonn tag.n:3`
	if got := f.Query(); got != want {
		t.Errorf("it is printed as\n%s\nwant\n%s", got, want)
	}
}

// What is read from text survives the journal, in which a bulk keeps it, and the way back to text.
func TestQueriesSurviveTheJournal(t *testing.T) {
	for _, text := range []string{
		"", `status:failed workflow:order amount>100 started>-24h error:"card declined" waiting:signal tag.customer:acme key:october`,
		"-status:completed outcome:x version:1.2 parent:01mcc5rm0016nyt7d8fcjf4y2d fingerprint:0123456789abcdef ended<2026-01-01 sort:oldest",
		`-(workflow:a,b tag.x!=1,"1") ended:* tag.y:* id:01m`,
	} {
		f, err := pawl.Query(text)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var back pawl.Filter
		if err := json.Unmarshal(raw, &back); err != nil || !reflect.DeepEqual(back, f) {
			t.Errorf("%s\ngot  %+v %v\nwant %+v", text, back, err, f)
		}
		again, err := pawl.Query(f.Query())
		if err != nil || !reflect.DeepEqual(again, f) {
			t.Errorf("%s is printed as %s: %+v %v\nwant %+v", text, f.Query(), again, err, f)
		}
	}
}

func TestQueryErrorsHaveAPlace(t *testing.T) {
	_, err := pawl.Query("key:ä statsu:failed")
	if pawl.Code(err) != pawl.CodeInvalid || !strings.Contains(err.Error(), "at character 7: there is no field statsu; did you mean status?") {
		t.Error(err)
	}
}

func TestFiltersThatMakeNoSense(t *testing.T) {
	eng := open(t, memory.Open(), pawl.Options{})
	for name, f := range map[string]pawl.Filter{
		"comparison": {Where: []pawl.TagTest{{Tag: "a", Is: "~", Values: []any{1}}}},
		"no value":   {Where: []pawl.TagTest{{Tag: "a", Is: "<"}}},
		"kind":       {Where: []pawl.TagTest{{Tag: "a", Is: "=", Values: []any{true}}}},
		"order":      {Order: "by name"},
		"except":     {Except: []pawl.Filter{{IDPrefix: "01"}}},
		"text":       {Error: "a\x00b"},
		"cursor":     {Cursor: "x"},
	} {
		if _, err := eng.List(t.Context(), f); pawl.Code(err) != pawl.CodeInvalid {
			t.Errorf("%s: List says %v", name, err)
		}
		if _, err := eng.Count(t.Context(), f, pawl.Facet{}); name != "cursor" && pawl.Code(err) != pawl.CodeInvalid {
			t.Errorf("%s: Count says %v", name, err)
		}
	}
	for _, by := range []string{"staus", "tag.", "started"} {
		if _, err := eng.Count(t.Context(), pawl.Filter{}, pawl.Facet{By: by}); pawl.Code(err) != pawl.CodeInvalid {
			t.Errorf("by %q: %v", by, err)
		}
	}
	for _, step := range []time.Duration{0, -time.Hour, time.Microsecond} {
		if _, err := eng.Histogram(t.Context(), pawl.Filter{}, step); pawl.Code(err) != pawl.CodeInvalid {
			t.Errorf("over %s: %v", step, err)
		}
	}
}

// Limits, schedules and bulks are no executions of a user: no list and no count has them, in either order.
func TestEntitiesAreNotCounted(t *testing.T) {
	eng := open(t, memory.Open(), pawl.Options{})
	deploy(t, eng, "workflow: w\nnodes: [{hold: {wait: {signal: go}}}]")
	for range 3 {
		if _, err := eng.Start(t.Context(), "w", nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := eng.Bulks().Start(t.Context(), pawl.BulkSpec{ID: "b", Filter: pawl.Filter{Workflow: "none"}, Do: pawl.BulkVerb{Verb: "cancel"}}); err != nil {
		t.Fatal(err)
	}
	for _, order := range []string{pawl.Newest, pawl.Oldest} {
		p, err := eng.List(t.Context(), pawl.Filter{Order: order, Limit: 3})
		if err != nil || len(p.Executions) != 3 || p.Next != "" {
			t.Errorf("%s: %d executions, next %q, %v", order, len(p.Executions), p.Next, err)
		}
	}
	c, err := eng.Count(t.Context(), pawl.Filter{}, pawl.Facet{By: "workflow"})
	if err != nil || c.Total != 3 || len(c.Buckets) != 1 || c.Buckets[0].Value != "w" {
		t.Errorf("%+v %v", c, err)
	}
}

// A bulk that a query selects does its verb to what the query selects, and to nothing else.
func TestBulkOfAQuery(t *testing.T) {
	eng := open(t, memory.Open(), pawl.Options{})
	deploy(t, eng, "workflow: w\ninput: {n: integer}\ntags: {n: '${ input.n }'}\nnodes: [{hold: {wait: {signal: go}}}]")
	for n := range 6 {
		if _, err := eng.Start(t.Context(), "w", map[string]int{"n": n}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pawl.Query("status:open n>=2 -n:3,4"); err == nil {
		t.Fatal("n: stands for a tag without being asked")
	}
	f, err := pawl.Query("status:open n>=2 -tag.n:3,4")
	if err != nil {
		t.Fatal(err)
	}
	bulks := eng.Bulks()
	if _, err := bulks.Start(t.Context(), pawl.BulkSpec{ID: "b", Filter: f, Do: pawl.BulkVerb{Verb: "cancel"}}); err != nil {
		t.Fatal(err)
	}
	p, err := bulks.Wait(t.Context(), "b")
	if err != nil || p.State != pawl.BulkDone || p.Done != 2 || !reflect.DeepEqual(p.Filter.Where[0].Is, ">=") {
		t.Fatalf("%+v %v", p, err)
	}
	c, err := eng.Count(t.Context(), pawl.Filter{Statuses: []model.Status{model.Cancelled}}, pawl.Facet{By: "tag.n"})
	if err != nil || c.Total != 2 || c.Buckets[0].Value != 2.0 || c.Buckets[1].Value != 5.0 {
		t.Errorf("%+v %v", c, err)
	}
}
