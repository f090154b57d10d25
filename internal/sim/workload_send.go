package sim

import (
	"encoding/json"
	"fmt"
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
