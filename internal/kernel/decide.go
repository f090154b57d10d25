package kernel

import (
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/model"
)

// Decide takes everything that happened to one execution and returns the operations of one entry, already applied to
// s. d is the definition the state is pinned to. dst is reused for the operations. After an error s is unusable.
func Decide(d *Definition, s *State, in []Input, env Env, dst []Op) (Decided, error) {
	x := s.x
	if x == nil {
		x = &decider{}
		s.x = x
	}
	x.reset(d, s, env, dst)
	for i := range in {
		x.input(i, &in[i])
	}
	x.flush()
	x.run()
	x.lend()
	x.letGo()
	if x.readConfig && len(x.ops) > 0 {
		x.emit(Op{kind: opConfig, n: int64(env.Revision)})
	}
	s.nextWork()
	if x.err != nil {
		return Decided{}, x.err
	}
	out := x.out
	out.Ops, out.Seq, out.At, out.More = x.ops, s.seq, s.at, s.more && s.active()
	return out, nil
}

// decider is the working memory of one Decide, kept with the state for reuse.
type decider struct {
	d      *Definition
	s      *State
	env    Env
	bounds Bounds
	now    int64
	ops    []Op
	out    Decided
	err    error
	spent  int // of Bounds.PerDecide
	size   int // estimate of the entry's bytes
	ctx    expr.Context
	names  names
	marker marker
	edges  []int32
	seq    uint64 // of the entry before
	// readConfig: config was read, so the entry names its revision.
	readConfig bool
	// childOver is the step whose child has ended, so that there is nothing to recall when it ends.
	childOver *step
	// counted are children of tallied that ended well and are not journaled yet.
	tallied *step
	counted []gain
	gained  int // bytes of their outputs
	// woken: it goes on after a pause and may not yet, because it does not hold its limits.
	woken bool
	// What changed, for waits on a condition.
	changed []expr.Ref
}

func (x *decider) reset(d *Definition, s *State, env Env, dst []Op) {
	clear(x.out.Sends)
	out := Decided{Dispatch: x.out.Dispatch[:0], Cancel: x.out.Cancel[:0], Sends: x.out.Sends[:0], Answers: x.out.Answers[:0], Alarms: x.out.Alarms[:0]}
	edges, changed := x.edges[:0], x.changed[:0]
	*x = decider{d: d, s: s, env: env, bounds: env.Bounds.withDefaults(), now: max(env.Now, s.at), ops: dst[:0], seq: s.seq, out: out, edges: edges, changed: changed}
	x.names.x, x.marker.x = x, x
	x.ctx = expr.Context{Names: &x.names, Now: x.now}
}

func (b Bounds) withDefaults() Bounds {
	for _, f := range [...]struct {
		field *int
		value int
	}{
		{&b.Payload, 16 << 20}, {&b.Steps, 1_000_000}, {&b.LiveSteps, 10_000}, {&b.Depth, maxScopeDepth},
		{&b.Signals, 1_000}, {&b.Requests, 1_000}, {&b.PerDecide, 1_000}, {&b.EntryBytes, 1 << 20}, {&b.LostAttempts, 3}, {&b.Undos, 10_000},
	} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	if b.CancelGrace == 0 {
		b.CancelGrace = 30_000
	}
	return b
}

// emit adds an operation to the entry and applies it: the only way a decision changes the state.
func (x *decider) emit(o Op) {
	if x.err != nil {
		return
	}
	if len(x.ops) == 0 {
		x.s.begin(x.s.seq+1, x.now)
	}
	x.ops = append(x.ops, o)
	x.size += 64 + len(o.path) + len(o.data)
	if err := x.s.apply(&x.ops[len(x.ops)-1]); err != nil {
		x.err = fmt.Errorf("kernel: %s of %q: %w", o.Kind(), o.path, err)
		return
	}
	if x.s.whens != nil {
		x.noteOp(&o)
	}
}

// run goes on until nothing is ready or a bound of K8 is reached.
func (x *decider) run() {
	for x.err == nil && x.s.root != nil {
		if x.s.status == model.Pending && x.s.start.NotBefore <= x.now {
			x.gathered("time")
			if !x.claimOwn() {
				x.beginPending()
			}
		}
		if !x.s.active() {
			return
		}
		if x.spent >= x.bounds.PerDecide || x.size >= x.bounds.EntryBytes {
			if x.anyReady() {
				x.emit(Op{kind: opMore})
			}
			return
		}
		if !x.advance() {
			return
		}
		x.spent++
	}
}

func (x *decider) anyReady() bool {
	if x.d.entity != 0 {
		return x.entityReady()
	}
	if t := x.s.nextTimer(); t != nil && t.due <= x.now {
		return true
	}
	_, ok := x.s.nextWork()
	return ok
}

// advance does the next thing that is ready: a timer, then the agenda, then conditions.
func (x *decider) advance() bool {
	if x.d.entity != 0 {
		return x.advanceEntity()
	}
	if t := x.s.nextTimer(); t != nil && t.due <= x.now {
		fired := *t
		x.s.popTimer()
		if x.gateTimer(&fired) {
			return true
		}
		x.fire(fired)
		return true
	}
	if w, ok := x.s.nextWork(); ok {
		x.work(w)
		return true
	}
	return x.evalWhens()
}

func (x *decider) work(w work) {
	steps := x.s.scheduled - x.s.forgiven
	x.warn(BoundSteps, steps, x.bounds.Steps)
	x.warn(BoundLiveSteps, int64(x.s.live), x.bounds.LiveSteps)
	if steps > int64(x.bounds.Steps) {
		x.park(&model.Error{Code: "too_many_steps", Message: fmt.Sprintf("the execution has scheduled more than %d steps", x.bounds.Steps)}, "")
		return
	}
	if x.s.live > x.bounds.LiveSteps+maxScopeDepth { // composites around the steps do not count
		x.park(&model.Error{Code: "too_many_live_steps", Message: fmt.Sprintf("more than %d steps are live at once", x.bounds.LiveSteps)}, "")
		return
	}
	switch w.kind {
	case workRun:
		x.runStep(w.st)
	case workFollow:
		x.follow(w.st)
	case workFill:
		x.fill(w.st)
	case workClaimed:
		x.resumeClaimed(w.st)
	case workAgain:
		x.attempt(w.st)
	}
}

// scopeDef finds the definition of a scope, cached.
func (x *decider) scopeDef(sc *scope) *scopeDef {
	if sc.def == nil {
		if sc.owner == nil {
			sc.def = x.bodyDef()
		} else {
			sc.def = x.def(sc.owner).comp.scope(sc.index)
		}
	}
	return sc.def
}

// def finds the definition of a step's node, cached.
func (x *decider) def(st *step) *nodeDef {
	if st.def == nil && st.typ == typeFinally {
		st.def = x.scopeDef(st.sc).finally
	} else if st.def == nil {
		st.def = x.d.nodes[st.node]
	}
	return st.def
}

// marker lets the graph read and change the marking of one scope.
type marker struct {
	x   *decider
	sc  *scope
	sd  *scopeDef
	two int // region with two entries, -1
}

func (x *decider) mark(sc *scope) *marker {
	m := &x.marker
	m.sc, m.sd, m.two = sc, x.scopeDef(sc), -1
	return m
}

var _ graph.Scope = (*marker)(nil)

func (m *marker) Mark(e int32) graph.Mark        { return m.sc.mark(e) }
func (m *marker) Region(r int) graph.RegionState { return m.sc.region(r) }

func (m *marker) Started(n int) bool {
	return m.sc.ran(m.sd.nodes[n].m.ID) != nil
}

func (m *marker) Kill(edges []int32) {
	if len(edges) > 0 {
		m.x.emit(Op{kind: opEdges, path: m.sc.path, flag: true, dead: edges})
	}
}

func (m *marker) SetRegion(r int, st graph.RegionState) {
	m.x.emit(Op{kind: opRegion, path: m.sc.path, n: int64(r), word: regionWord(st)})
}

func (m *marker) Start(n int, unreachable bool) {
	path := m.x.startStep(m.sc, m.sd.nodes[n])
	if unreachable {
		m.x.emit(Op{kind: opDone, path: path, name: string(model.StepFailed), word: model.Unreachable})
	}
}

func (m *marker) Absorb(n int) {
	m.x.emit(Op{kind: opAbsorbed, path: m.sc.path, name: m.sd.nodes[n].m.ID})
}

func (m *marker) Merge(n int, token bool) { m.x.merge(m.sc, m.sd.nodes[n], token) }

func (m *marker) TwoEntries(r int) { m.two = r }

// startStep schedules a new step of node n.
func (x *decider) startStep(sc *scope, n *nodeDef) string {
	run := x.s.nextRun(sc, n.m.ID)
	path := n.m.ID
	if sc.path != "" || run > 1 {
		path = sc.stepPath(n.m.ID, run)
	}
	x.emit(Op{kind: opStep, path: path, word: n.m.Type})
	return path
}

// settle works out what follows from decided edges, then whether the scope has ended.
func (x *decider) settle(sc *scope, decided ...[]int32) {
	m := x.mark(sc)
	for _, edges := range decided {
		m.sd.g.Settle(m, edges)
	}
	x.settled(sc)
}

func (x *decider) settled(sc *scope) {
	if x.marker.two >= 0 {
		x.failScope(sc, &model.Error{Code: "two_entries", Message: "edges into one cycle lead to different nodes"})
		return
	}
	x.maybeEnd(sc)
}

// errorOf makes a journal error of an evaluation's error.
func errorOf(err error, step string) *model.Error {
	no := false
	e := &model.Error{Code: "expression", Message: err.Error(), Retryable: &no, Step: step}
	var at *expr.Error
	if errors.As(err, &at) {
		e.Message = at.Message
		if at.Hint != "" {
			e.Message += " (" + at.Hint + ")"
		}
	}
	return e
}
