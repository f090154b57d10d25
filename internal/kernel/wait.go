package kernel

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
)

// runWait begins a wait; where one of its alternatives is ready already, it ends in the same transition.
func (x *decider) runWait(st *step, n *nodeDef) {
	o := Op{kind: opWait, path: st.path, arms: make([]armSpec, len(n.arms))}
	x.in(st.sc, st.path)
	if n.timeout.set() {
		ms, err := x.millis(n.timeout)
		if err != nil {
			x.fail(st, errorOf(err, st.path))
			return
		}
		o.due = st.scheduled + max(ms, 1)
	}
	for i := range n.arms {
		spec, err := x.arm(&n.arms[i])
		if err != nil {
			x.fail(st, errorOf(err, st.path))
			return
		}
		o.arms[i] = spec
		if spec.fresh {
			o.n = x.s.signalSeq
		}
	}
	x.emit(o)
	x.tryWait(st)
}

func (x *decider) arm(a *armDef) (spec armSpec, err error) {
	spec = armSpec{name: a.name, signal: a.signal, fresh: a.fresh, match: a.match != nil, when: a.when != nil}
	switch {
	case a.span != nil:
		var ms int64
		if ms, err = durationOf(a.span, &x.ctx); err == nil {
			spec.due = x.now + max(ms, 1)
		}
	case a.until != nil:
		spec.due, err = instantOf(a.until, &x.ctx)
	}
	if err == nil && a.count != nil {
		var v any
		if v, err = a.count.Value(&x.ctx); err == nil {
			n, ok := v.(int64)
			if !ok || n < 1 {
				return spec, &expr.Error{Code: "type", Message: "count is a whole number from 1 on, not " + expr.TypeName(v)}
			}
			spec.count = int(n)
		}
	}
	return spec, err
}

// instantOf evaluates a moment: RFC 3339 text or Unix milliseconds.
func instantOf(t *expr.Template, c *expr.Context) (int64, error) {
	v, err := t.Value(c)
	if err != nil {
		return 0, err
	}
	switch v := v.(type) {
	case int64:
		return max(v, 1), nil
	case string:
		at, err := expr.ParseTime(v)
		return max(at, 1), err
	}
	return 0, &expr.Error{Code: "type", Message: "until is a time, not " + expr.TypeName(v)}
}

// tryWait ends a waiting step by the first of its alternatives, in written order, that is ready.
func (x *decider) tryWait(st *step) {
	n := x.def(st)
	if st.comp != nil {
		x.feed(st)
		return
	}
	for i := range st.arms {
		if st.over() || x.err != nil {
			return
		}
		ready, err := x.armReady(st, n, i)
		if err != nil {
			x.fail(st, errorOf(err, st.path))
			return
		}
		if ready {
			x.endWait(st, n, i)
			return
		}
	}
}

func (x *decider) armReady(st *step, n *nodeDef, i int) (bool, error) {
	a := &st.arms[i]
	switch {
	case a.due > 0:
		return a.due <= x.now, nil
	case a.when:
		x.in(st.sc, st.path)
		return n.arms[i].when.Bool(&x.ctx)
	}
	if err := x.take(st, n, i); err != nil {
		return false, err
	}
	return len(a.got) >= max(a.count, 1), nil
}

// take gives the arm the kept signals that fit, oldest first, as many as it still needs. Signals older than the step
// are not for a fresh wait.
func (x *decider) take(st *step, n *nodeDef, i int) error {
	a := &st.arms[i]
	for k := 0; k < len(x.s.signals) && len(a.got) < max(a.count, 1); {
		sig := &x.s.signals[k]
		if sig.name != a.signal || a.fresh && sig.n <= st.fresh {
			k++
			continue
		}
		if sig.expires > 0 && sig.expires <= x.now {
			x.emit(Op{kind: opExpired, n: sig.n})
			continue
		}
		fits, err := x.fits(st, n.arms[i].match, sig)
		if err != nil {
			return err
		}
		if !fits {
			k++
			continue
		}
		x.emit(Op{kind: opTook, path: st.path, n: sig.n, attempt: i})
		if x.err != nil {
			return nil
		}
	}
	return nil
}

func (x *decider) fits(st *step, match *expr.Program, sig *keptSignal) (bool, error) {
	if match == nil {
		return true, nil
	}
	data, err := sig.data.decode()
	if err != nil {
		return false, err
	}
	x.in(st.sc, st.path).extra = map[string]any{"signal": map[string]any{"name": sig.name, "data": data}}
	return match.Bool(&x.ctx)
}

// endWait ends a waiting step by alternative i.
func (x *decider) endWait(st *step, n *nodeDef, i int) {
	a := &st.arms[i]
	o := Op{kind: opDone, path: st.path, name: string(model.StepCompleted), word: model.Success, n: int64(i)}
	if a.name != "" {
		o.word = a.name
	}
	if a.signal != "" {
		o.text = "arm"
	}
	x.finish(st, n, o, a.output())
}

// giveBack returns the signals that a wait has collected for alternatives that did not win: they are kept again, as if
// it had not taken them. It gives their names, to be offered to others once the step has ended.
func (x *decider) giveBack(st *step, o *Op) (names []string) {
	if st.comp != nil {
		return nil // what fed a foreach is consumed
	}
	for i := range st.arms {
		a := &st.arms[i]
		if o.name == string(model.StepCompleted) && int64(i) == o.n {
			continue
		}
		for len(a.got) > 0 && x.err == nil {
			x.emit(Op{kind: opPutBack, path: st.path, n: a.got[0].n, attempt: i})
			if !slices.Contains(names, a.signal) {
				names = append(names, a.signal)
			}
		}
	}
	return names
}

// evalWhens evaluates the conditions of waiting steps that read something that changed. It reports whether one ended.
func (x *decider) evalWhens() bool {
	if len(x.changed) == 0 {
		return false
	}
	changed := slices.Clone(x.changed)
	x.changed = x.changed[:0]
	for _, st := range slices.Clone(x.s.whens) {
		if st.over() || st.stopped() || !x.touches(st, changed) {
			continue
		}
		x.tryWait(st)
	}
	return true
}

func (x *decider) touches(st *step, changed []expr.Ref) bool {
	n := x.def(st)
	for i := range st.arms {
		if !st.arms[i].when {
			continue
		}
		for _, ref := range n.arms[i].when.Reads() {
			for _, c := range changed {
				if ref[0] == c[0] && (len(ref) < 2 || ref[1] == c[1]) {
					return true
				}
			}
		}
	}
	return false
}
