package kernel

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
)

// foreachConcurrency is how many items run at once where the definition does not say.
const foreachConcurrency = 10

// enter begins a composite step.
func (x *decider) enter(st *step, n *nodeDef) {
	if x.mustClaim(st, n) {
		return
	}
	o := Op{kind: opEnter, path: st.path, attempt: 1, n: 1, until: 1}
	c := n.comp
	x.in(st.sc, st.path)
	if n.timeout.set() {
		ms, err := x.millis(n.timeout)
		if err != nil {
			x.fail(st, errorOf(err, st.path))
			return
		}
		o.due = st.scheduled + max(ms, 1)
	}
	switch n.kind {
	case kindParallel:
		o.n, o.until, o.name = int64(len(c.branches)), int64(len(c.branches)), branches
		o.data, o.hasData = c.names, true
	case kindForeach:
		o.until = foreachConcurrency
		if err := x.items(&o, st, c); err != nil {
			x.fail(st, err)
			return
		}
	case kindLoop:
		o.n = -1
	case kindEach:
		x.enterEach(&o, st, n)
	}
	if c.m.Concurrency > 0 && n.kind != kindScope && n.kind != kindLoop {
		o.until = int64(c.m.Concurrency)
	}
	x.emit(o)
	x.entered(st, n)
}

// reenter begins another attempt of a composite with the same items.
func (x *decider) reenter(st *step) {
	c := st.comp
	x.emit(Op{kind: opEnter, path: st.path, attempt: st.attempt + 1, n: int64(c.total), until: int64(c.limit), name: again})
	n := x.def(st)
	x.entered(st, n)
}

// again marks the operation that begins another attempt.
const again = "again"

func (x *decider) entered(st *step, n *nodeDef) {
	if x.err == nil && st.arms != nil {
		x.feed(st)
	}
	if x.err == nil && !st.over() && st.comp.total == 0 && st.comp.verdict == "" {
		x.judge(st, n, nil)
	}
}

// items evaluates the list or map of a foreach; a large one that the journal already has is referred to.
func (x *decider) items(o *Op, st *step, c *compDef) *model.Error {
	o.size, o.flag, o.word, o.arms = c.m.Batch, c.add != "", c.m.Collect, c.feeds()
	if c.add == "" {
		if ranged, err := x.itemRange(o, st, c); ranged || err != nil {
			return err
		}
	}
	var v *value
	src, ok := "", false
	if c.itemsRef != nil {
		v, src, ok = x.names.value(c.itemsRef)
	}
	if !ok {
		raw, _, err := c.items.Append(nil, &x.ctx)
		if err != nil {
			return errorOf(err, st.path)
		}
		v, src = rawValue(raw), ""
	}
	d, err := v.decode()
	if err != nil {
		return errorOf(err, st.path)
	}
	count := 0
	switch d := d.(type) {
	case []any:
		count = len(d)
	case map[string]any:
		count = len(d)
	default:
		return &model.Error{Code: "expression", Message: "items are " + expr.TypeName(d) + ", not a list or a map", Step: st.path}
	}
	o.n = int64((&comp{batch: o.size, open: o.flag}).instances(count))
	raw := v.bytes()
	if src != "" && len(raw) > refBytes {
		o.text = src
		return nil
	}
	if len(raw) > x.bounds.Payload {
		return &model.Error{Code: CodePayload, Message: fmt.Sprintf("the items are %d bytes, more than %d", len(raw), x.bounds.Payload), Step: st.path}
	}
	o.data, o.hasData = raw, true
	return nil
}

// itemRange takes items that are a range, such as ${ 1..input.n }: the journal and the state have its bounds, so that a
// million items are no million values.
func (x *decider) itemRange(o *Op, st *step, c *compDef) (ranged bool, _ *model.Error) {
	from, to, ok, err := c.items.Range(&x.ctx)
	switch {
	case err != nil:
		return true, errorOf(err, st.path)
	case !ok:
		return false, nil
	case from > to:
		to = from - 1
	case uint64(to-from) >= math.MaxInt32:
		return true, &model.Error{Code: "expression", Message: fmt.Sprintf("the range of items has more than %d", math.MaxInt32), Step: st.path}
	case c.m.Batch > expr.MaxElements:
		return true, &model.Error{Code: "expression", Message: fmt.Sprintf("a batch of a range has at most %d items", expr.MaxElements), Step: st.path}
	}
	o.n = int64((&comp{batch: o.size}).instances(int(to - from + 1)))
	o.name, o.hasData = rangeOfItems, true
	o.data = strconv.AppendInt([]byte{'['}, from, 10)
	o.data = append(strconv.AppendInt(append(o.data, ','), to, 10), ']')
	return true, nil
}

// fill opens the next instance of a composite; for a loop it first decides whether there is one.
func (x *decider) fill(st *step) {
	n, c := x.def(st), st.comp
	if n.byChildren() {
		x.spawn(st, n)
		return
	}
	if n.kind == kindLoop && !x.nextPass(st, n) {
		return
	}
	path := instancePath(st, n)
	if strings.Count(path, "/") >= x.bounds.Depth*2 {
		x.park(&model.Error{Code: "too_deep", Message: "scopes are nested too deep"}, st.path)
		return
	}
	x.warnLate(BoundDepth, int64(strings.Count(path, "/")+2), x.bounds.Depth) // with the root
	x.emit(Op{kind: opOpen, path: path, text: st.path, n: int64(c.next)})
	if x.err == nil {
		x.openScope(x.s.scopes[path])
	}
}

// instancePath names the next instance: the step's path, the attempt from the second on, and the index or key.
func instancePath(st *step, n *nodeDef) string {
	path := st.path
	if st.attempt > 1 {
		path += "@" + strconv.Itoa(st.attempt)
	}
	switch c := st.comp; {
	case n.kind == kindScope:
		return path
	case c.named():
		return path + "[" + escapeKey(c.keys[c.next]) + "]"
	default:
		return path + "[" + strconv.Itoa(c.next) + "]"
	}
}

// escapeKey keeps paths unambiguous where keys hold the characters that paths use.
func escapeKey(key string) string {
	if !strings.ContainsAny(key, "/[]#@%") {
		return key
	}
	var b strings.Builder
	for i := range len(key) {
		if strings.IndexByte("/[]#@%", key[i]) >= 0 {
			b.WriteString("%" + string("0123456789ABCDEF"[key[i]>>4]) + string("0123456789ABCDEF"[key[i]&15]))
			continue
		}
		b.WriteByte(key[i])
	}
	return b.String()
}

// nextPass decides whether a loop goes on; where not, it has given the verdict.
func (x *decider) nextPass(st *step, n *nodeDef) bool {
	c := st.comp
	ask := func(p interface {
		Bool(*expr.Context) (bool, error)
	}, index int) (bool, bool) {
		names := x.in(st.sc, st.path)
		last, err := c.last.decode()
		if err == nil {
			names.extra = map[string]any{"index": int64(index), "last": last, "output": last, "outcome": c.word}
			var holds bool
			if holds, err = p.Bool(&x.ctx); err == nil {
				return holds, true
			}
		}
		x.verdict(st, ending{outcome: model.OutcomeErr, err: errorOf(err, st.path)})
		return false, false
	}
	if n.comp.until != nil && c.next > 0 {
		if done, ok := ask(n.comp.until, c.next-1); !ok || done {
			if ok {
				x.verdict(st, ending{outcome: model.Success, from: "last"})
			}
			return false
		}
	}
	if n.comp.while != nil {
		if holds, ok := ask(n.comp.while, c.next); !ok || !holds {
			if ok {
				x.verdict(st, ending{outcome: model.Success, from: "last"})
			}
			return false
		}
	}
	if limit, err := x.passes(st, n.comp.max); err != nil || limit > 0 && int64(c.next) >= limit {
		if err != nil {
			x.verdict(st, ending{outcome: model.OutcomeErr, err: errorOf(err, st.path)})
			return false
		}
		x.verdict(st, ending{outcome: model.Exhausted, from: "last"})
		return false
	}
	return true
}

// passes is the bound of a loop, 0 = none.
func (x *decider) passes(st *step, max textDef) (int64, error) {
	x.in(st.sc, st.path)
	return x.millis(max)
}

// instanceEnded decides what the end of one instance means for its composite.
func (x *decider) instanceEnded(sc *scope) {
	owner := sc.owner
	if owner.over() {
		if owner.sc.closing {
			x.tryClosed(owner.sc)
		} else {
			x.maybeEnd(owner.sc)
		}
		return
	}
	if owner.comp.verdict != "" {
		x.tryFinish(owner)
		return
	}
	x.judge(owner, x.def(owner), sc)
}

// judge gives the verdict on a composite as soon as it is certain. sc is the instance that just ended, nil where
// there are none at all.
func (x *decider) judge(st *step, n *nodeDef, sc *scope) {
	c, d := st.comp, n.comp
	bad := sc != nil && model.Bad(sc.outcome)
	if n.kind == kindScope {
		x.verdict(st, ending{outcome: sc.outcome, err: sc.err, from: "last"})
		return
	}
	if n.kind == kindEach {
		x.judgeEach(st, n)
		return
	}
	if n.kind == kindLoop {
		if bad && d.tolerate.exceeded(c.failed, c.next, false) {
			x.verdict(st, ending{outcome: model.OutcomeErr, err: c.blame(sc.err)})
		}
		return
	}
	if d.tolerate.exceeded(c.failed, c.total, c.open) {
		x.verdict(st, ending{outcome: model.OutcomeErr, err: c.blame(c.lastError())})
		return
	}
	over := c.good+c.failed == c.total && !c.open
	if d.complete != nil {
		met, err := x.completed(st, d)
		if err != nil {
			x.park(errorOf(err, st.path), st.path)
			return
		}
		switch {
		case met:
			x.verdict(st, x.collect(st, n))
		case over || d.need > 0 && !c.open && c.total-c.failed < d.need:
			x.verdict(st, ending{outcome: model.OutcomeErr, err: c.unreachable()})
		}
		return
	}
	if over {
		x.verdict(st, x.collect(st, n))
	}
}

func (x *decider) completed(st *step, d *compDef) (bool, error) {
	c := st.comp
	names := x.in(st.sc, st.path)
	names.extra = map[string]any{"good": int64(c.good), "failed": int64(c.failed), "done": int64(c.good + c.failed), "total": int64(c.total)}
	return d.complete.Bool(&x.ctx)
}

// blame is the error of a composite whose tolerance was crossed: that of the failure that crossed it, with all in
// the details.
func (c *comp) blame(err *model.Error) *model.Error {
	if err == nil {
		err = &model.Error{Code: "failed", Message: "an instance failed"}
	}
	if len(c.errors) < 2 {
		return err
	}
	e := *err
	e.Details = c.details()
	return &e
}

func (c *comp) unreachable() *model.Error {
	return &model.Error{Code: model.Unreachable, Message: "the condition under complete can no longer be met", Details: c.details()}
}

// manyErrors bounds the errors listed in details.
const manyErrors = 20

func (c *comp) details() []byte {
	buf := []byte{'['}
	for i, e := range c.errors {
		if i == manyErrors {
			break
		}
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = strconv.AppendInt(append(buf, `{"index":`...), int64(e.index), 10)
		if c.named() {
			buf = appendString(append(buf, `,"key":`...), c.keys[e.index])
		}
		if e.err != nil {
			buf = appendText(appendText(buf, "code", e.err.Code, true), "message", e.err.Message, true)
		}
		buf = append(buf, '}')
	}
	return append(buf, ']')
}

// collect is the good end of a foreach or parallel with its output.
func (x *decider) collect(st *step, n *nodeDef) ending {
	how := ending{outcome: model.Success, from: "instances"}
	switch n.comp.m.Collect {
	case "none":
		how.from, how.output, how.has = "", null.raw, true
	case "count":
		how.from, how.output, how.has = "", strconv.AppendInt(nil, int64(st.comp.good), 10), true
	}
	return how
}

// verdict notes how a composite ends. With rest: finish it ends now, else when the other instances are gone.
func (x *decider) verdict(st *step, how ending) {
	o := Op{kind: opVerdict, path: st.path}
	how.put(&o)
	x.emit(o)
	if x.err != nil {
		return
	}
	if !x.letsRestRun(st) {
		x.closeInstances(st)
	}
	x.tryFinish(st)
}

// letsRestRun: the composite ends while instances of it run on (rest: finish).
func (x *decider) letsRestRun(st *step) bool {
	return x.def(st).comp.m.Rest == "finish" && st.comp.verdict != model.Withdrawn && !st.withdraw && !st.stopped()
}

// tryFinish goes on with a composite that has a verdict: what it did is undone where it ended badly, then it ends.
func (x *decider) tryFinish(st *step) {
	c := st.comp
	if x.err != nil || st.over() || st.status == model.StepBackoff || c.verdict == "" || c.undo.now != nil {
		return
	}
	if c.live > 0 && !x.letsRestRun(st) {
		return
	}
	if x.compRollsBack(st) && x.rollBack(&c.undo) {
		return
	}
	x.finishComposite(st)
}

// endWithdrawn ends a composite that is cancelled, once nothing in it is live.
func (x *decider) endWithdrawn(st *step) {
	x.end(Op{kind: opDone, path: st.path, name: string(model.StepCancelled), word: model.Withdrawn, flag: st.leftEffects()}, st)
}

// finishComposite ends a composite step as its verdict says, or lets it try again.
func (x *decider) finishComposite(st *step) {
	n, c := x.def(st), st.comp
	if c.verdict == model.Withdrawn || st.withdraw {
		x.endWithdrawn(st)
		return
	}
	if c.verdict == model.OutcomeErr {
		err := c.err
		if err == nil {
			err = &model.Error{Code: "failed", Message: "the scope failed"}
		}
		if !st.stopped() && c.live == 0 && x.retry(st, n, err) {
			return
		}
		x.fail(st, err)
		return
	}
	o := Op{kind: opDone, path: st.path, name: string(model.StepCompleted), word: c.verdict, text: "verdict", err: c.err}
	x.finish(st, n, o, c.output)
}
