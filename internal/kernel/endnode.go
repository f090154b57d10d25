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
	switch {
	case n.isBad(how.outcome):
		how.err = x.endError(st, n)
	case n.end.output == nil:
		if err := x.outputAtEnd(st, n, &how); err != nil {
			x.fail(st, err)
			return
		}
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

// outputAtEnd: an end without an output of its own leaves it to the `output` of the graph that it ends.
func (x *decider) outputAtEnd(st *step, n *nodeDef, how *ending) *model.Error {
	sc := st.sc
	switch n.end.of {
	case "":
	case endExecution:
		sc = x.s.root
	default:
		return nil // the composite evaluates its output once it has ended
	}
	sd := x.scopeDef(sc)
	if sd.output == nil {
		return nil
	}
	x.in(sc, sc.path+"/output")
	r, err := x.render(sd.output)
	if err != nil {
		return errorOf(err, st.path)
	}
	if err := x.tooMuch("output", &r, st); err != nil {
		return err
	}
	how.give(&r)
	return nil
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
