package kernel

import (
	"fmt"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
)

// startExecution handles InStart, the first input of an execution.
func (x *decider) startExecution(i int, in *Input) {
	if !x.s.start.ID.IsZero() {
		x.refuse(i, in, &model.Error{Code: "already_started", Message: "the execution exists"})
		return
	}
	st := *in.Start
	if err := x.refuseStart(&st); err != nil {
		x.refuse(i, in, err)
		return
	}
	if in.Start.Fork != nil {
		x.startFork(i, in)
		return
	}
	tags := st.Tags
	st.Signal, st.By, st.Tags, st.Unchecked = nil, "", nil, false
	deadline := int64(0)
	if st.Gather != nil {
		x.birthOfGathering(&st)
	}
	if st.NotBefore <= x.now {
		st.NotBefore = 0
		if st.Body == nil && x.d.limits == nil {
			deadline = x.deadlineOf(x.d.timeout)
		}
	}
	x.emit(Op{kind: opStart, start: &st, by: in.By, due: deadline})
	x.accept(i, in)
	if x.d.entity != 0 {
		x.bornEntity(in.Start.Input)
		return
	}
	x.warnLate(BoundPayload, int64(len(st.Input)+len(st.Trigger)), x.bounds.Payload)
	x.inheritTags(tags)
	if st.Body == nil && st.Gather == nil {
		x.openTags()
	}
	if in.Start.Signal != nil {
		x.keep(in.Start.Signal)
	}
	x.endFull()
	if x.s.status != model.Pending && !x.claimOwn() {
		x.openRoot()
	}
}

// refuseStart says why an execution can't begin so; nil if it can.
func (x *decider) refuseStart(st *Start) *model.Error {
	if n := len(st.Input) + len(st.Trigger); n > x.bounds.Payload {
		return &model.Error{Code: CodePayload, Message: fmt.Sprintf("the input is %d bytes, more than %d", n, x.bounds.Payload)}
	}
	if st.Signal != nil {
		if err := x.refuseSignal(st.Signal); err != nil {
			return err
		}
	}
	if st.Unchecked {
		if err := x.checkSignal(st.Signal); err != nil {
			return err
		}
	}
	if st.Unchecked && x.d.check != nil {
		input, trigger, err := x.d.check(st.Input, st.Trigger, x.now, fnv64(st.ID[:], "input"))
		if err != nil {
			return err
		}
		if st.Input = input; st.Trigger == nil {
			st.Trigger = trigger
		}
	}
	return nil
}

// inheritTags gives an execution the tags of the one that started it; its own come after them.
func (x *decider) inheritTags(tags []Tagged) {
	if len(tags) == 0 {
		return
	}
	o := Op{kind: opTags}
	for _, t := range tags {
		o.tags = append(o.tags, tagValue{t.Name, t.Data})
	}
	x.emit(o)
}

// beginPending ends the delay of an execution.
func (x *decider) beginPending() {
	x.emit(Op{kind: opBegin, due: x.deadlineOf(x.d.timeout)})
	x.openRoot()
}

func (x *decider) openRoot() {
	x.openCaptured()
	x.openScope(x.s.root)
}

// openScope declares the variables of a fresh scope and starts its start nodes.
func (x *decider) openScope(sc *scope) {
	sd := x.scopeDef(sc)
	for _, v := range sd.vars {
		x.in(sc, sc.path+"/"+v.name)
		r, err := x.render(v.t)
		if err != nil {
			x.failScope(sc, errorOf(err, sc.path))
			return
		}
		o := Op{kind: opSet, path: sc.path, name: v.name, flag: true, word: "set"}
		r.put(&o)
		x.emit(o)
	}
	m := x.mark(sc)
	sd.g.Open(m)
	x.settled(sc)
}

// openTags evaluates the tags of the workflow; a tag that cannot be evaluated is left out and said in the log.
func (x *decider) openTags() {
	x.setTags(x.d.tags, x.s.root, "", nil)
}

func (x *decider) setTags(defs []tagDef, sc *scope, step string, result *value) {
	var tags []tagValue
	for _, t := range defs {
		n := x.in(sc, step+"/"+t.name)
		n.result, n.hasResult = result, step != ""
		raw, _, err := t.t.Append(nil, &x.ctx)
		if err != nil {
			x.emit(Op{kind: opLog, path: step, text: "tag " + t.name + ": " + err.Error()})
			continue
		}
		tags = append(tags, tagValue{t.name, raw})
	}
	if len(tags) > 0 {
		x.emit(Op{kind: opTags, tags: tags})
	}
}

// deadlineOf evaluates the workflow's timeout; one that cannot be evaluated bounds nothing.
func (x *decider) deadlineOf(t textDef) int64 {
	if !t.set() {
		return 0
	}
	if t.t == nil {
		return x.now + t.ms
	}
	x.names = names{x: x}
	ms, err := x.millis(t)
	if err != nil || ms <= 0 {
		return 0
	}
	return x.now + ms
}

// millis evaluates a duration in the scope prepared by in.
func (x *decider) millis(t textDef) (int64, error) {
	if t.t == nil {
		return t.ms, nil
	}
	return durationOf(t.t, &x.ctx)
}

// durationOf evaluates a template to milliseconds: text such as 1h30m, or a number of milliseconds.
func durationOf(t *expr.Template, c *expr.Context) (int64, error) {
	v, err := t.Value(c)
	if err != nil {
		return 0, err
	}
	ms := int64(0)
	switch v := v.(type) {
	case int64:
		ms = v
	case float64:
		ms = int64(min(max(v, -longestSpan), longestSpan+1))
	case string:
		if ms, err = expr.ParseDuration(v); err != nil {
			return 0, err
		}
	default:
		return 0, &expr.Error{Code: "type", Message: "a duration is text such as 1h30m, not " + expr.TypeName(v)}
	}
	if ms > longestSpan {
		return 0, &expr.Error{Code: expr.CodeNumber, Message: "the duration is longer than 10,000 years"}
	}
	return ms, nil
}

// longestSpan bounds a duration, in milliseconds: a time plus one must not overflow.
const longestSpan = 10_000 * 366 * 24 * 3600 * 1000
