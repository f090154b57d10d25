package kernel

import "github.com/pawl-dev/pawl/model"

// typeFinally is the type of the step, of the same name, that runs what stands under finally of a scope.
const typeFinally = "finally"

// runFinally begins what is to run whenever the scope ends. It reports whether that is still to be waited for.
func (x *decider) runFinally(sc *scope) bool {
	if !x.hasFinally(sc) {
		return false
	}
	if !sc.final {
		x.emit(Op{kind: opStep, path: sc.stepPath(typeFinally, 1), word: typeFinally})
		return true
	}
	rec := sc.rec(typeFinally)
	return rec == nil || !rec.step.followed
}

// alarm journals what people should know although nothing else changes by it.
func (x *decider) alarm(step string, err *model.Error) {
	x.emit(Op{kind: opAlarm, path: step, err: err})
	x.out.Alarms = append(x.out.Alarms, err)
}

// hasFinally reports whether something is to run when the scope ends. One that never began has nothing to clean up.
func (x *decider) hasFinally(sc *scope) bool {
	return x.scopeDef(sc).finally != nil && x.s.begun > 0
}

// finalScope is the scope whose finally the expression stands in; nil outside of any.
func finalScope(sc *scope) *scope {
	for ; sc != nil && sc.owner != nil; sc = sc.parent {
		if sc.owner.typ == typeFinally {
			return sc.parent
		}
	}
	return nil
}

// scopeObject is the name scope: how the scope around a finally ends.
type scopeObject scope

var scopeKeys = []string{"error", "outcome"}

func (o *scopeObject) Keys() []string { return scopeKeys }

func (o *scopeObject) Get(key string) (any, error) {
	switch key {
	case "outcome":
		return o.outcome, nil
	case "error":
		return errorObject(o.err), nil
	}
	return nil, nil
}
