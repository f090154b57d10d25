package kernel

import (
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/model"
)

// eachSuffix makes the id of the composite that stands for a node with join: each and the tail behind it. No id of a
// definition holds a dot, so it is nobody else's.
const eachSuffix = ".each"

// eachType is the type of that composite.
const eachType = "each"

// cutTails puts every node with join: each, with all that lies behind it, into a composite of its own that opens a
// scope per token. The model stays as it is: drawing, text and hash know nothing of it.
func (c *compiler) cutTails(g *model.Graph) (cut *model.Graph, tails map[string]string) {
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if !n.Join.Each || n.Type == eachType || tails[n.ID] != "" || inOtherTail(g, n) {
			continue
		}
		tail := tailOf(g, n.ID)
		if fault := entered(g, n.ID, tail); fault != nil {
			c.fault(*fault)
			continue
		}
		if cut == nil {
			cut, tails = g, map[string]string{}
		}
		cut = cutTail(cut, n, tail)
		for id := range tail { // sorted: a set is filled
			tails[id] = n.ID + eachSuffix
		}
	}
	if cut == nil {
		return g, nil
	}
	return cut, tails
}

// inOtherTail: a node with join: each behind another is cut out of that one's tail.
func inOtherTail(g *model.Graph, n *model.Node) bool {
	for i := range g.Nodes {
		o := &g.Nodes[i]
		if o.Join.Each && o.ID != n.ID && tailOf(g, o.ID)[n.ID] && !tailOf(g, n.ID)[o.ID] {
			return true
		}
	}
	return false
}

// tailOf is the node and all that can be reached from it, with the compensations that only they name.
func tailOf(g *model.Graph, id string) map[string]bool {
	tail := map[string]bool{id: true}
	for grown := true; grown; {
		grown = false
		for _, e := range g.Edges {
			if tail[e.From] && !tail[e.To] && e.To != model.ToStop && e.To != model.ToFail {
				tail[e.To], grown = true, true
			}
		}
	}
	outside := map[string]bool{}
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Compensate != "" && !tail[n.ID] {
			outside[n.Compensate] = true
		}
	}
	for i := range g.Nodes {
		if n := &g.Nodes[i]; n.Compensate != "" && tail[n.ID] && !outside[n.Compensate] {
			tail[n.Compensate] = true
		}
	}
	return tail
}

// entered names the first way into the tail that does not lead through its node.
func entered(g *model.Graph, id string, tail map[string]bool) *Fault {
	fault := func(node, from string) *Fault {
		return &Fault{
			Code: "tail_entered", Node: node, Offset: -1,
			Message: node + " is behind " + id + ", which has join: each, and is reached from " + from + " without it",
			Hint:    "what is behind join: each runs once per token, so lead every path to it through " + id,
		}
	}
	for _, e := range g.Edges {
		if !tail[e.From] && tail[e.To] && e.To != id {
			return fault(e.To, e.From)
		}
	}
	for _, s := range g.Start {
		if tail[s] && s != id {
			return fault(s, "the start")
		}
	}
	return nil
}

func cutTail(g *model.Graph, n *model.Node, tail map[string]bool) *model.Graph {
	body := model.Graph{Start: []string{n.ID}}
	out := &model.Graph{Start: slices.Clone(g.Start)}
	for i, s := range out.Start {
		if s == n.ID {
			out.Start[i] = n.ID + eachSuffix
		}
	}
	composite := model.Node{ID: n.ID + eachSuffix, Type: eachType, Join: model.Join{Each: true}, Composite: &model.Composite{}}
	for _, o := range g.Nodes {
		switch {
		case o.ID == n.ID:
			o.Join = model.Join{}
			body.Nodes = append(body.Nodes, o)
			out.Nodes = append(out.Nodes, composite)
		case tail[o.ID]:
			body.Nodes = append(body.Nodes, o)
		default:
			out.Nodes = append(out.Nodes, o)
		}
	}
	for _, e := range g.Edges {
		switch {
		case tail[e.From]:
			body.Edges = append(body.Edges, e)
			continue
		case e.To == n.ID:
			e.To += eachSuffix
		}
		out.Edges = append(out.Edges, e)
	}
	composite.Composite.Scope = &model.Scope{Graph: body}
	return out
}

// asWritten gives a fault of such a composite to the node that its author wrote.
func (f Fault) asWritten() Fault {
	if id, ok := strings.CutSuffix(f.Node, eachSuffix); ok {
		f.Node, f.Message = id, strings.ReplaceAll(f.Message, f.Node, id)
	}
	return f
}
