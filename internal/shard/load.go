package shard

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Loaded is one execution as the store has it.
type Loaded struct {
	Head     record.Head
	Snapshot *record.Snapshot // nil: fold from entry 1
	Entries  []record.Entry
}

// wantLoad asks for e in the next Ready.
func (c *Core) wantLoad(e *execution) {
	e.phase = loading
	c.loads = append(c.loads, e.id)
}

// wantLoads moves what may be asked for into Ready.
func (c *Core) wantLoads() {
	if len(c.singles) > 0 {
		c.out.Load = append(c.out.Load, c.singles[0])
		c.singles = c.singles[1:]
		c.loading++
		return
	}
	n := min(len(c.loads), c.cfg.LoadsOpen-c.loading, c.cfg.Loads-len(c.out.Load))
	if n <= 0 {
		return
	}
	c.out.Load = append(c.out.Load, c.loads[:n]...)
	c.loads = append(c.loads[:0], c.loads[n:]...)
	c.loading += n
}

// Loaded answers Ready.Load: list holds those of asked that exist.
func (c *Core) Loaded(now int64, asked []record.ID, list []Loaded) {
	c.now = now
	c.loading -= len(asked)
	for i := range list {
		e := c.execs[list[i].Head.Execution]
		if e != nil && e.phase == loading && !e.here && !e.forgotten {
			e.here = true
			c.revive(e, &list[i])
		}
	}
	for _, id := range asked {
		e := c.execs[id]
		if e == nil {
			continue
		}
		if e.phase == loading && !e.here {
			c.missing(e)
		}
	}
}

// LoadFailed answers Ready.Load where the store cannot read what was asked for, however often it is asked: a single
// execution is held, several are asked for one by one.
func (c *Core) LoadFailed(now int64, asked []record.ID, why string) {
	c.now = now
	c.loading -= len(asked)
	for _, id := range asked {
		e := c.execs[id]
		if e == nil || e.phase != loading || e.here {
			continue
		}
		if len(asked) == 1 {
			c.hold(e, &model.Error{Code: CodeQuarantined, Message: why})
			continue
		}
		c.singles = append(c.singles, id)
	}
}

// missing is told that e does not exist.
func (c *Core) missing(e *execution) {
	k := e.birthKey
	s := c.lookedUp(e)
	if s == nil {
		delete(c.watched, e.id)
		c.unread(e)
		c.unborn(e)
	} else {
		s.Repeat, s.late, e.inbox = false, append(s.late, e.inbox...), nil
		if bug.On(bug.BirthKeyDropped) {
			c.remove(e) // seeded: the key may have no other user, and its row is forgotten
		}
		if k != nil { // before e leaves: its key may have no other user
			k.starts = append([]start{*s}, k.starts...)
		}
		if !bug.On(bug.BirthKeyDropped) {
			c.remove(e)
		}
		switch {
		case k != nil:
		case bug.On(bug.LookedUpForEver):
			c.start(*s) // seeded: it is looked up again
		case s.looked:
			s.Repeat = true // another copy of it may come first: it is looked up again when its turn has come
			c.start(*s)
		default:
			c.begin(*s, nil)
		}
	}
	if k != nil {
		c.serveKey(k)
	}
}

// unread gives messages back to the inbox that came for an execution after its birth was rejected: the message that
// makes it is read again, too, and before them.
func (c *Core) unread(e *execution) {
	if e.why == nil {
		return
	}
	e.inbox = slices.DeleteFunc(e.inbox, func(in input) bool {
		if in.origin != byMail {
			return false
		}
		c.pending--
		c.bytes -= in.payload()
		c.mailSettled(in.mail)
		return true
	})
}

// revive builds the state of e from what the store has.
func (c *Core) revive(e *execution, l *Loaded) {
	c.stats.Loaded++
	e.putOff, e.keptUntil = false, 0
	if model.Status(l.Head.Status).Closed() && l.Head.NextAt != record.Never {
		e.keptUntil = l.Head.NextAt
	}
	e.headNextAt, e.headStatus = l.Head.NextAt, model.Status(l.Head.Status)
	e.headAsks = slices.ContainsFunc(l.Head.Tags, func(t record.Tag) bool { return t.Name == kernel.TagApproval })
	e.headVersion, e.headWaiting = l.Head.Version, l.Head.Waiting
	e.name = DefinitionRef{l.Head.Namespace, l.Head.Workflow, l.Head.Version}
	if e.why != nil && e.rejected > 1 {
		c.hold(e, e.why) // even the entry or the head that was to park it was refused
		return
	}
	if c.expired(l) && len(e.inbox) == 0 && e.birth == nil {
		if !l.Head.Parent.IsZero() {
			c.askKin(e, l)
			return
		}
		c.forget(e, l)
		return
	}
	err := e.fold(l)
	if errors.Is(err, errSnapshot) {
		c.foldAll(e, l)
		return
	}
	if err != nil {
		c.unusable(e, &l.Head, err)
		return
	}
	c.built(e, &l.Head)
}

// errSnapshot: the snapshot is of no use although its checksum holds.
var errSnapshot = errors.New("the snapshot can't be used")

// fold builds the state from a snapshot and the entries after it. A panic is an error of this execution.
func (e *execution) fold(l *Loaded) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic while folding the journal: %v", r)
		}
	}()
	e.state, e.snapSeq, e.snapBytes, e.grown = kernel.New(), 0, 0, 0
	if s := l.Snapshot; s != nil {
		if len(s.Body) == 0 || s.Body[0] != record.CodecPlain || record.Checksum(s.Body) != s.Sum {
			return errSnapshot
		}
		st, err := kernel.Restore(s.Body[1:])
		if err != nil || st.Seq() != s.Seq {
			return errSnapshot
		}
		e.state, e.snapSeq, e.snapBytes = st, s.Seq, len(s.Body)
	}
	for i := range l.Entries {
		if err := applyEntry(e.state, &l.Entries[i]); err != nil {
			return err
		}
		e.grown += len(l.Entries[i].Body)
	}
	if e.state.Seq() == 0 {
		return errors.New("the execution has a head and no entries")
	}
	return nil
}

// errLocked: the journal is encrypted, and who read it had no key.
var errLocked = errors.New("the journal is encrypted, and no key that is here opens it")

// applyEntry checks and folds one entry.
func applyEntry(s *kernel.State, t *record.Entry) error {
	switch {
	case t.Seq != s.Seq()+1 && s.Seq() > 0:
		return fmt.Errorf("entry %d follows entry %d", t.Seq, s.Seq())
	case len(t.Body) > 0 && t.Body[0] == record.CodecDamaged:
		return fmt.Errorf("entry %d is not what was written in its place", t.Seq)
	case t.Checksum() != t.Sum:
		return fmt.Errorf("the checksum of entry %d does not fit", t.Seq)
	case len(t.Body) > 0 && t.Body[0] == record.CodecEncrypted:
		return errLocked
	case len(t.Body) > 0 && t.Body[0] == record.CodecZstd:
		return fmt.Errorf("entry %d is compressed: open the store through package store/sealed", t.Seq)
	case len(t.Body) == 0 || t.Body[0] != record.CodecPlain:
		return fmt.Errorf("entry %d has an unknown encoding", t.Seq)
	}
	ops, err := kernel.Decode(t.Body[1:])
	if err != nil {
		return fmt.Errorf("entry %d: %w", t.Seq, err)
	}
	if err := kernel.Apply(s, t.Seq, t.At, ops); err != nil {
		return fmt.Errorf("entry %d: %w", t.Seq, err)
	}
	return nil
}

// built goes on with e once its state is here. Where it has a key, the row is needed first.
func (c *Core) built(e *execution, h *record.Head) {
	if model.Status(h.Status).Closed() && !e.closed() {
		c.shelve(e, h, &model.Error{Code: CodeQuarantined, Message: "the journal ends before the end that the head tells of"})
		return
	}
	e.headSeq = e.state.Seq()
	if e.why != nil {
		shell := *h
		e.shell = &shell
	}
	if h.Key != "" && e.key == nil && !e.leavesKey() {
		e.key = c.keyOf(record.Key{Namespace: h.Namespace, Workflow: h.Workflow, Key: h.Key})
		e.key.users++
	}
	if e.key != nil && !e.key.known {
		e.key.loaded = append(e.key.loaded, e)
		c.askKey(e.key)
		return
	}
	c.activate(e)
}

// activate makes e take part. What an owner before this one had handed out is lost; what this core handed out before
// it threw the state away is still running.
func (c *Core) activate(e *execution) {
	if e.phase != loading || c.execs[e.id] != e {
		return
	}
	e.phase, e.here, e.lockedFor = live, false, 0
	c.define(e)
	if e.phase != live {
		return
	}
	var lost []input
	for _, ref := range e.state.Tasks() {
		if e.tasks.find(ref) != nil {
			continue
		}
		if bug.On(bug.LostSilent) {
			t := Task{Execution: e.id, Namespace: e.name.Namespace, Workflow: e.name.Workflow, Version: e.name.Version}
			t.TaskRef = ref
			e.tasks.add(attempt{TaskRef: ref})
			c.out.Dispatch = append(c.out.Dispatch, t)
			continue
		}
		in := input{}
		in.Kind, in.Step, in.Attempt = kernel.InLost, ref.Step, ref.Attempt
		if c.cfg.Clean && e.fresh {
			in.Kind = kernel.InReleased
		} else {
			c.stats.Lost++
		}
		lost = append(lost, in)
	}
	k := e.birthKey
	if s := c.lookedUp(e); s != nil {
		c.found(e, *s, nil)
	}
	if k != nil {
		c.serveKey(k)
	}
	if e.why != nil && !e.repair && !e.closed() {
		in := input{}
		in.Kind, in.Error = kernel.InPark, e.why
		e.parking = true
		lost = append([]input{in}, lost...)
	}
	e.why, e.repair, e.fresh = nil, false, false
	for i := range lost {
		c.pending++
		c.bytes += lost[i].payload()
	}
	e.inbox = append(lost, e.inbox...)
	c.unlocked(e)
	c.settle(e)
}

// stop takes e out of everything but Core.execs.
func (c *Core) stop(e *execution) {
	c.stir(e)
	c.timers.drop(e)
	e.due = false
	c.bytes -= e.size
	e.size = 0
}

// remove takes e out of memory.
func (c *Core) remove(e *execution) {
	c.stop(e)
	for i := range e.inbox {
		c.pending--
		c.bytes -= e.inbox[i].payload()
	}
	e.inbox = nil
	e.phase = gone
	delete(c.execs, e.id)
	delete(c.folds, e.id)
	c.leaveKey(e)
}
