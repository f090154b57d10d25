package kernel

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// snapshotVersion is the format of snapshots that is written; from oldestSnapshot on all are read. One that is not is
// refused and the journal folded, which cannot be where the entries before a base have been removed.
const (
	snapshotVersion = 4 // 3: a step in back-off may have given its place away; 4: digests of requests and of answers to tokens
	oldestSnapshot  = 2
)

var errSnapshot = errors.New("the snapshot is not readable by this version")

// Save appends the encoded state (without the codec byte). Equal states give equal bytes.
func Save(dst []byte, s *State) []byte {
	dst, _ = SaveWithTexts(dst, s)
	return dst
}

// SaveWithTexts appends the encoded state and says where in dst its large values are, which are JSON, in order.
func SaveWithTexts(dst []byte, s *State) ([]byte, []record.Span) {
	c := &codec{b: dst, save: true}
	c.state(s)
	return c.b, c.texts
}

// Restore reads a saved state. The state refers to body, which must not change any more.
func Restore(body []byte) (*State, error) {
	s := New()
	c := &codec{b: body}
	c.state(s)
	if c.err != nil {
		return nil, c.err
	}
	if len(c.b) != 0 {
		return nil, errSnapshot
	}
	return s, nil
}

func (c *codec) state(s *State) {
	c.s = s
	c.format = snapshotVersion
	c.u64(&c.format)
	if c.format < oldestSnapshot || c.format > snapshotVersion {
		c.err = fmt.Errorf("%w: format %d", errSnapshot, c.format)
		return
	}
	c.u64(&s.seq)
	num(c, &s.at)
	c.start(&s.start)
	str(c, &s.startedBy)
	c.value(&s.input)
	c.value(&s.trigger)
	c.body(s)
	list(c, &s.tags, func(t *tagValue) { str(c, &t.name); c.bytes(&t.data) })
	str(c, &s.status)
	num(c, &s.since)
	str(c, &s.reason)
	str(c, &s.by)
	str(c, &s.parkedAt)
	c.error(&s.parked)
	for _, t := range []*int64{&s.begun, &s.ended, &s.deadline, &s.scheduled, &s.signalSeq, &s.config, &s.undoSeq} {
		num(c, t)
	}
	list(c, &s.renames, func(r *tagValue) { str(c, &r.name); c.bytes(&r.data) })
	str(c, &s.outcome)
	c.value(&s.output)
	c.error(&s.failure)
	c.flag(&s.more)
	list(c, &s.signals, c.signal)
	list(c, &s.seen, func(v *string) { str(c, v) })
	c.kin(s)
	list(c, &s.requests, func(a *answered) { str(c, &a.request); str(c, &a.code); c.digest(&a.digest) })
	c.u64(&s.first)
	num(c, &s.forgiven)
	list(c, &s.bases, func(b *mark) { c.u64(&b.seq); num(c, &b.at); num(c, &b.steps); str(c, &b.sum) })
	list(c, &s.warned, func(w *warned) { str(c, &w.bound); num(c, &w.percent) })
	c.claims(&s.claims)
	c.entity(s)
	c.tree(s)
}

func (c *codec) start(st *Start) {
	c.id(&st.ID)
	c.id(&st.Parent)
	c.id(&st.Of)
	c.u64(&st.OfSeq)
	for _, t := range []*string{&st.Namespace, &st.Workflow, &st.Version, &st.Hash, &st.Key} {
		str(c, t)
	}
	num(c, &st.NotBefore)
	str(c, &st.Step)
	num(c, &st.Attempt)
	c.flag(&st.Waits)
}

func (c *codec) signal(k *keptSignal) {
	num(c, &k.n)
	str(c, &k.name)
	c.value(&k.data)
	num(c, &k.at)
	num(c, &k.expires)
}

// tree walks the scopes, outer ones first, then what refers to steps by path.
func (c *codec) tree(s *State) {
	open := s.root != nil
	c.flag(&open)
	if !open || c.err != nil {
		return
	}
	if !c.save {
		s.root = &scope{}
	}
	c.scope(s.root)
	paths := s.scopePaths()
	list(c, &paths, func(p *string) {
		str(c, p)
		kept := s.kept[*p] != nil
		c.flag(&kept)
		if c.err != nil {
			return
		}
		if !c.save {
			in := s.scopes
			if kept {
				in = s.kept
			}
			in[*p] = &scope{path: *p, closed: kept}
		}
		c.inner(s.scopeAt(*p))
	})
	c.undoLists(s)
	c.paths(&s.waiters)
	c.paths(&s.whens)
	c.paths(&s.asks)
	c.agenda(s)
	if !c.save && c.err == nil {
		s.relink()
	}
}

// scopePaths are the paths of the scopes that are open or kept, but the root's, outer ones first.
func (s *State) scopePaths() []string {
	paths := make([]string, 0, len(s.scopes)+len(s.kept))
	for path := range s.scopes { // sorted: below
		paths = append(paths, path)
	}
	for path := range s.kept { // sorted: below
		paths = append(paths, path)
	}
	slices.SortFunc(paths, outerFirst)
	return paths
}

// outerFirst orders paths so that a scope comes after the one around it.
func outerFirst(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	if a < b {
		return -1
	}
	return 1
}

// inner is a scope of a composite: it names its owner.
func (c *codec) inner(sc *scope) {
	var owner string
	if c.save {
		owner = sc.owner.path
	}
	str(c, &owner)
	if !c.save {
		sc.owner = c.s.stepAt(owner)
		if sc.owner == nil || sc.owner.comp == nil {
			c.fail()
			return
		}
		sc.parent = sc.owner.sc
	}
	num(c, &sc.index)
	str(c, &sc.key)
	if sc.closed {
		c.value(&sc.item) // its composite may not have the list any more
	}
	c.scope(sc)
}

func (c *codec) scope(sc *scope) {
	num(c, &sc.opened)
	list(c, &sc.nodes, func(r *nodeRec) {
		str(c, &r.name)
		num(c, &r.runs)
		num(c, &r.base)
		c.flag(&r.idle)
		if !c.save {
			r.step = &step{sc: sc, node: r.name}
		}
		c.step(r.step)
	})
	list(c, &sc.former, func(st **step) {
		if !c.save {
			*st = &step{sc: sc}
		}
		str(c, &(*st).node)
		c.step(*st)
	})
	if !c.save && len(sc.nodes) > manyNodes {
		sc.byName = make(map[string]int32, len(sc.nodes))
		for i := range sc.nodes {
			sc.byName[sc.nodes[i].name] = int32(i)
		}
	}
	list(c, &sc.marks, func(m *graph.Mark) { num(c, m) })
	list(c, &sc.regions, func(r *graph.RegionState) { num(c, r) })
	list(c, &sc.vars, func(v *variable) { str(c, &v.name); c.value(&v.v) })
	for _, n := range []*int{&sc.live, &sc.unfollowed, &sc.leftovers, &sc.running} {
		num(c, n)
	}
	c.paths(&sc.queue)
	c.path(&sc.last)
	c.error(&sc.handled)
	c.error(&sc.held)
	str(c, &sc.heldAt)
	c.flag(&sc.closing)
	str(c, &sc.outcome)
	c.value(&sc.output)
	c.error(&sc.err)
	num(c, &sc.grace)
	c.flag(&sc.handsUp)
	c.flag(&sc.final)
}

// path walks a pointer to a step of a scope that was walked before, or of this one.
func (c *codec) path(st **step) {
	var p string
	if c.save && *st != nil && c.s.stepAt((*st).path) == *st {
		p = (*st).path
	}
	str(c, &p)
	if !c.save && p != "" && c.err == nil {
		c.later(p, st)
	}
}

func (c *codec) paths(steps *[]*step) {
	list(c, steps, c.path)
}

// later resolves a path. The root scope's own steps are found although it is still being read.
func (c *codec) later(p string, st **step) {
	*st = c.s.stepAt(p)
	if *st == nil {
		c.fail()
	}
}

func (c *codec) agenda(s *State) {
	var items []work
	if c.save {
		for _, w := range s.agenda[s.agendaHead:] {
			if w.ready() {
				items = append(items, w)
			}
		}
	}
	list(c, &items, func(w *work) { num(c, &w.kind); c.path(&w.st) }) // of their turns, those of new steps
	if !c.save {
		s.agenda = items
	}
}

func (c *codec) step(st *step) {
	str(c, &st.typ)
	num(c, &st.run)
	str(c, &st.path)
	str(c, &st.target)
	str(c, &st.status)
	c.flag(&st.began)
	c.flag(&st.queued)
	for _, t := range []*int64{&st.scheduled, &st.since, &st.ended, &st.asked, &st.due, &st.deadline, &st.fresh} {
		num(c, t)
	}
	str(c, &st.outcome)
	c.value(&st.output)
	c.error(&st.err)
	for _, f := range []*bool{&st.followed, &st.out, &st.withdraw, &st.unknown, &st.doubt, &st.undone} {
		c.flag(f)
	}
	if c.format >= 3 {
		c.flag(&st.queues)
	}
	num(c, &st.attempt)
	num(c, &st.losses)
	num(c, &st.lost)
	list(c, &st.tries, func(n *int16) { num(c, n) })
	c.task(&st.task)
	list(c, &st.arms, func(a *arm) {
		c.arm(&a.armSpec)
		list(c, &a.got, c.signal)
	})
	c.comp(st)
	c.ballot(st)
	c.callback(st)
	c.away(st)
	c.claims(&st.claims)
}

func (c *codec) task(spec **taskSpec) {
	has := *spec != nil
	c.flag(&has)
	if !has {
		return
	}
	if !c.save {
		*spec = &taskSpec{}
	}
	t := *spec
	c.bytes(&t.with)
	list(c, &t.refs, func(r *inrefValue) { str(c, &r.key); c.value(&r.v) })
	list(c, &t.holes, c.hole)
	var late []byte
	if c.save && len(t.late) > 0 {
		late = appendLate(nil, t.late)
	}
	c.bytes(&late)
	if !c.save && len(late) > 0 && json.Unmarshal(late, &t.late) != nil {
		c.fail()
	}
	num(c, &t.timeout)
	num(c, &t.heartbeat)
}

func (c *codec) arm(a *armSpec) {
	str(c, &a.name)
	num(c, &a.due)
	str(c, &a.signal)
	for _, f := range []*bool{&a.match, &a.when, &a.fresh} {
		c.flag(f)
	}
	num(c, &a.count)
}

func (c *codec) comp(st *step) {
	has := st.comp != nil
	c.flag(&has)
	if !has {
		return
	}
	if !c.save {
		st.comp = &comp{}
	}
	k := st.comp
	for _, n := range []*int{&k.total, &k.next, &k.live, &k.good, &k.failed, &k.limit} {
		num(c, n)
	}
	c.flag(&k.branches)
	c.value(&k.items)
	num(c, &k.batch)
	c.flag(&k.open)
	c.flag(&k.skips)
	if !c.save && k.items != nil && k.split() != nil {
		c.fail()
	}
	list(c, &k.added, c.value)
	for i := range k.added {
		if !c.save && (k.added[i] == nil || k.spread(k.added[i]) != nil) {
			c.fail()
			return
		}
	}
	list(c, &k.results, c.value)
	list(c, &k.errors, func(e *instanceError) { num(c, &e.index); c.error(&e.err) })
	c.value(&k.last)
	str(c, &k.word)
	str(c, &k.verdict)
	c.kids(k)
	if !c.save {
		k.gathered = k.size()
	}
	c.value(&k.output)
	c.error(&k.err)
}

// relink rebuilds what is derived: open instances in order, timers, counts, sizes.
func (s *State) relink() {
	s.bytes += s.input.size() + s.trigger.size()
	for _, k := range s.signals {
		s.bytes += k.data.size()
	}
	for _, path := range s.scopePaths() {
		sc := s.scopeAt(path)
		if c := sc.owner.comp; !sc.closed {
			c.scopes = append(c.scopes, sc)
			sc.item = c.item(sc.index)
		}
		s.relinkScope(sc)
	}
	for _, sc := range s.scopes { // sorted: each list is sorted by itself
		slices.SortFunc(sc.owner.comp.scopes, func(a, b *scope) int { return a.index - b.index })
	}
	s.relinkScope(s.root)
	s.relinkLenders()
	s.collectTimers()
}

// collectTimers puts every timer of the state on the heap, which is empty.
func (s *State) collectTimers() {
	if s.begun == 0 && (s.status == model.Pending || !bug.On(bug.DelayForgotten)) {
		s.addTimer(timer{due: s.start.NotBefore, kind: timerBegin})
	}
	s.setDeadline(s.deadline)
	s.eachScope(func(sc *scope) {
		if sc.grace > 0 {
			s.addTimer(timer{due: sc.grace, kind: timerGrace, sc: sc})
		}
	})
	s.eachStep(func(st *step) {
		if st.due > 0 {
			s.addTimer(timer{due: st.due, kind: timerDue, st: st})
		}
		if st.deadline > 0 && !st.over() {
			s.addTimer(timer{due: st.deadline, kind: timerDeadline, st: st})
		}
	})
}

func (s *State) relinkScope(sc *scope) {
	for _, v := range sc.vars {
		s.bytes += v.v.size()
	}
	for i := range sc.nodes {
		st := sc.nodes[i].step
		n := st.output.size() + st.comp.size()
		sc.bytes += n
		s.bytes += n
		if st.over() {
			continue
		}
		s.live++
		if st.out {
			s.tasks++
			if !st.cleanup() {
				sc.outs++
			}
		}
	}
}
