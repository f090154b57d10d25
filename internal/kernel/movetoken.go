package kernel

import (
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/nearest"
	"github.com/pawl-dev/pawl/model"
)

// moveToken handles InMove: the step Step is cancelled with its token, and the node To begins, whatever its join waits
// for. Without Step only the second happens.
func (x *decider) moveToken(in *Input) (func(), *model.Error) {
	if err := x.isAt(in.IfAt); err != nil {
		return nil, err
	}
	var from *step
	if in.Step != "" {
		st, err := x.unfinished(in.Step)
		if err != nil {
			return nil, err
		}
		if st.cleanup() {
			return nil, &model.Error{Code: CodeClosing, Message: st.path + " cleans up; retry, skip or complete it"}
		}
		from, in.Step = st, st.path
	}
	sc, n, err := x.place(from, in.To)
	if err != nil {
		return nil, err
	}
	return func() {
		x.resetNode(sc, n)
		if from != nil {
			x.leave(from)
		}
	}, nil
}

// isAt refuses what was meant for an execution that is somewhere else by now.
func (x *decider) isAt(path string) *model.Error {
	if path == "" {
		return nil
	}
	st, err := x.target(path)
	if err != nil {
		return &model.Error{Code: CodeChanged, Message: "the execution is not at " + path + ": " + err.Message}
	}
	if st.over() && st.followed {
		return &model.Error{Code: CodeChanged, Message: "the execution is not at " + path + " any more: it ended with " + st.outcome}
	}
	return nil
}

// place finds the node to move to: by its id in the scope of from or of the execution, or by path.
func (x *decider) place(from *step, to string) (*scope, *nodeDef, *model.Error) {
	path, node, _ := splitPath(to)
	sc := x.s.scopeAt(path)
	if path == "" && from != nil {
		sc = from.sc
	}
	if around := x.around(to); sc == nil && around != "" {
		return nil, nil, x.unknownStep(to)
	}
	if sc == nil {
		return nil, nil, &model.Error{Code: CodeUnknownNode, Message: "there is no open scope " + path + "; name a node as in each[17]/charge"}
	}
	if sc.closing || sc.closed {
		return nil, nil, &model.Error{Code: CodeClosing, Message: "the scope of " + to + " is ending; wait for its end, then rerun or fork"}
	}
	if from == nil && sc == x.s.root && x.s.begun == 0 {
		return nil, nil, &model.Error{Code: CodeUnknownStep, Message: "the execution has not begun"}
	}
	sd := x.scopeDef(sc)
	if i, ok := sd.g.Lookup(node); ok {
		return sc, sd.nodes[i], nil
	}
	var ids []string
	for _, n := range sd.nodes {
		ids = append(ids, n.m.ID)
	}
	slices.Sort(ids)
	msg := "there is no node " + node + " in " + scopeName(sc)
	if hint := nearest.Hint(node, ids); hint != "" {
		return nil, nil, &model.Error{Code: CodeUnknownNode, Message: msg + "; " + hint}
	}
	return nil, nil, &model.Error{Code: CodeUnknownNode, Message: msg + "; " + listed("its nodes are", ids, "it has none")}
}

func scopeName(sc *scope) string {
	if sc.owner == nil {
		return "the graph of the execution"
	}
	return strings.TrimSuffix(sc.path, "/")
}

// leave takes the token from a step that the reset did not reach: its edges die.
func (x *decider) leave(from *step) {
	gone := func() bool {
		return x.err != nil || from.over() && from.followed || from.sc.closing || from.sc.closed
	}
	if gone() {
		return
	}
	x.drop(from)
	if gone() {
		return
	}
	d := x.def(from)
	g := d.scope.g
	dead, region := g.Nodes[d.index].Out, g.Nodes[d.index].Region
	if region >= 0 {
		dead = g.Leave(nil, region, nil)
	}
	x.emit(Op{kind: opEdges, path: from.path, dead: dead})
	if region >= 0 {
		x.emit(Op{kind: opRegion, path: from.sc.path, n: int64(region), word: regionLeft})
	}
	x.settle(from.sc, dead)
	x.closeDropped([]*step{from})
}
