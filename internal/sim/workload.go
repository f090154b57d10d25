package sim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/pawl-dev/pawl/model"
)

// definitions draws n workflows over the constructs of the language. They are valid by construction: a fault found by
// the compiler is a fault of the generator.
func definitions(r *rand.Rand, n int) []*model.Workflow {
	out := make([]*model.Workflow, n)
	for i := range out {
		out[i] = definition(r, i, n)
	}
	return out
}

// plainDefinitions draws n workflows in which nothing is raced.
func plainDefinitions(r *rand.Rand, n int) []*model.Workflow {
	out := make([]*model.Workflow, n)
	for i := range out {
		g := &generator{r: r, budget: 2 + r.IntN(14), number: i, of: n, plain: true}
		out[i] = &model.Workflow{Name: fmt.Sprintf("w%d", i), Version: firstVersion, Root: g.scope(0)}
		out[i].Root.Vars = map[string]json.RawMessage{"v": json.RawMessage("0")}
	}
	return out
}

func definition(r *rand.Rand, i, n int) *model.Workflow {
	g := &generator{r: r, budget: 2 + r.IntN(14), number: i, of: n, crowded: r.IntN(4) == 0}
	w := &model.Workflow{Name: fmt.Sprintf("w%d", i), Version: firstVersion, Root: g.scope(0)}
	if r.IntN(4) == 0 {
		w.Timeout = g.duration(60_000, 3_600_000)
	}
	g.limitedWorkflow(w)
	w.Root.Vars = map[string]json.RawMessage{"v": json.RawMessage("0")}
	return w
}

// signals are the names that generated workflows wait for and clients send.
var signals = []string{"go", "paid", "more"}

// generator draws one workflow. budget bounds its nodes.
type generator struct {
	r      *rand.Rand
	budget int
	nodes  int
	// number is that of the workflow among all of the world. It starts only workflows with a higher one, so that no
	// chain of starts goes on for ever.
	number, of int
	plain      bool // nothing in it is raced; see [Compare]
	crowded    bool // its steps stand in line for limits, and hold others meanwhile
}

// block is a piece of a graph with one way in. Every exit leads on to the next block.
type block struct {
	entry string
	exits []string
}

// graphOf collects the nodes and edges of one graph.
type graphOf struct {
	model.Graph
	g     *generator
	depth int
}

func (g *generator) scope(depth int) model.Scope {
	b := &graphOf{g: g, depth: depth}
	first := b.block()
	b.Start = []string{first.entry}
	last := first
	for g.budget > 0 && g.r.IntN(4) > 0 {
		next := b.block()
		b.connect(last, next)
		last = next
	}
	s := model.Scope{Graph: b.Graph}
	if g.plain {
		return s
	}
	if g.r.IntN(5) == 0 {
		s.OnFailure = pick(g.r, "fail", "finish", "park")
	}
	if g.r.IntN(10) == 0 {
		s.Rollback = new(bool)
	}
	if g.r.IntN(8) == 0 {
		clean := &graphOf{g: g, depth: depth + 1}
		clean.Start = []string{clean.node("function", map[string]any{"name": "work"})}
		s.Finally = &clean.Graph
	}
	return s
}

// undoable gives the node with this id a compensation.
func (b *graphOf) undoable(id string) {
	undo := b.node("function", map[string]any{"name": "work", "args": map[string]any{"undo": "${ nodes." + id + ".outcome }"}})
	b.last().Retry = []model.Retry{{MaxAttempts: 5, InitialInterval: 100, Backoff: 2, MaxInterval: 5_000}}
	for i := range b.Nodes {
		if b.Nodes[i].ID == id {
			b.Nodes[i].Compensate = undo
		}
	}
}

func (b *graphOf) block() block {
	g := b.g
	if g.plain {
		kinds := b.plainBlocks()
		return kinds[g.r.IntN(len(kinds))]()
	}
	kinds := []func() block{
		b.effect, b.effect, b.effect, b.sleep, b.signal, b.first, b.assign, b.fork, b.choice, b.region, b.race, b.ender, b.send,
		b.child, b.approval,
	}
	if b.depth < 2 && g.budget > 2 {
		kinds = append(kinds, b.inner, b.foreach, b.parallel, b.loop)
	}
	return kinds[g.r.IntN(len(kinds))]()
}

func (b *graphOf) connect(from, to block) {
	for _, x := range from.exits {
		b.edge(x, model.OnElse, to.entry)
	}
}

func (b *graphOf) edge(from, on, to string) {
	b.Edges = append(b.Edges, model.Edge{From: from, On: on, Entry: b.entries(from, on), To: to})
}

func (b *graphOf) entries(from, on string) int {
	n := 0
	for _, e := range b.Edges {
		if e.From == from && e.On == on {
			n++
		}
	}
	return n
}

// node adds a node of a type and returns its id.
func (b *graphOf) node(kind string, with any) string {
	b.g.nodes++
	b.g.budget--
	id := fmt.Sprintf("%s%d", kind[:2], b.g.nodes)
	n := model.Node{ID: id, Type: kind}
	if with != nil {
		n.With = mustJSON(with)
	}
	b.Nodes = append(b.Nodes, n)
	return id
}

func (b *graphOf) last() *model.Node { return &b.Nodes[len(b.Nodes)-1] }

func (b *graphOf) effect() block {
	r := b.g.r
	id := b.node("function", map[string]any{"name": "work", "args": map[string]any{"n": r.IntN(100)}})
	n := b.last()
	if r.IntN(2) == 0 {
		n.Retry = []model.Retry{{MaxAttempts: 2 + r.IntN(4), InitialInterval: model.Millis(1 + r.IntN(5000)), Backoff: 2, MaxInterval: 60_000, Jitter: 0.2}}
	}
	if r.IntN(4) == 0 {
		n.Timeout = b.g.duration(1_000, 600_000)
	}
	if r.IntN(4) == 0 {
		n.AttemptTimeout = b.g.duration(500, 60_000)
	}
	if r.IntN(6) == 0 {
		n.If = fmt.Sprintf("vars.v < %d", r.IntN(3))
	}
	if r.IntN(5) == 0 {
		n.OnFailure = pick(r, "fail", "finish", "park")
	}
	if r.IntN(6) == 0 {
		n.Tags = map[string]json.RawMessage{"v": json.RawMessage(`"${ vars.v }"`)}
		n.Log = "v is ${ vars.v }"
		n.Output = json.RawMessage(`{"got":"${ result }"}`)
	}
	if r.IntN(5) == 0 {
		n.Callback = true
	}
	if r.IntN(3) == 0 {
		b.undoable(id)
	}
	b.g.limited(n)
	if r.IntN(4) > 0 {
		return block{id, []string{id}}
	}
	handler := b.node("function", map[string]any{"name": "work"})
	b.edge(id, model.OutcomeErr, handler)
	if r.IntN(2) == 0 {
		return block{id, []string{id}}
	}
	return b.merged(id, []string{id, handler})
}

// merged ends several exits in one node that any of them starts.
func (b *graphOf) merged(entry string, exits []string) block {
	id := b.node("set", map[string]any{})
	b.last().Join = model.Join{N: 1}
	for _, x := range exits {
		b.edge(x, model.OnElse, id)
	}
	return block{entry, []string{id}}
}

// arm is one alternative of a wait.
type arm map[string]any

func (b *graphOf) wait(arms ...arm) string { return b.node("wait", map[string]any{"arms": arms}) }

func (b *graphOf) sleep() block {
	id := b.wait(arm{"for": b.g.duration(1, 120_000)})
	return block{id, []string{id}}
}

func (b *graphOf) signal() block {
	id := b.wait(arm{"signal": pick(b.g.r, signals...), "count": 1 + b.g.r.IntN(2)})
	if b.g.r.IntN(3) == 0 {
		return block{id, []string{id}}
	}
	b.last().Timeout = b.g.duration(5_000, 300_000)
	late := b.node("set", map[string]any{})
	b.edge(id, model.TimedOut, late)
	return b.merged(id, []string{id, late})
}

func (b *graphOf) first() block {
	id := b.wait(
		arm{"name": "got", "signal": pick(b.g.r, signals...), "count": 1 + b.g.r.IntN(3)},
		arm{"name": "late", "for": b.g.duration(100, 200_000)},
	)
	return block{id, []string{id}}
}

func (b *graphOf) assign() block {
	id := b.node("set", map[string]any{})
	b.last().Set = []model.Assign{{Var: "v", Op: "add", Value: json.RawMessage("1")}}
	return block{id, []string{id}}
}

// fork starts several effects at once and joins all of them, or the first few.
func (b *graphOf) fork() block {
	r := b.g.r
	entry := b.node("set", map[string]any{})
	width := 2 + r.IntN(3)
	var arms []string
	for range width {
		arm := b.node("function", map[string]any{"name": "work"})
		b.edge(entry, model.OnElse, arm)
		arms = append(arms, arm)
	}
	join := b.node("set", map[string]any{})
	switch r.IntN(5) {
	case 0, 1:
		b.last().Join = model.Join{N: 1 + r.IntN(width)}
	case 2:
		b.last().Join = model.Join{Each: true} // all that follows runs once for each arm
	}
	for _, a := range arms {
		b.edge(a, model.OnElse, join)
	}
	return block{entry, []string{join}}
}

// choice takes one of two ways; the way not taken is dead and the join still starts.
func (b *graphOf) choice() block {
	r := b.g.r
	entry := b.node("switch", map[string]any{
		"cases":   []any{map[string]any{"when": fmt.Sprintf("vars.v < %d", 1+r.IntN(3)), "outcome": "low"}},
		"default": "high",
	})
	low, high := b.effect(), b.assign()
	b.edge(entry, "low", low.entry)
	b.edge(entry, "high", high.entry)
	join := b.node("set", map[string]any{})
	for _, x := range append(low.exits, high.exits...) {
		b.edge(x, model.OnElse, join)
	}
	return block{entry, []string{join}}
}

// region goes round a cycle a few times and leaves it.
func (b *graphOf) region() block {
	work := b.node("function", map[string]any{"name": "work"})
	if b.g.r.IntN(2) == 0 {
		b.undoable(work)
	}
	check := b.node("switch", map[string]any{
		"cases":   []any{map[string]any{"when": fmt.Sprintf("nodes.%s.runs < %d", work, 2+b.g.r.IntN(3)), "outcome": "again"}},
		"default": "done",
	})
	out := b.node("set", map[string]any{})
	b.edge(work, model.OnElse, check)
	b.edge(check, "again", work)
	b.edge(check, "done", out)
	return block{work, []string{out}}
}

// race lets a timer cancel an effect that takes too long, or a child that has hardly begun.
func (b *graphOf) race() block {
	entry := b.node("set", map[string]any{})
	work, least := "", 50
	if b.g.number+1 < b.g.of && b.g.r.IntN(2) == 0 {
		work, least = b.kid(), 1
	} else {
		work = b.node("function", map[string]any{"name": "work"})
	}
	timer := b.wait(arm{"for": b.g.duration(least, 400*least)})
	stop := b.node("cancel", map[string]any{"nodes": []string{work}})
	join := b.node("set", map[string]any{})
	b.last().Join = model.Join{N: 1}
	b.edge(entry, model.OnElse, work)
	b.edge(entry, model.OnElse, timer)
	b.edge(timer, model.OnElse, stop)
	b.edge(work, model.OnElse, join)
	b.edge(stop, model.OnElse, join)
	return block{entry, []string{join}}
}

// ender may end its scope, and all that runs in it, before the others are through.
func (b *graphOf) ender() block {
	entry := b.node("set", map[string]any{})
	work := b.node("function", map[string]any{"name": "work"})
	timer := b.wait(arm{"for": b.g.duration(50, 20_000)})
	end := b.node("end", map[string]any{"outcome": pick(b.g.r, "success", "stopped", "rejected")})
	b.edge(entry, model.OnElse, work)
	b.edge(entry, model.OnElse, timer)
	b.edge(timer, model.OnElse, end)
	return block{entry, []string{work}}
}

func (b *graphOf) composite(kind string, c *model.Composite) block {
	id := b.node(kind, nil)
	b.last().Composite = c
	n := b.last()
	if b.g.plain {
		return block{id, []string{id}}
	}
	if b.g.r.IntN(4) == 0 {
		n.Timeout = b.g.duration(5_000, 600_000)
	}
	if b.g.r.IntN(5) == 0 {
		n.Retry = []model.Retry{{MaxAttempts: 2, InitialInterval: 1_000, Backoff: 2, MaxInterval: 60_000}}
	}
	if often := map[bool]int{true: 2, false: 8}; b.g.r.IntN(often[c.Mode == "children"]) == 0 {
		b.undoable(id)
	}
	for i := range b.Nodes {
		if b.Nodes[i].ID == id {
			b.g.limitedComposite(&b.Nodes[i], b.depth)
		}
	}
	return block{id, []string{id}}
}

func (b *graphOf) inner() block {
	s := b.g.scope(b.depth + 1)
	return b.composite("scope", &model.Composite{Scope: &s})
}

func (b *graphOf) foreach() block {
	s := b.g.scope(b.depth + 1)
	items := make([]int, b.g.r.IntN(8))
	for i := range items {
		items[i] = i
	}
	c := &model.Composite{Scope: &s, Items: mustJSON(items), As: "it", Concurrency: 1 + b.g.r.IntN(4)}
	if b.g.r.IntN(3) == 0 {
		c.Items = mustJSON(fmt.Sprintf("${ 0..%d }", len(items)-1))
	}
	b.ending(c)
	if b.g.r.IntN(4) == 0 && !writesOutside(&s) {
		c.Mode = "children"
		c.Collect = pick(b.g.r, "", "count", "none")
		return b.composite("foreach", c)
	}
	switch b.g.r.IntN(6) {
	case 0:
		c.Batch = 1 + b.g.r.IntN(3)
	case 1:
		c.Add, c.Close = "more", "go"
		fed := b.composite("foreach", c)
		for i := range b.Nodes {
			if b.Nodes[i].ID == fed.entry {
				b.Nodes[i].Timeout = b.g.duration(5_000, 300_000)
			}
		}
		return fed
	}
	return b.composite("foreach", c)
}

func (b *graphOf) parallel() block {
	c := &model.Composite{}
	for i := range 2 + b.g.r.IntN(2) {
		c.Branches = append(c.Branches, model.Branch{Name: fmt.Sprintf("b%d", i), Scope: b.g.scope(b.depth + 1)})
	}
	b.ending(c)
	return b.composite("parallel", c)
}

func (b *graphOf) loop() block {
	s := b.g.scope(b.depth + 1)
	return b.composite("loop", &model.Composite{Scope: &s, While: fmt.Sprintf("index < %d", b.g.r.IntN(4)), Max: "5"})
}

// ending draws when a composite is complete and what becomes of the rest.
func (b *graphOf) ending(c *model.Composite) {
	switch b.g.r.IntN(4) {
	case 0:
		c.Complete = "good >= 1"
	case 1:
		c.Tolerate = pick(b.g.r, "1", "50%", "100%")
	}
	if b.g.r.IntN(3) == 0 {
		c.Rest = "finish"
	}
}

// duration draws between lo and hi milliseconds, small ones as likely as large ones.
func (g *generator) duration(lo, hi int) model.Text {
	for hi > 2*lo && g.r.IntN(2) == 0 {
		hi /= 4
	}
	return model.Text(fmt.Sprintf("%dms", lo+g.r.IntN(max(1, hi-lo))))
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func mustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only values made here
	}
	return b
}
