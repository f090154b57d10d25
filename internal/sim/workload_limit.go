package sim

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/pawl-dev/pawl/model"
)

// limits are the lines that generated steps share: so many at a time, or so many per time.
var limits = []map[string]any{
	{"name": "one", "concurrency": 1},
	{"name": "two", "key": "${ vars.v }", "concurrency": 2},
	{"name": "three", "concurrency": 3, "weight": 2},
	{"name": "often", "rate": "20/s"},
}

// limited may let a step take part in limits.
func (g *generator) limited(n *model.Node) {
	if g.crowded && g.r.IntN(2) == 0 {
		g.crowd(n)
		return
	}
	if g.r.IntN(6) > 0 {
		return
	}
	var list []map[string]any
	for range 1 + g.r.IntN(2) {
		l := maps.Clone(limits[g.r.IntN(len(limits))])
		if g.r.IntN(4) == 0 {
			l["strategy"] = pick(g.r, "reject", "cancel_running")
		}
		list = append(list, l)
	}
	n.Limits, n.Priority = mustJSON(list), g.r.IntN(3)
}

// crowd lets a step hold one limit for as long as its token is out, or hold one while it waits for another: limits are
// taken in order of their names.
func (g *generator) crowd(n *model.Node) {
	list := []map[string]any{limits[0], limits[2]}
	if g.r.IntN(3) == 0 {
		list, n.Callback = list[1:], true
	}
	n.Limits, n.Priority = mustJSON(list), g.r.IntN(3)
}

// limitedWorkflow may bound how many executions of a workflow are at work.
func (g *generator) limitedWorkflow(w *model.Workflow) {
	if g.r.IntN(6) == 0 {
		w.Limits = json.RawMessage(fmt.Sprintf(`[{"name":"whole","concurrency":%d}]`, 1+g.r.IntN(3)))
	}
}

// limitedComposite may let a composite take part in a limit of its depth, so that those inside one another are taken in
// one order. A limit is given back by all who have it while they wait, or by none.
func (g *generator) limitedComposite(n *model.Node, depth int) {
	if g.r.IntN(4) > 0 {
		return
	}
	l := map[string]any{"name": fmt.Sprintf("in%d", depth), "concurrency": 1 + depth}
	if g.r.IntN(4) == 0 {
		l["name"], l["hold"] = fmt.Sprintf("whole%d", depth), "whole"
	}
	n.Limits = mustJSON([]map[string]any{l})
}
