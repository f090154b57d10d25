package kernel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/model"
)

// Apply folds entry seq into s. It takes no definition and decides nothing, so every journal ever written folds for
// ever. An error means that the journal is damaged or from a newer version; s is then unusable.
func Apply(s *State, seq uint64, at int64, ops []Op) error {
	if err := s.begins(seq, ops); err != nil {
		return fmt.Errorf("entry %d: %w", seq, err)
	}
	if seq != s.seq+1 {
		return fmt.Errorf("entry %d follows entry %d", seq, s.seq)
	}
	if s.start.ID.IsZero() && (len(ops) == 0 || !slices.ContainsFunc(ops, func(o Op) bool { return o.kind == opStart })) {
		return fmt.Errorf("entry %d does not start the execution", seq)
	}
	return s.fold(seq, at, ops, nil)
}

// Replay is Apply that shows each step when it has ended, with its output, wherever in the journal that stands.
func Replay(s *State, e *Entry, ended func(StepView)) error {
	if err := s.begins(e.Seq, e.Ops); err != nil {
		return fmt.Errorf("entry %d: %w", e.Seq, err)
	}
	return s.fold(e.Seq, e.At, e.Ops, func(o *Op) {
		if o.kind != opDone {
			return
		}
		if st := s.findStep(o.path); st != nil && st.over() {
			ended(st.view())
		}
	})
}

// fold applies the operations of an entry and tells of each.
func (s *State) fold(seq uint64, at int64, ops []Op, applied func(*Op)) error {
	s.begin(seq, at)
	for i := range ops {
		if err := s.apply(&ops[i]); err != nil {
			return fmt.Errorf("entry %d, operation %d (%s): %w", seq, i, ops[i].Kind(), err)
		}
		if applied != nil {
			applied(&ops[i])
		}
	}
	s.nextWork() // drops what is done, as Decide does
	s.loose = s.loose[:0]
	return nil
}

func (s *State) begin(seq uint64, at int64) {
	s.seq, s.at, s.more = seq, at, false
	s.loose = s.loose[:0]
}

func (s *State) apply(o *Op) error {
	switch o.kind {
	case opInput:
		s.applyInput(o)
	case opStart:
		s.applyStart(o)
	case opBegin:
		s.setStatus(model.Running)
		s.begun = s.at
		s.setDeadline(o.due)
	case opTags:
		s.applyTags(o)
	case opLog, opAbsorbed, opAlarm:
	case opSignal:
		s.applySignal(o)
	case opExpired, opUndelivered:
		s.dropSignal(o.n)
	case opStatus:
		s.applyStatus(o)
	case opEnd:
		s.applyEnd(o)
	case opMore:
		s.more = true
	case opConfig:
		s.config = o.n
	case opCopied:
		return s.applyCopied(o)
	case opMigrate:
		s.applyMigrate(o)
	case opSend:
		return s.applySend(o)
	case opListen:
		return s.applyListen(o)
	case opLeft:
		return s.applyLeft(o)
	case opBase:
		s.applyBase(o)
	case opTrim:
		s.applyTrim(o)
	case opWarn:
		s.applyWarn(o)
	case opClaim:
		return s.applyClaim(o)
	case opGranted:
		return s.applyGranted(o)
	case opLend:
		return s.applyLend(o)
	case opLimit, opPlace, opGrant, opYield, opFree, opTurned:
		return s.applyToLimit(o)
	case opSchedule, opDue, opTick, opQueue, opEnded:
		return s.applyToSchedule(o)
	case opGather:
		return s.applyGather(o)
	case opGathered:
		return s.applyGathered()
	case opOpen:
		return s.applyOpen(o)
	case opRegion, opSet, opClose, opClosed, opHold, opStep, opReset, opGraph:
		return s.applyInScope(o)
	case opEdges:
		if o.flag {
			return s.applyInScope(o)
		}
		return s.applyToStep(o)
	default:
		return s.applyToStep(o)
	}
	return nil
}

func (s *State) applyInScope(o *Op) error {
	path := o.path
	if o.kind == opStep {
		path, _, _ = splitPath(o.path)
	}
	sc := s.scopeAt(path)
	if sc == nil {
		return fmt.Errorf("no open scope %q", path)
	}
	switch o.kind {
	case opEdges:
		sc.setMarks(o.taken, graph.Taken)
		sc.setMarks(o.dead, graph.Dead)
	case opRegion:
		sc.setRegion(int(o.n), regionState(o.word))
	case opSet:
		return s.applySet(sc, o)
	case opStep:
		return s.applyStep(sc, o)
	case opHold:
		return s.applyHold(sc, o)
	case opReset:
		return s.applyReset(sc, o)
	case opGraph:
		s.applyGraph(sc, o)
	case opClose:
		s.applyClose(sc, o)
	case opClosed:
		s.applyClosed(sc, o)
	}
	return nil
}

func (s *State) applyToStep(o *Op) error {
	st := s.stepAt(o.path)
	if st == nil {
		return fmt.Errorf("no step %q", o.path)
	}
	switch o.kind {
	case opQueued:
		st.answered()
		st.queued, st.due = true, 0
		st.sc.queue = append(st.sc.queue, st)
	case opTask:
		return s.applyTask(st, o)
	case opWait:
		s.applyWait(st, o)
	case opEnter:
		return s.applyEnter(st, o)
	case opBackoff:
		s.applyBackoff(st, o)
	case opLost:
		s.applyLost(st, o)
	case opCancel:
		st.asked = s.at
		st.withdraw = st.withdraw || o.flag
		if o.until > 0 {
			s.setDue(st, o.until)
		}
	case opTook:
		s.applyTook(st, o)
	case opPutBack:
		s.applyPutBack(st, o)
	case opVerdict:
		if st.comp == nil {
			return errNoComposite(st)
		}
		st.comp.verdict, st.comp.err = o.word, o.err
		st.turns[workFill.counter()]++
		st.comp.output = s.outputOf(o, st)
	case opDone:
		s.applyDone(st, o)
	case opEdges:
		s.applyEdges(st, o)
	case opFeed:
		return s.applyFeed(st, o)
	case opAwait:
		s.applyAwait(st, o)
	case opAnswered:
		s.applyAnswered(st, o)
	case opBeat:
		s.applyBeat(st, o)
	case opAsk:
		return s.applyAsk(st, o)
	case opVote:
		return s.applyVote(st, o)
	case opEscalate:
		return s.applyEscalate(st, o)
	case opUndo:
		s.applyUndo(st, o)
	case opUndone:
		if st.undoes == nil {
			return fmt.Errorf("step %q undoes nothing", o.path)
		}
		s.applyUndone(st)
	case opSpawn:
		return s.applySpawn(st, o)
	case opReturned:
		return s.applyReturned(st, o)
	case opChild:
		return s.applyChild(st, o)
	case opAgain:
		st.follow()
		st.sc.handled = nil
	default:
		return fmt.Errorf("unknown operation %d", o.kind)
	}
	return nil
}

func (s *State) applyInput(o *Op) {
	if o.req == "" {
		return
	}
	if s.gathering() && o.word == inputNames[InStart] {
		s.gatherRequest(o.req)
	}
	s.requests = append(s.requests, answered{request: o.req, code: o.text, digest: o.digest})
	if drop := len(s.requests) - int(o.n); o.n > 0 && drop > 0 {
		s.requests = slices.Delete(s.requests, 0, drop)
	}
}

func (s *State) applyStart(o *Op) {
	s.start = *o.start
	s.startedBy = o.by
	s.input, s.trigger = rawValue(o.start.Input), rawValue(o.start.Trigger)
	s.start.Input, s.start.Trigger, s.start.Signal, s.start.Fork, s.start.Tags = nil, nil, nil, nil, nil
	s.bytes += s.input.size() + s.trigger.size()
	if b := s.start.Body; b != nil {
		s.item, s.captured = rawValue(b.Item), rawValue(b.Captured)
		s.start.Body = &Body{Node: b.Node, Index: b.Index, Name: b.Name}
		s.bytes += len(b.Item) + len(b.Captured)
	}
	if g := o.start.Gather; g != nil {
		s.gather = &gather{Gather: *g, opened: s.at}
		s.gather.add(s.input)
		s.bytes += s.gather.size - len(s.gather.inputs)
		s.start.Gather = nil
	}
	s.root = &scope{opened: s.at}
	s.setStatus(model.Running)
	if s.start.NotBefore > s.at {
		s.setStatus(model.Pending)
		s.addTimer(timer{due: s.start.NotBefore, kind: timerBegin})
		return
	}
	s.begun = s.at
	s.setDeadline(o.due)
}

func (s *State) setDeadline(due int64) {
	if due > 0 {
		s.deadline = due
		s.addTimer(timer{due: due, kind: timerEnd})
	}
}

func (s *State) setStatus(to model.Status) { s.status, s.since = to, s.at }

func (s *State) applyStatus(o *Op) {
	s.setStatus(model.Status(o.word))
	s.reason, s.by, s.parked = o.text, o.by, o.err
	if o.n > 0 {
		s.shiftTimers(o.n)
	}
	if st := s.findStep(s.parkedAt); st != nil && s.open() && st.over() {
		s.push(workFollow, st) // what it was parked at is decided anew
	}
	s.parkedAt = o.name
}

func (s *State) applyTags(o *Op) {
	for _, t := range o.tags {
		i := slices.IndexFunc(s.tags, func(h tagValue) bool { return h.name == t.name })
		if i < 0 {
			s.tags = append(s.tags, t)
			continue
		}
		s.tags[i] = t
	}
}

func (s *State) applyEnd(o *Op) {
	s.unclaimAll()
	if s.gathering() {
		_ = s.applyGathered() // what is gathered may be over
	}
	s.setStatus(model.Status(o.word))
	s.outcome, s.failure, s.ended = o.name, o.err, s.at
	switch {
	case o.hasData:
		s.output = rawValue(o.data)
	case s.root != nil:
		s.output = s.root.output
	}
	s.root, s.scopes, s.kept, s.undos = nil, nil, nil, 0
	s.agenda, s.agendaHead, s.timers = nil, 0, nil
	s.signals, s.waiters, s.whens, s.asks = nil, nil, nil, nil
	s.listeners, s.charges = nil, nil
	s.tasks, s.live = 0, 0
	s.bytes = s.output.size()
}

func (s *State) applyOpen(o *Op) error {
	owner := s.stepAt(o.text)
	if owner == nil || owner.comp == nil {
		return fmt.Errorf("no composite %q", o.text)
	}
	c := owner.comp
	sc := &scope{path: o.path, owner: owner, parent: owner.sc, index: int(o.n), opened: s.at}
	if c.named() && sc.index < len(c.keys) {
		sc.key = c.keys[sc.index]
	}
	sc.item = c.item(sc.index)
	s.scopes[sc.path] = sc
	c.scopes = append(c.scopes, sc)
	c.live++
	c.next = sc.index + 1
	s.refill(owner)
	return nil
}

func (s *State) applyStep(sc *scope, o *Op) error {
	_, node, run := splitPath(o.path)
	rec := sc.rec(node)
	if rec == nil {
		rec = sc.addRec(node)
		rec.base = run - 1 // those before are of a node that was called so
	}
	if old := rec.step; old != nil {
		n := old.output.size()
		sc.bytes -= n
		s.bytes -= n
		if old.comp != nil && old.comp.live > 0 || old.pins > 0 {
			sc.former = append(sc.former, old)
		}
	}
	st := &step{sc: sc, node: node, typ: o.word, run: run, path: o.path, status: model.StepScheduled, scheduled: s.at, since: s.at}
	rec.step, rec.runs, rec.idle = st, run, false
	sc.live++
	s.live++
	s.scheduled++
	s.push(workRun, st)
	if o.word == typeFinally {
		sc.final = true
	}
	if o.text == "" {
		return nil
	}
	target := s.stepAt(o.text)
	if target == nil || target.undo == nil {
		return fmt.Errorf("step %q has nothing to undo", o.text)
	}
	st.target = o.text
	target.undo.begin(st)
	return nil
}

func (s *State) setDue(st *step, due int64) {
	st.due = due
	if due > 0 {
		s.addTimer(timer{due: due, kind: timerDue, st: st})
	}
}

func (s *State) setStepDeadline(st *step, due int64) {
	if due > 0 && st.deadline == 0 {
		st.deadline = due
		s.addTimer(timer{due: due, kind: timerDeadline, st: st})
	}
}

func (s *State) applyTask(st *step, o *Op) error {
	if st.task == nil {
		spec := &taskSpec{with: o.data, late: o.late, timeout: o.n, heartbeat: o.until}
		for _, r := range o.refs {
			v, err := s.resolve(r.src)
			if err != nil {
				return err
			}
			if r.key[0] == '/' {
				spec.holes = append(spec.holes, hole{r.key, v})
				continue
			}
			spec.refs = append(spec.refs, inrefValue{r.key, v})
		}
		st.task = spec
		s.setStepDeadline(st, o.due)
		if o.flag {
			st.cb = &callback{}
		}
	}
	if !st.began || st.status == model.StepScheduled || st.queues {
		st.sc.running++
	}
	st.queues = false
	st.answered()
	st.began, st.out = true, true
	st.status, st.attempt, st.since, st.due = model.StepRunning, o.attempt, s.at, 0
	s.tasks++
	s.tasksInside(st.sc, 1)
	if !st.cleanup() {
		st.sc.outs++
	}
	return nil
}

// resolve finds a value that the journal already holds.
func (s *State) resolve(src string) (*value, error) {
	kind, rest, _ := strings.Cut(src, ":")
	switch kind {
	case "at":
		span, of, _ := strings.Cut(rest, ":")
		v, err := s.resolve(of)
		if err != nil {
			return nil, err
		}
		if v = v.within(pathSpan(span)); v != nil {
			return v, nil
		}
	case "last":
		if st := s.stepAt(rest); st != nil && st.comp != nil {
			return st.comp.last, nil
		}
	case "input":
		return s.input, nil
	case "trigger":
		return s.trigger, nil
	case "out":
		if st := s.stepAt(rest); st != nil {
			return st.output, nil
		}
	case "item":
		// A value of its own, so that a snapshot of whoever refers to the item says the same before and after.
		if sc := s.scopeAt(rest); sc != nil && sc.item != nil {
			return sc.item.copied(), nil
		}
	case "var":
		if i := strings.LastIndexByte(rest, ':'); i >= 0 {
			if sc := s.scopeAt(rest[:i]); sc != nil {
				if v := sc.variable(rest[i+1:]); v != nil {
					return v.v, nil
				}
			}
		}
	}
	return nil, fmt.Errorf("no value %q", src)
}

func (s *State) applyEdges(st *step, o *Op) {
	sc := st.sc
	sc.setMarks(o.taken, graph.Taken)
	sc.setMarks(o.dead, graph.Dead)
	st.follow()
	if st.status == model.StepFailed && len(o.taken) > 0 {
		sc.handled = st.failure()
	}
}

func (st *step) follow() {
	if !st.followed {
		st.followed, st.due = true, 0
		st.sc.unfollowed--
	}
}

// failure is the step's error, or one with its bad outcome as the code.
func (st *step) failure() *model.Error {
	if st.err != nil {
		return st.err
	}
	return &model.Error{Code: st.outcome, Message: "step ended " + st.outcome, Step: st.path}
}

func (s *State) applyDone(st *step, o *Op) {
	sc := st.sc
	withheld := st.gives()
	st.output = s.outputOf(o, st)
	n := st.output.size()
	sc.bytes += n
	s.bytes += n
	if st.task != nil && (st.out || st.status == model.StepBackoff && !st.queues) {
		sc.running--
	}
	st.queues = false
	s.landed(st)
	s.unwait(st)
	s.unclaim(st.claims, st.path)
	s.notLender(st)
	st.claims = nil
	st.status, st.outcome, st.err = model.StepStatus(o.name), o.word, o.err
	st.ended, st.unknown = s.at, o.flag
	st.task, st.arms, st.away, st.due, st.deadline = nil, nil, nil, 0, 0
	st.cb = st.cb.ended()
	if withheld {
		s.rearm(st) // what may finish inside it needs its limits no more
	}
	if c := st.comp; c != nil {
		sc.leftovers += c.live
		if c.live == 0 {
			c.list, c.scopes = nil, nil
		}
		s.passOn(st)
	}
	sc.live--
	s.live--
	sc.unfollowed++
	sc.last = st
	if o.until > 0 {
		s.setDue(st, o.until) // the timer follows the edges
	} else {
		s.push(workFollow, st)
	}
	if len(sc.queue) > 0 {
		s.unqueue(sc)
	}
}

// unqueue lets the next step that waits for the scope's concurrency run.
func (s *State) unqueue(sc *scope) {
	for len(sc.queue) > 0 {
		next := sc.queue[0]
		sc.queue = sc.queue[1:]
		next.queued = false
		if !next.over() {
			s.push(next.turn(), next)
			return
		}
	}
}

// turn is what a step does that waited for its scope's concurrency.
func (st *step) turn() workKind {
	if st.began {
		return workAgain
	}
	return workRun
}
