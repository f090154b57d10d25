package sim

import (
	"encoding/json"
	"fmt"

	"github.com/pawl-dev/pawl/model"
)

// send signals whoever has a key, and may start it. What it says is text: the judge looks for the data of clients only.
func (b *graphOf) send() block {
	g := b.g
	with := map[string]any{
		"to":     map[string]any{"workflow": fmt.Sprintf("w%d", g.r.IntN(g.of)), "key": fmt.Sprintf("k%d", g.r.IntN(3))},
		"signal": pick(g.r, signals...),
		"data":   "from ${ execution.id }",
	}
	if g.number+1 < g.of && g.r.IntN(2) == 0 {
		to := g.number + 1 + g.r.IntN(g.of-g.number-1)
		with["to"] = map[string]any{"workflow": fmt.Sprintf("w%d", to), "key": fmt.Sprintf("k%d", g.r.IntN(3))}
		with["start"], with["input"] = true, json.RawMessage(`{"op":-1}`)
	}
	id := b.node("send", with)
	b.last().Outcomes = []string{"success", "not_found"}
	return block{id, []string{id}}
}

// kid starts another workflow, without a key, and waits for it.
func (b *graphOf) kid() string {
	with := map[string]any{"name": fmt.Sprintf("w%d", b.g.number+1+b.g.r.IntN(b.g.of-b.g.number-1)), "input": json.RawMessage(`{"op":-1}`)}
	id := b.node("workflow", nil)
	b.last().Composite = &model.Composite{Child: mustJSON(with)}
	return id
}

// child starts another workflow and may wait for it.
func (b *graphOf) child() block {
	g := b.g
	if g.number+1 >= g.of {
		return b.send()
	}
	with := map[string]any{
		"name":  fmt.Sprintf("w%d", g.number+1+g.r.IntN(g.of-g.number-1)),
		"input": json.RawMessage(`{"op":-1}`),
	}
	if g.r.IntN(3) == 0 {
		with["key"] = fmt.Sprintf("k%d", g.r.IntN(3))
		with["attach"] = g.r.IntN(2) == 0
	}
	switch g.r.IntN(4) {
	case 0:
		with["wait"], with["attach"] = false, false
		with["on_parent_close"] = pick(g.r, "cancel", "terminate", "abandon")
	case 1:
		with["on_parent_close"] = pick(g.r, "terminate", "abandon")
	}
	block := b.composite("workflow", &model.Composite{Child: mustJSON(with)})
	if g.r.IntN(2) == 0 {
		return block
	}
	handler := b.node("set", map[string]any{})
	b.edge(block.entry, model.OutcomeErr, handler)
	return b.merged(block.entry, []string{block.entry, handler})
}

// writesOutside reports whether a body sets the one variable that generated workflows have, which children can't.
func writesOutside(s *model.Scope) bool {
	for i := range s.Graph.Nodes {
		n := &s.Graph.Nodes[i]
		if len(n.Set) > 0 {
			return true
		}
		if c := n.Composite; c != nil {
			if c.Scope != nil && writesOutside(c.Scope) {
				return true
			}
			for k := range c.Branches {
				if writesOutside(&c.Branches[k].Scope) {
					return true
				}
			}
		}
	}
	return false
}
