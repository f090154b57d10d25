package kernel

import (
	"fmt"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
)

// runStep runs a scheduled step: its condition, then what its node does.
func (x *decider) runStep(st *step) {
	n := x.def(st)
	if n.cond != nil && st.claims == nil {
		x.in(st.sc, st.path)
		holds, err := n.cond.Bool(&x.ctx)
		if err != nil {
			x.fail(st, errorOf(err, st.path))
			return
		}
		if !holds {
			x.end(Op{kind: opDone, path: st.path, name: string(model.StepSkipped), word: model.Success}, st)
			return
		}
	}
	switch n.kind {
	case kindEffect:
		x.runEffect(st, n)
	case kindSwitch:
		x.runSwitch(st, n)
	case kindSet:
		x.complete(st, n, model.Success, nil)
	case kindWait:
		x.runWait(st, n)
	case kindApproval:
		x.runApproval(st, n)
	case kindEnd:
		x.runEnd(st, n)
	case kindCancel:
		x.runCancel(st, n)
	case kindSend:
		x.runSend(st, n)
	case kindChild:
		x.runChild(st, n)
	default:
		x.enter(st, n)
	}
}

// runEffect evaluates the configuration of an effect step and hands out its first attempt.
func (x *decider) runEffect(st *step, n *nodeDef) {
	if x.mustQueue(st, n) || x.mustClaim(st, n) {
		return
	}
	o := Op{kind: opTask, path: st.path, attempt: 1, hasData: true, flag: n.m.Callback}
	if err := x.configure(&o, st, n); err != nil {
		x.fail(st, err)
		return
	}
	x.emit(o)
	x.dispatch(st, n)
}

// mustQueue lets an effect step that has no place of its scope's concurrency wait for one where there is none (I19).
func (x *decider) mustQueue(st *step, n *nodeDef) bool {
	sd := n.scope
	if st.attempt > 0 && !st.queues || sd.owner == nil || sd.owner.kind != kindScope || st.cleanup() {
		return false
	}
	limit := sd.owner.m.Composite.Concurrency
	if limit == 0 || st.sc.running < limit {
		return false
	}
	x.emit(Op{kind: opQueued, path: st.path})
	return true
}

func (x *decider) configure(o *Op, st *step, n *nodeDef) *model.Error {
	x.in(st.sc, st.path)
	for _, t := range [...]struct {
		def   textDef
		into  *int64
		since int64
	}{{n.timeout, &o.due, st.scheduled}, {n.attemptTimeout, &o.n, 0}, {n.heartbeat, &o.until, 0}} {
		if !t.def.set() {
			continue
		}
		ms, err := x.millis(t.def)
		if err != nil {
			return errorOf(err, st.path)
		}
		*t.into = t.since + max(ms, 1)
	}
	o.data = n.plain
	if n.plain == nil {
		return x.evaluate(o, st, n)
	}
	return nil
}

// refBytes is the size from which a value that the journal already holds is referred to instead of copied.
const refBytes = 256

func (x *decider) evaluate(o *Op, st *step, n *nodeDef) *model.Error {
	buf := make([]byte, 0, 256)
	buf = append(buf, '{')
	total := 0
	for i := range n.props {
		p := &n.props[i]
		if raw, src, ok := x.whole(p); ok {
			if src != "" {
				o.refs = append(o.refs, inref{p.key, src})
				total += len(raw)
			} else {
				buf = append(appendProp(buf, p.key), raw...)
			}
			continue
		}
		r, err := x.renderInto(appendProp(buf, p.key), p.t, "/"+pointerEscape(p.key), true)
		if err != nil {
			return errorOf(err, st.path)
		}
		buf = r.raw
		total += r.elsewhere
		o.refs = append(o.refs, r.refs...)
		o.late = append(o.late, r.late...)
	}
	o.data = append(buf, '}')
	all := rendered{raw: o.data, elsewhere: total}
	return x.tooMuch("configuration", &all, st)
}

// whole gives the bytes of a property that is constant or one reference; src is set where the journal has them already.
func (x *decider) whole(p *propDef) (raw []byte, src string, ok bool) {
	if p.t.Const() {
		return p.t.Raw(), "", true
	}
	if p.ref == nil {
		return nil, "", false
	}
	v, src, ok := x.names.value(p.ref)
	if !ok {
		return nil, "", false
	}
	raw = v.bytes()
	if len(raw) <= refBytes || v.depth() >= deepHoles || p.key == "" || p.key[0] == '/' {
		src = ""
	}
	return raw, src, true
}

func (x *decider) tooLarge(what string, n int, st *step) *model.Error {
	return tooLarge(what, n, x.bounds.Payload, st)
}

func tooLarge(what string, n, limit int, st *step) *model.Error {
	no := false
	return &model.Error{Code: CodePayload, Message: fmt.Sprintf("the %s is %d bytes, more than %d", what, n, limit), Retryable: &no, Step: st.path}
}

func appendProp(buf []byte, key string) []byte {
	if len(buf) > 1 {
		buf = append(buf, ',')
	}
	return append(appendString(buf, key), ':')
}

// pointerEscape writes one token of a JSON pointer (RFC 6901).
func pointerEscape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// dispatch hands the outstanding attempt of st to the caller.
func (x *decider) dispatch(st *step, n *nodeDef) {
	if x.err != nil {
		return
	}
	t := taskOf(st)
	t.Queue, t.Priority = n.m.Queue, n.m.Priority
	x.out.Dispatch = append(x.out.Dispatch, t)
}

func taskOf(st *step) Task {
	return Task{
		TaskRef: TaskRef{Step: st.path, Attempt: st.attempt}, Node: st.node, Type: st.typ, With: st.task.bytes(), Late: st.task.late,
		Timeout: st.task.timeout, Heartbeat: st.task.heartbeat, Scheduled: st.scheduled, Deadline: st.deadline,
		Callback: st.cb != nil,
	}
}

// bytes puts the configuration together with the values it refers to.
func (t *taskSpec) bytes() []byte {
	with := t.with
	if len(t.holes) > 0 {
		with = fill(with, t.holes)
	}
	if len(t.refs) == 0 {
		return with
	}
	buf := append(make([]byte, 0, len(with)+2*refBytes), with[:len(with)-1]...)
	for _, r := range t.refs {
		buf = append(appendProp(buf, r.key), r.v.bytes()...)
	}
	return append(buf, '}')
}

func (x *decider) runSwitch(st *step, n *nodeDef) {
	x.in(st.sc, st.path)
	for _, k := range n.cases {
		holds, err := k.when.Bool(&x.ctx)
		if err != nil {
			x.fail(st, errorOf(err, st.path))
			return
		}
		if holds {
			x.complete(st, n, k.outcome, nil)
			return
		}
	}
	if n.otherwise == "" {
		x.fail(st, &model.Error{Code: "no_case", Message: "no case holds and there is no default", Step: st.path})
		return
	}
	x.complete(st, n, n.otherwise, nil)
}

// end emits the operation that ends st and tells a closing scope.
func (x *decider) end(o Op, st *step) {
	sc := st.sc
	if o.path == st.path && x.childOver != st {
		x.recall(st, "", false)
	}
	x.toUndo(&o, st)
	back := x.giveBack(st, &o)
	x.emit(o)
	for _, name := range back {
		x.offer(name)
	}
	if st.stopped() {
		x.tryClosed(sc)
	}
}

// fail ends st in error.
func (x *decider) fail(st *step, err *model.Error) {
	if err.Step == "" {
		e := *err
		e.Step = st.path
		err = &e
	}
	x.end(Op{kind: opDone, path: st.path, name: string(model.StepFailed), word: model.OutcomeErr, err: err, flag: st.doubt || st.comp == nil && doubtful(err)}, st)
}

// doubtful: the attempt that failed so may have had its effect.
func doubtful(err *model.Error) bool {
	return err != nil && (err.Code == model.TimedOut || err.Code == codeLost)
}

// spoil ends in error a step whose attempt went well: what it gave cannot be used, and its effect stays.
func (x *decider) spoil(st *step, err *model.Error) {
	err.Step = st.path
	x.end(Op{kind: opDone, path: st.path, name: string(model.StepFailed), word: model.OutcomeErr, err: err, flag: st.task != nil}, st)
}

// complete ends st with an outcome of its own; o carries the output, if any.
func (x *decider) complete(st *step, n *nodeDef, outcome string, result *value) {
	o := Op{kind: opDone, path: st.path, name: string(model.StepCompleted), word: outcome}
	if result != nil {
		o.data, o.hasData = result.bytes(), true
	}
	x.finish(st, n, o, result)
}

// finish applies the node's set, log, tags and output to a step that ended well, then ends it with o. A bad outcome
// applies none of them.
func (x *decider) finish(st *step, n *nodeDef, o Op, result *value) {
	if n.isBad(o.word) {
		o.name = string(model.StepFailed)
		x.end(o, st)
		return
	}
	if err := x.sideEffects(st, n, &o, result); err != nil {
		x.spoil(st, err)
		return
	}
	x.end(o, st)
}

func (x *decider) sideEffects(st *step, n *nodeDef, o *Op, result *value) *model.Error {
	if n.output == nil && n.set == nil && n.log == nil && n.tags == nil {
		return nil
	}
	if result == nil {
		result = null
	}
	prepare := func(field string) {
		names := x.in(st.sc, st.path+"/"+field)
		names.result, names.hasResult, names.outcome, names.output = result, true, o.word, result
	}
	if n.output != nil {
		prepare("output")
		r, err := x.renderInto(nil, n.output, "", n.set == nil)
		if err != nil {
			return errorOf(err, st.path)
		}
		if err := x.tooMuch("output", &r, st); err != nil {
			return err
		}
		r.put(o)
	}
	for i := range n.set {
		prepare("set/" + n.set[i].name)
		if err := x.assign(st, &n.set[i]); err != nil {
			return err
		}
	}
	if n.log != nil {
		prepare("log")
		line, err := n.log.String(&x.ctx)
		if err != nil {
			return errorOf(err, st.path)
		}
		x.emit(Op{kind: opLog, path: st.path, text: line})
	}
	x.setTags(n.tags, st.sc, st.path, result)
	return nil
}

// assign evaluates and journals one assignment of a node.
func (x *decider) assign(st *step, a *setDef) *model.Error {
	r := rendered{raw: []byte("null")}
	if a.t != nil {
		var err error
		if r, err = x.render(a.t); err != nil {
			return errorOf(err, st.path)
		}
		if err := x.tooMuch("value of "+a.name, &r, st); err != nil {
			return err
		}
	}
	return x.setVar(st, a.name, a.op, &r)
}

// setVar journals one change of the nearest variable of that name.
func (x *decider) setVar(st *step, name, op string, r *rendered) *model.Error {
	sc := st.sc.declaring(name)
	if sc == nil {
		return &model.Error{Code: "unknown_variable", Message: "no scope around declares the variable " + name, Step: st.path}
	}
	if op == "" {
		op = "set"
	}
	o := Op{kind: opSet, path: sc.path, name: name, word: op}
	r.put(&o)
	// Whether it can be done is asked before it is journaled, so that folding cannot fail.
	if op != "set" && op != "unset" {
		if err := x.canChange(sc.variable(name).v, op, &o); err != nil {
			return errorOf(err, st.path)
		}
	}
	x.emit(o)
	return nil
}

// noteOp remembers what an operation changes of the names that conditions read.
func (x *decider) noteOp(o *Op) {
	switch o.kind {
	case opStep, opTask, opWait, opEnter, opBackoff, opLost, opAsk, opAwait, opDone:
		_, node, _ := splitPath(o.path)
		x.note("nodes", node)
	case opSet:
		x.note("vars", o.name)
	case opTags:
		x.note("execution", "tags")
	}
}

// note remembers that a name changed, where somebody waits for a condition.
func (x *decider) note(root, name string) {
	if x.s.whens != nil {
		x.changed = append(x.changed, expr.Ref{root, name})
	}
}
