package kernel

import (
	"encoding/json"

	"github.com/pawl-dev/pawl/model"
)

// runEnd runs an end node: it ends its own scope, an enclosing composite or the execution.
func (x *decider) runEnd(st *step, n *nodeDef) {
	how := ending{outcome: n.end.outcome}
	x.in(st.sc, st.path)
	if n.end.output != nil {
		r, err := x.render(n.end.output)
		if err != nil {
			x.fail(st, errorOf(err, st.path))
			return
		}
		if err := x.tooMuch("output", &r, st); err != nil {
			x.fail(st, err)
			return
		}
		how.give(&r)
	}
	if n.isBad(how.outcome) {
		how.err = x.endError(st, n)
	}
	o := Op{kind: opDone, path: st.path, name: string(model.StepCompleted), word: model.Success}
	if n.end.output != nil {
		o.data, o.hasData, o.text, o.refs = how.output, how.has, how.from, how.refs
		how.output, how.has, how.refs, how.from = nil, false, nil, "out:"+st.path
	}
	x.emit(o)
	if x.err != nil {
		return
	}
	switch n.end.of {
	case "":
		x.closeScope(st.sc, how)
	case endExecution:
		x.closeScope(x.s.root, how)
	default:
		for sc := st.sc; sc != nil && sc.owner != nil; sc = sc.parent {
			if sc.owner.node == n.end.of {
				x.verdict(sc.owner, how)
				return
			}
		}
	}
}

func (x *decider) endError(st *step, n *nodeDef) *model.Error {
	e := &model.Error{Code: n.end.outcome, Message: "the definition ended here with " + n.end.outcome}
	if n.end.outcome == model.OutcomeErr {
		e.Code, e.Message = "failed", "the definition ended here in error"
	}
	if n.end.err == nil {
		return e
	}
	x.in(st.sc, st.path)
	raw, _, err := n.end.err.Append(nil, &x.ctx)
	if err != nil {
		return errorOf(err, st.path)
	}
	var given model.Error
	var text string
	switch {
	case json.Unmarshal(raw, &given) == nil && given.Code != "":
		return &given
	case json.Unmarshal(raw, &text) == nil:
		e.Message = text
	default:
		e.Details = raw
	}
	return e
}
