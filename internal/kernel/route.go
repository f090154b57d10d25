package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/model"
)

// route handles InRoute: an operator chooses the edge of an ended step whose edges could not be decided, because a
// condition could not be evaluated or no edge is for its outcome.
func (x *decider) route(in *Input) (func(), *model.Error) {
	st, err := x.target(in.Step)
	if err != nil {
		return nil, err
	}
	in.Step = st.path
	if err := st.inEnding(); err != nil {
		return nil, err
	}
	n := x.def(st)
	switch {
	case !st.over():
		return nil, &model.Error{Code: CodeNotParked, Message: st.path + " is " + string(st.status) + " and has no edge to choose yet; complete it with an outcome, or move on from it"}
	case st.followed:
		return nil, &model.Error{Code: CodeNotParked, Message: "the edges of " + st.path + " are decided; move to the node you want"}
	}
	c, ok := routeTo(n, in.To, st.outcome, !n.isBad(st.outcome))
	if !ok {
		return nil, &model.Error{Code: CodeUnknownEdge, Message: "no edge leads from " + st.path + " to " + in.To + "; " + listed("its edges lead to", n.targets(), "it has none; skip or complete it")}
	}
	return func() {
		if n.scope.g.Nodes[n.index].Region >= 0 {
			x.move(st, n, c)
			return
		}
		x.emit(Op{kind: opEdges, path: st.path, taken: c.taken, dead: c.dead})
		x.arrive(st.sc, n, c)
	}, nil
}

// routeTo finds the entry with an edge to a target: among the edges for the outcome first, then among all.
func routeTo(n *nodeDef, to, outcome string, good bool) (c choice, ok bool) {
	g := n.scope.g
	node := &g.Nodes[n.index]
	groups := make([]*graph.Group, 0, 1+len(node.Groups))
	if grp, found := g.Group(n.index, outcome, good); found {
		groups = append(groups, grp)
	}
	for i := range node.Groups {
		groups = append(groups, &node.Groups[i])
	}
	for _, grp := range groups {
		for i := range grp.Entries {
			e := &grp.Entries[i]
			if slices.ContainsFunc(e.Taken, func(edge int32) bool { return targetName(g, edge) == to }) {
				return choice{taken: e.Taken, dead: e.Dead}, true
			}
		}
	}
	return c, false
}

func targetName(g *graph.Graph, edge int32) string {
	switch to := g.Edges[edge].To; to {
	case graph.Stop:
		return model.ToStop
	case graph.Fail:
		return model.ToFail
	default:
		return g.Nodes[to].ID
	}
}

// targets are the names to which the edges of n lead.
func (n *nodeDef) targets() (names []string) {
	for _, e := range n.scope.g.Nodes[n.index].Out {
		if name := targetName(n.scope.g, e); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
