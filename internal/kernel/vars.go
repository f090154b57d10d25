package kernel

import (
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/model"
)

// setVars handles InVars: assignments to variables of the scope Step, or of those around it. With IfSeq they happen
// only if the execution is still at that entry.
func (x *decider) setVars(in *Input) (func(), *model.Error) {
	if len(in.Vars) == 0 {
		return nil, &model.Error{Code: CodeNothing, Message: "name a variable to change"}
	}
	if in.IfSeq != 0 && (in.IfSeq != x.seq || len(x.ops) > 0) {
		return nil, &model.Error{Code: CodeChanged, Message: fmt.Sprintf("the execution is at entry %d, not %d; look again", x.s.seq, in.IfSeq)}
	}
	sc := x.s.scopeAt(in.Step)
	if sc == nil {
		st, err := x.target(in.Step)
		if err != nil {
			return nil, err
		}
		sc = st.sc
	}
	var ops []Op
	now := map[*variable]*value{}
	for _, a := range in.Vars {
		o, err := x.assignment(sc, a, now)
		if err != nil {
			return nil, err
		}
		ops = append(ops, o)
	}
	return func() {
		for _, o := range ops {
			x.emit(o)
			x.note("vars", o.name)
		}
	}, nil
}

// assignment checks one assignment against the values that those before it give.
func (x *decider) assignment(sc *scope, a model.Assign, now map[*variable]*value) (o Op, err *model.Error) {
	at := sc.declaring(a.Var)
	if at == nil {
		var names []string
		for s := sc; s != nil; s = s.parent {
			for _, v := range s.vars {
				names = append(names, v.name)
			}
		}
		slices.Sort(names)
		return o, &model.Error{Code: CodeUnknownVariable, Message: "no scope around declares the variable " + a.Var + "; " + listed("declared are", names, "none is declared")}
	}
	op, raw := a.Op, orNull(a.Value)
	if op == "" {
		op = "set"
	}
	if len(raw) > x.bounds.Payload {
		return o, &model.Error{Code: CodePayload, Message: fmt.Sprintf("the value of %s is %d bytes, more than %d", a.Var, len(raw), x.bounds.Payload)}
	}
	v := at.variable(a.Var)
	was := now[v]
	if was == nil {
		was = v.v
	}
	o = Op{kind: opSet, path: at.path, name: a.Var, word: op, data: raw, hasData: true}
	if op != "set" && op != "unset" {
		if e := x.canChange(was, op, &o); e != nil {
			return o, &model.Error{Code: "expression", Message: a.Var + ": " + e.Error()}
		}
	}
	next, e := change(&value{raw: slices.Clone(was.bytes())}, op, rawValue(raw))
	if e != nil {
		return o, &model.Error{Code: "expression", Message: a.Var + ": " + e.Error()}
	}
	now[v] = next
	return o, nil
}
