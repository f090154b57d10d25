package kernel

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Entry is one entry of a journal, decoded.
type Entry struct {
	Seq uint64
	At  int64
	Ops []Op
}

// Fork is the past with which a new execution begins: the operations that made the state of another, as of an entry,
// each complete in itself (LANGUAGE 10). See [NewFork].
type Fork struct {
	// Start is that of the original.
	Start Start
	// Of is the original and Seq its entry up to which it was copied.
	Of  record.ID
	Seq uint64
	// Resets are steps to run again, by path, in scopes that are open in the copy.
	Resets []string
	// Reopened are composites that had ended and go on, by path, outer ones first: what came after them is taken back.
	Reopened []string
	// Migration is set where the copy goes on with another version; nil for none.
	Migration *Migration

	copies []Op
	begun  bool  // the original had begun
	at     int64 // time of that entry
	bytes  int
}

// CodeNothingFailed refuses a rerun of an execution without failed steps from those.
const CodeNothingFailed = "nothing_failed"

// CodeTrimmed refuses to copy an execution whose first entries are gone.
const CodeTrimmed = "trimmed"

// CodeElsewhere refuses to copy a foreach whose items run as children: they tell their end to the original only.
const CodeElsewhere = "waits_elsewhere"

// maxFork bounds what a first entry may copy.
const maxFork = 8 << 20

// NewFork reads a journal from entry 1 up to entry upto (0: to its end) and keeps what its state is made of. Of an
// execution that has closed, what it did to close is left out: it is copied as it was just before. What happened inside
// scopes that had ended is left out, too, but for their results.
//
// from are the steps to run again, by path; the scopes of one that have ended are open again, see reopen. With failed
// they are those that made the execution fail, see culprits.
func NewFork(entries []Entry, upto uint64, from []string, failed bool) (*Fork, *model.Error) {
	if len(entries) == 0 || entries[0].Seq != 1 {
		return nil, &model.Error{Code: CodeTrimmed, Message: "the beginning of its history was removed, so it cannot be copied"}
	}
	f := newForker()
	if err := f.survey(entries, upto); err != nil {
		return nil, &model.Error{Code: "journal", Message: err.Error()}
	}
	f.fork.Start.Version, f.fork.Start.Hash = f.end.start.Version, f.end.start.Hash
	f.fork.begun = f.end.begun > 0 || bug.On(bug.CopyBegins)
	if f.end.gather != nil { // a copy is of one start, and leaves the key to those that come
		f.fork.Start.Gather, f.fork.Start.Key = nil, ""
		f.fork.Start.Input, f.fork.Start.Trigger = f.end.Input(), f.end.trigger.bytes()
	}
	if IsEntity(f.fork.Start.Workflow) {
		return nil, &model.Error{Code: CodeEntity, Message: "there is one of it, and it cannot be copied"}
	}
	again, err := f.again(from, failed)
	if err != nil {
		return nil, err
	}
	if err := f.copy(entries); err != nil {
		return nil, &model.Error{Code: "journal", Message: err.Error()}
	}
	if err := f.resets(again); err != nil {
		return nil, err
	}
	if f.fork.bytes > maxFork {
		return nil, &model.Error{Code: CodePayload, Message: fmt.Sprintf("the copy of its state has %d bytes, more than %d", f.fork.bytes, maxFork)}
	}
	return f.fork, nil
}

// forker folds a journal twice: to see how it ends, then to copy it.
type forker struct {
	fork   *Fork
	end    *State            // as of the cut
	ops    int               // operations before the cut
	closed map[string]bool   // scopes that have ended
	undone map[string]bool   // steps that were undone after the cut
	owns   bool              // the copy owns what is left to undo
	owners map[string]string // of scopes, by path
	back   map[taking]int    // how often a step put a signal back

	past     past
	reopened map[string]int  // scopes that are open again, with the operation that began to close each
	owning   map[string]bool // composites that go on
}

// taking names a signal that a step has taken.
type taking struct {
	step   string
	signal int64
}

func newForker() *forker {
	return &forker{
		fork: &Fork{}, closed: map[string]bool{}, undone: map[string]bool{}, owners: map[string]string{}, back: map[taking]int{},
		past: newPast(), reopened: map[string]int{}, owning: map[string]bool{},
	}
}

// each calls do for the operations of the journal in order, those that were copied into it among them, until it says
// no.
func each(entries []Entry, do func(e *Entry, at int64, o *Op) (bool, error)) error {
	for i := range entries {
		e := &entries[i]
		for j := range e.Ops {
			o := &e.Ops[j]
			if o.kind != opCopied {
				if more, err := do(e, e.At, o); err != nil || !more {
					return err
				}
				continue
			}
			for k := range o.ops {
				if more, err := do(e, o.due, &o.ops[k]); err != nil || !more {
					return err
				}
			}
		}
	}
	return nil
}

// survey folds up to the cut.
func (f *forker) survey(entries []Entry, upto uint64) error {
	f.end = New()
	cut := false
	return each(entries, func(e *Entry, at int64, o *Op) (bool, error) {
		if cut = cut || upto > 0 && e.Seq > upto || f.end.root != nil && ends(o); cut {
			f.afterCut(o)
			return true, nil
		}
		f.past.note(f.ops, o)
		f.ops++
		f.fork.Seq, f.fork.at = e.Seq, e.At
		f.end.begin(e.Seq, at)
		switch o.kind {
		case opStart:
			f.fork.Start, f.fork.Of = *o.start, o.start.ID
		case opOpen:
			f.owners[o.path] = o.text
		case opClosed:
			f.closed[o.path] = true
		case opPutBack:
			f.back[taking{o.path, o.n}]++
		}
		return true, f.end.apply(o)
	})
}

// afterCut notes what the original did afterwards that matters: what it has undone, and that it has closed.
func (f *forker) afterCut(o *Op) {
	switch o.kind {
	case opUndone:
		f.undone[o.text] = true
	case opEnd:
		f.owns = true
	}
}

// ends reports whether the execution begins to close, or closes, by o.
func ends(o *Op) bool {
	return o.kind == opEnd || (o.kind == opClose || o.kind == opClosed) && o.path == ""
}

// again chooses the steps to run again, by path, and opens the scopes of those that were asked for.
func (f *forker) again(from []string, failed bool) ([]string, *model.Error) {
	if failed {
		from = f.culprits(f.failed())
		if len(from) == 0 && f.end.live == 0 {
			return nil, &model.Error{Code: CodeNothingFailed, Message: "no step of it failed unhandled; name the step from which to run again"}
		}
	}
	if err := f.rollsBack(); err != nil {
		return nil, err
	}
	for _, path := range from {
		if err := f.reopen(path); err != nil {
			return nil, err
		}
	}
	from = slices.Clone(from)
	for path := range f.undone {
		from = append(from, path) // sorted: below
	}
	slices.Sort(from)
	return from, nil
}

// resets finds those steps in the copy.
func (f *forker) resets(again []string) *model.Error {
	copied := New()
	if err := f.fork.fold(copied); err != nil {
		return &model.Error{Code: "journal", Message: err.Error()}
	}
	if err := elsewhere(copied); err != nil {
		return err
	}
	x := decider{s: copied}
	for _, path := range again {
		st, err := x.target(f.outermost(path))
		if err != nil && x.around(path) != "" {
			return &model.Error{Code: CodeUnknownStep, Message: "the execution has no step " + path}
		}
		if err != nil {
			return err
		}
		f.fork.Resets = append(f.fork.Resets, st.path)
	}
	return nil
}

// elsewhere refuses to copy a foreach with children that run.
func elsewhere(s *State) (err *model.Error) {
	at := ""
	s.eachStep(func(st *step) {
		if st.comp != nil && len(st.comp.kids) > 0 && (at == "" || st.path < at) {
			at = st.path
			err = &model.Error{Code: CodeElsewhere, Message: at + " has children that run and tell their end to the original only; wait for them, or fork it as of an earlier entry"}
		}
	})
	return err
}

// rollsBack refuses to copy a compensation that runs, and of an open execution a scope that is ending: it is for the
// original to end that.
func (f *forker) rollsBack() (err *model.Error) {
	f.end.eachScope(func(sc *scope) {
		if !f.owns && sc.closing && !sc.closed || sc.undoing != nil {
			err = &model.Error{Code: CodeClosing, Message: "a scope of it is ending; wait for its end, or fork it as of an earlier entry"}
		}
	})
	return err
}

// outermost is the step that stands for path in a scope that is open: itself, or the composite around it.
func (f *forker) outermost(path string) string {
	for i := range len(path) {
		if _, open := f.reopened[path[:i]]; path[i] == '/' && f.closed[path[:i]] && !open {
			return f.owners[path[:i]]
		}
	}
	return path
}

// failed are the steps whose failure nothing handled, or was answered with the target fail. There may be none where
// the execution was ended from outside; its live steps go on then.
func (f *forker) failed() (paths []string) {
	handled := ""
	f.end.eachStep(func(st *step) {
		if st.over() && !st.followed && st.status == model.StepFailed && st.current() && !st.cleanup() {
			paths = append(paths, st.path)
		}
	})
	if f.end.root == nil {
		return nil
	}
	if h := f.end.root.handled; len(paths) == 0 && f.end.live == 0 && h != nil {
		handled = h.Step
	}
	if handled != "" {
		paths = append(paths, handled)
	}
	return paths
}

// copy keeps the operations before the cut that the state is made of.
func (f *forker) copy(entries []Entry) error {
	s, left := New(), f.ops
	var last *Op
	err := each(entries, func(e *Entry, at int64, o *Op) (bool, error) {
		if left == 0 {
			return false, nil
		}
		n := f.ops - left
		left--
		s.begin(e.Seq, at)
		c, keep, err := f.complete(s, o)
		keep = keep && !f.takenBack(n, o)
		if err != nil || !keep {
			return true, err
		}
		if last == nil || last.n != int64(e.Seq) || last.due != at {
			f.fork.copies = append(f.fork.copies, Op{kind: opCopied, n: int64(e.Seq), due: at})
			last = &f.fork.copies[len(f.fork.copies)-1]
		}
		last.ops = append(last.ops, c)
		f.fork.bytes += 64 + len(c.path) + len(c.data)
		return true, nil
	})
	return err
}

// complete applies o and gives it in a form that refers to nothing else.
func (f *forker) complete(s *State, o *Op) (c Op, keep bool, err error) {
	c = *o
	sc := s.scopeAt(o.path)
	if err := s.apply(o); err != nil {
		return c, false, err
	}
	switch o.kind {
	case opInput, opStart, opBegin, opLog, opAbsorbed, opMore, opConfig, opAlarm, opBase, opTrim, opWarn:
		return c, false, nil
	case opSend, opChild, opListen, opLeft, opAwait, opAnswered, opBeat: // an answer comes to the original: the fork asks itself
		return c, false, nil
	case opGather, opGathered:
		return c, false, nil
	case opClaim, opGranted, opLend: // the original has its places in line, the copy asks for its own
		return c, false, nil
	case opStatus:
		return Op{kind: opStatus, word: string(model.Running), n: o.n}, o.n > 0, nil
	case opMigrate:
		c.name, c.text = f.end.start.Version, f.end.start.Hash
	case opUndo:
		if !f.owns || f.undone[o.path] {
			return c, false, nil
		}
	case opClose:
		if f.gone(o.path) {
			return c, false, nil
		}
	case opTook:
		if k := (taking{o.path, o.n}); f.inside(o) && f.back[k] > 0 {
			f.back[k]--
			return c, false, nil
		}
		if f.inside(o) {
			return Op{kind: opExpired, n: o.n}, true, nil
		}
	case opFeed:
		if f.inside(o) && o.until > 0 {
			return Op{kind: opExpired, n: o.until}, true, nil
		}
	}
	if f.inside(o) {
		return c, false, nil
	}
	switch o.kind {
	case opClosed:
		c.word, c.err = sc.outcome, sc.err
		c.carry(sc.output)
	case opClose:
		c.carry(sc.output)
	case opSet:
		if len(o.refs) > 0 || o.text != "" {
			c.word = "set"
			c.carry(sc.variable(o.name).v)
		}
	case opTask, opDone, opVerdict, opEnter:
		if st := s.stepAt(o.path); st != nil {
			f.completeStep(&c, st)
		}
	}
	return c, true, nil
}

func (f *forker) completeStep(c *Op, st *step) {
	switch c.kind {
	case opDone:
		c.carry(st.output)
	case opVerdict:
		c.carry(st.comp.output)
	case opEnter:
		if (c.hasData || c.text != "") && c.name != rangeOfItems {
			c.carry(st.comp.items)
		}
	case opTask:
		now := f.end.findStep(c.path)
		switch {
		case now == nil && !f.opened(c.path) || now != nil && now.over() && now.undo == nil: // nobody reads its configuration any more
			c.data, c.hasData, c.refs, c.late, c.due, c.n, c.until = nil, false, nil, nil, 0, 0, 0
		case c.hasData || len(c.refs) > 0:
			c.data, c.hasData, c.refs = st.task.bytes(), true, nil
		}
	}
}

// carry makes v the data of the operation.
func (o *Op) carry(v *value) {
	o.data, o.hasData, o.text, o.refs = nil, v != nil, "", nil
	if v != nil {
		o.data = v.bytes()
	}
}

// gone reports whether the scope had ended at the cut and nothing in it may have to be undone.
func (f *forker) gone(scope string) bool {
	_, open := f.reopened[scope]
	return f.closed[scope] && !open && f.end.kept[scope] == nil
}

// opened reports whether the step path stands in a scope that is open again.
func (f *forker) opened(path string) bool {
	scope, _, _ := splitPath(path)
	_, open := f.reopened[scope]
	return open
}

// inside reports whether o happened inside a scope that is gone.
func (f *forker) inside(o *Op) bool {
	switch o.kind {
	case opSet, opRegion, opHold, opReset:
		if f.gone(o.path) {
			return true
		}
	case opEdges:
		if o.flag && f.gone(o.path) {
			return true
		}
	}
	for i := range len(o.path) {
		if o.path[i] == '/' && f.gone(o.path[:i]) {
			return true
		}
	}
	return false
}

// applyCopied folds what was copied from another execution, or from an earlier time of this one.
func (s *State) applyCopied(o *Op) error {
	now := s.at
	s.at = o.due
	for i := range o.ops {
		if err := s.apply(&o.ops[i]); err != nil {
			return fmt.Errorf("copied operation %d (%s): %w", i, o.ops[i].Kind(), err)
		}
	}
	s.at = now
	return nil
}

// tagForkOf is the tag by which the forks of an execution are found.
const tagForkOf = "fork_of"

// startFork begins an execution with the past of another. Attempts that were out belong to the other: they begin anew.
// All timers are moved by the time that has passed.
func (x *decider) startFork(i int, in *Input) {
	f := in.Start.Fork
	if refusal := x.refuseMigration(f); refusal != nil {
		x.refuse(i, in, refusal)
		return
	}
	st := *in.Start
	st.Signal, st.By, st.NotBefore, st.Of, st.OfSeq = nil, "", 0, f.Of, f.Seq
	passed := x.now - f.at
	deadline := x.deadlineOf(x.d.timeout)
	switch {
	case !f.begun && x.d.limits != nil:
		deadline = 0 // it begins with the grant
	case f.begun && deadline > 0:
		deadline -= passed // it is moved with the other timers
	}
	x.emit(Op{kind: opStart, start: &st, by: in.By, due: deadline})
	x.accept(i, in)
	x.openTags()
	for k := range f.copies {
		x.emit(f.copies[k])
	}
	if f.begun {
		x.emit(Op{kind: opStatus, word: string(model.Running), n: passed})
	}
	id, _ := json.Marshal(f.Of.String()) // a string can be written
	x.emit(Op{kind: opTags, tags: []tagValue{{tagForkOf, id}}})
	if x.err != nil {
		return
	}
	if !f.begun {
		if !x.claimOwn() {
			x.openRoot()
		}
		return
	}
	for _, ref := range x.s.Tasks() {
		x.lost(&Input{Kind: InReleased, Step: ref.Step, Attempt: ref.Attempt})
	}
	x.endStopped()
	x.migrateFork(f)
	x.takeBackBehind(f.Reopened)
	for _, st := range x.firsts(f.Resets) {
		if st.current() && !st.stopped() && x.err == nil { // not inside what another reset has taken back
			x.resetNode(st.sc, x.def(st))
		}
	}
	x.beginAgain()
	x.claimAgain()
	x.claimInside()
	if x.err == nil && x.s.root != nil {
		x.wake()
	}
	x.answered()
}

// endStopped ends what was being stopped elsewhere, in a child or by the holder of a token: that tells the original only.
func (x *decider) endStopped() {
	if bug.On(bug.CopyWaits) {
		return // seeded: nobody tells the copy
	}
	var todo []*step
	x.s.eachStep(func(st *step) {
		if !st.over() && st.stopped() && !st.out && st.comp == nil {
			todo = append(todo, st)
		}
	})
	slices.SortFunc(todo, func(a, b *step) int { return compare(a.path, b.path) })
	for _, st := range todo {
		x.cancelStep(st)
	}
}

// firsts are those of the steps that the reset of none of the others reaches, outer ones first; of several in one
// region, the first.
func (x *decider) firsts(paths []string) (list []*step) {
	var all []*step
	for _, path := range paths {
		if st := x.s.findStep(path); st != nil && st.current() {
			all = append(all, st)
		}
	}
	reaches := func(a, b *step) bool {
		return a.sc == b.sc && reachOf(x.scopeDef(a.sc).g, x.def(a).index).nodes[x.def(b).index]
	}
	for i, st := range all {
		behind := slices.ContainsFunc(all, func(o *step) bool { return o != st && reaches(o, st) && !reaches(st, o) }) ||
			slices.ContainsFunc(all[:i], func(o *step) bool { return reaches(o, st) })
		if !behind {
			list = append(list, st)
		}
	}
	slices.SortStableFunc(list, func(a, b *step) int { return strings.Count(a.path, "/") - strings.Count(b.path, "/") })
	return list
}

// beginAgain starts the steps of a fork that cannot go on as they are: those that failed unhandled.
func (x *decider) beginAgain() {
	var todo []*step
	x.s.eachStep(func(st *step) {
		failed := st.over() && !st.followed && st.status == model.StepFailed
		if failed && st.current() && !st.sc.closing {
			todo = append(todo, st)
		}
	})
	slices.SortFunc(todo, func(a, b *step) int { return strings.Compare(a.path, b.path) })
	for _, st := range todo {
		if x.err == nil && st.current() && (!st.over() || !st.followed) {
			x.resetNode(st.sc, x.def(st))
		}
	}
}

// fold gives the state that was copied.
func (f *Fork) fold(s *State) error {
	st := f.Start
	s.begin(1, f.at)
	if err := s.apply(&Op{kind: opStart, start: &st}); err != nil {
		return err
	}
	for i := range f.copies {
		if err := s.apply(&f.copies[i]); err != nil {
			return err
		}
	}
	return nil
}
