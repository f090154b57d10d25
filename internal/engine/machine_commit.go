package engine

import (
	"errors"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// lane is a numbered sequence of batches with at most one in flight.
type lane struct {
	n      int
	number uint64  // of the last batch with a known outcome
	cur    *flight // nil: none to be sent
	// earlier are former versions of cur that may turn out to be durable.
	earlier []*flight

	// since is when the first attempt at cur began of those that did not get through. failing: one of them failed, of cause.
	since   time.Duration
	failing bool
	cause   error
	pause   time.Duration
	retryAt time.Duration
	// sick: it gets nothing through for so long that callers have been told.
	sick   bool
	toldAt time.Duration
	// held: until then it begins no batch, if not 0.
	held time.Duration
}

// flight is one version of a batch.
type flight struct {
	batch *store.Batch
	parts []carried
	// waiting for the outcome of an attempt.
	waiting bool
	// unsure: the outcome of an attempt was unknown, so it may be durable.
	unsure bool
}

// carried is one part of a flight: its core and its number there. Where the part was halved after this version was
// made, it stands for all numbers up to last.
type carried struct {
	shard record.Shard
	core  *shard.Core
	part  *record.Part
	last  uint64
}

// commit begins a batch on each lane that is free, in turn; true if any began.
func (m *Machine) commit() bool {
	began := false
	for i := range m.lanes {
		l := m.lanes[(m.turn+i)%len(m.lanes)]
		if l.cur != nil {
			continue
		}
		l.held = m.hold(l)
		if l.held == 0 {
			m.adopt(l)
			began = m.form(l) || began
		}
	}
	return began
}

// crowd is how many other members make a store so busy that a member commits through one lane at a time.
const crowd = 2

// hold is until when the lane lets another one of this Machine end first, 0: it does not. Where many members share a
// store, few large batches cost it less than many small ones. It does not wait long, so that lanes do not stop each other.
func (m *Machine) hold(l *lane) (until time.Duration) {
	if m.others < crowd {
		return 0
	}
	for _, o := range m.lanes {
		if end := o.since + firstWait; o != l && o.cur != nil && end > m.now.Mono {
			until = max(until, end)
		}
	}
	return until
}

// adopt gives the lane its shards, and in a crowd all others, too. A shard of which a part is under way stays where it
// is: its parts become durable one after the other.
func (m *Machine) adopt(l *lane) {
	for i := range m.shards {
		s := &m.shards[i]
		if s.lane == l || m.others < crowd && m.lanes[i%len(m.lanes)] != l {
			continue
		}
		if !s.lane.underWay(record.Shard(i)) || bug.On(bug.AdoptedUnderWay) {
			s.lane = l
		}
	}
}

// form makes a batch of what the cores of the lane have, in turn, up to the bounds of a batch.
func (m *Machine) form(l *lane) bool {
	var parts []carried
	entries, bytes := 0, 0
	for i := range m.shards {
		n := (m.turn + i) % len(m.shards)
		s := &m.shards[n]
		if s.core == nil || s.lane != l {
			continue
		}
		e, b := s.core.Waiting()
		if e == 0 || len(parts) > 0 && (entries+e > m.cfg.BatchParts || bytes+b > m.cfg.BatchBytes) {
			continue
		}
		p := s.core.Take()
		if p == nil {
			continue
		}
		entries, bytes = entries+e, bytes+b
		parts = append(parts, carried{record.Shard(n), s.core, p, p.Number})
		s.dirty = true // sealing a part may have let more go on
	}
	if len(parts) == 0 {
		return false
	}
	m.turn = (m.turn + 1) % len(m.shards)
	m.send(l, parts)
	return true
}

// send makes a version of the lane's next batch and sends it.
func (m *Machine) send(l *lane, parts []carried) {
	b := &store.Batch{Lane: store.Lane{Owner: m.cfg.Owner, Number: l.n}, Number: l.number + 1}
	b.Parts = make([]record.Part, len(parts))
	for i := range parts {
		b.Parts[i] = *parts[i].part
	}
	b.Digest = digest(b)
	l.cur = &flight{batch: b, parts: parts}
	if !l.failing {
		l.since = m.now.Mono
	}
	m.resend(l)
}

// resend sends the same bytes under the same number.
func (m *Machine) resend(l *lane) {
	l.retryAt = 0
	l.cur.waiting = true
	m.request(Commit{l.cur.batch})
}

// commitDone acts on an outcome as ENGINE 3 says.
func (m *Machine) commitDone(e CommitDone) {
	if e.Lane < 0 || e.Lane >= len(m.lanes) {
		return
	}
	l := m.lanes[e.Lane]
	f := l.cur
	if f == nil || !f.waiting || f.batch.Number != e.Number || f.batch.Digest != e.Digest {
		return
	}
	f.waiting = false
	switch e.Outcome.Result {
	case store.Committed:
		m.committed(l, f)
	case store.Superseded:
		m.superseded(l, f, e.Outcome.Winner)
	case store.Unknown:
		m.unknown(l, f, e.Outcome.Cause)
	default:
		m.notCommitted(l, f, &e.Outcome)
	}
}

func (m *Machine) unknown(l *lane, f *flight, cause error) {
	f.unsure = true
	if bug.On(bug.ReadBack) {
		m.readBack(l, f)
		return
	}
	if bug.On(bug.RetryRenumbered) {
		again := *f.batch
		l.number++
		again.Number++
		f.batch = &again
	}
	m.fail(l, cause)
}

// readBack is the seeded mistake of that name: a batch that is not seen is taken as not committed.
func (m *Machine) readBack(l *lane, f *flight) {
	l.number++
	l.cur, l.earlier = nil, nil
	for _, c := range f.parts {
		m.drop(c.shard)
	}
}

// fail waits before the next attempt.
func (m *Machine) fail(l *lane, cause error) {
	if !l.failing {
		l.failing, l.pause = true, m.cfg.Retry
	}
	l.cause = cause
	l.retryAt = m.now.Mono + l.pause + time.Duration(m.random()%uint64(l.pause/2+1))
	l.pause = min(2*l.pause, longWait)
}

// stuck is when callers are to be told that the lane gets nothing through, also where an attempt has no outcome at all:
// at once where the store is damaged.
func (l *lane) stuck(patience time.Duration) time.Duration {
	switch {
	case l.cur == nil:
		return farAway
	case l.failing && errors.Is(l.cause, store.ErrCorrupt):
		return max(l.since, l.toldAt)
	}
	return max(l.since+patience, l.toldAt)
}

// keepLanes sends again what waited for its pause, and gives up on callers where a lane gets nothing through for too long.
func (m *Machine) keepLanes() {
	for _, l := range m.lanes {
		if m.now.Mono >= l.stuck(m.cfg.Patience) {
			if !l.sick {
				m.alarm(l.trouble(m.now.Mono))
			}
			l.sick, l.toldAt = true, m.now.Mono+time.Second
			m.giveUp(l)
		}
		if l.cur != nil && !m.cfg.Alone && m.now.Mono-l.since >= 2*m.cfg.TTL {
			m.withdraw(l)
		}
		if l.cur != nil && !l.cur.waiting && l.retryAt != 0 && m.now.Mono >= l.retryAt {
			m.resend(l)
		}
	}
}

// trouble is the code and the text of an alarm about a lane that gets nothing through.
func (l *lane) trouble(now time.Duration) (code, text string) {
	code, text = "store_away", "a commit has had no outcome for "
	if l.failing {
		text = "commits have failed for "
	}
	text += (now - l.since).Round(time.Millisecond).String()
	if l.failing && l.cause != nil {
		text += ": " + l.cause.Error()
	}
	if errors.Is(l.cause, store.ErrCorrupt) {
		code = "store_damaged"
	}
	return code, text
}

// giveUp answers everyone who waits for the lane.
func (m *Machine) giveUp(l *lane) {
	for i := range m.shards {
		if s := &m.shards[i]; s.core != nil && s.lane == l {
			s.core.GiveUp(m.now.Wall)
			s.dirty = true
		}
	}
}

// withdraw gives back the shards of a lane that makes no progress, so that another member can try.
func (m *Machine) withdraw(l *lane) {
	for i := range m.shards {
		if s := &m.shards[i]; s.core != nil && s.lane == l {
			m.drop(record.Shard(i))
			m.freeze()
		}
	}
}

// next is when the lane wants to be looked after.
func (l *lane) next(patience time.Duration) time.Duration {
	at := farAway
	switch {
	case l.cur == nil && l.held != 0:
		at = l.held
	case l.cur != nil && !l.cur.waiting && l.retryAt != 0:
		at = l.retryAt
	}
	return min(at, l.stuck(patience))
}

// committed advances the parts of a durable batch.
func (m *Machine) committed(l *lane, f *flight) {
	clean := !f.unsure && len(l.earlier) == 0
	m.settled(l)
	for _, c := range f.parts {
		m.advance(c, clean)
	}
}

// settled says that the lane's number has an outcome.
func (m *Machine) settled(l *lane) {
	l.number++
	l.cur, l.earlier = nil, nil
	l.failing, l.cause, l.sick, l.toldAt = false, nil, false, 0
}

// advance hands out the effects of one durable part. reuse says that no attempt reads it any more.
func (m *Machine) advance(c carried, reuse bool) {
	s := &m.shards[c.shard]
	if s.epoch == c.core.Fence().Epoch {
		s.number = max(s.number, c.last)
	}
	if s.core != c.core {
		return
	}
	s.dirty = true
	first := c.part.Number
	if bug.On(bug.AdvanceOutOfOrder) {
		first++
	}
	for n := first; n <= max(first, c.last); n++ {
		if n > c.part.Number {
			s.core.Take() // it was sent as part of a former version
		}
		if err := s.core.Advance(m.now.Wall, n, reuse); err != nil {
			m.halt(err)
			return
		}
	}
}

// superseded takes the earlier version with the winning digest as durable. What is only in the later version is sent
// with the next batch.
func (m *Machine) superseded(l *lane, f *flight, winner uint64) {
	i := slices.IndexFunc(l.earlier, func(e *flight) bool { return e.batch.Digest == winner })
	if i < 0 {
		m.halt(errStranger)
		return
	}
	won := l.earlier[i]
	m.settled(l)
	for _, c := range f.parts {
		if !won.carries(c) && m.shards[c.shard].core == c.core {
			c.core.Return(c.part.Number)
			m.shards[c.shard].dirty = true
		}
	}
	for _, c := range won.parts {
		m.advance(c, false)
	}
}

var errNotOurs = errors.New("the store refuses what is not in the batch")

var errStranger = errors.New("another batch stands under our lane's number: two engines use one owner id, or the store was exchanged")

// underWay reports whether a part of the shard has no outcome yet.
func (l *lane) underWay(n record.Shard) bool {
	in := func(f *flight) bool {
		return slices.ContainsFunc(f.parts, func(c carried) bool { return c.shard == n })
	}
	return l.cur != nil && in(l.cur) || slices.ContainsFunc(l.earlier, in)
}

func (f *flight) carries(c carried) bool {
	return slices.ContainsFunc(f.parts, func(o carried) bool {
		return o.core == c.core && o.part.Number <= c.part.Number && c.part.Number <= o.last
	})
}

// notCommitted acts on the reason.
func (m *Machine) notCommitted(l *lane, f *flight, o *store.Outcome) {
	switch {
	case errors.Is(o.Cause, store.ErrStoreWentBack) && !bug.On(bug.BackIgnored):
		m.halt(o.Cause)
	case len(o.Deposed) > 0:
		m.deposed(l, f, o.Deposed)
	case len(o.Rejected) > 0:
		m.rejected(l, f, o.Rejected)
	case errors.Is(o.Cause, store.ErrCorrupt):
		m.damaged(l, f, o.Cause)
	default:
		m.fail(l, o.Cause)
	}
}

// damaged looks for the execution whose rows are damaged in the store, as for one whose rows it refuses, so that it does not
// keep the others from being committed. Where what is left without it meets damage, too, it is not its own.
func (m *Machine) damaged(l *lane, f *flight, cause error) {
	m.halve(l, f, cause.Error(), func() { m.fail(l, cause) })
}

// deposed drops the shards whose fence has moved and sends the others under the same number.
func (m *Machine) deposed(l *lane, f *flight, gone []record.Shard) {
	for _, s := range gone {
		if int(s) >= len(m.shards) {
			continue
		}
		m.alarms = append(m.alarms, Alarm{Shard: s, Code: "deposed", Text: "another member owns the shard now"})
		i := slices.IndexFunc(f.parts, func(c carried) bool { return c.shard == s })
		if i >= 0 && m.shards[s].core == f.parts[i].core {
			m.drop(s)
		}
	}
	parts := slices.DeleteFunc(slices.Clone(f.parts), func(c carried) bool { return slices.Contains(gone, c.shard) })
	m.claims.soon = true
	if len(parts) == len(f.parts) {
		m.fail(l, errNotOurs)
		return
	}
	m.replace(l, f, parts)
}

// replace sends another version of the batch. The former one is kept while it may be durable; then even a version
// without parts is sent, because its outcome settles what became of the former ones. Parts of shards that were dropped
// meanwhile are left out: nobody waits for them.
func (m *Machine) replace(l *lane, f *flight, parts []carried) {
	if f.unsure {
		l.earlier = append(l.earlier, f)
	}
	l.cur = nil
	parts = slices.DeleteFunc(parts, func(c carried) bool { return m.shards[c.shard].core != c.core && !bug.On(bug.DroppedParts) })
	if len(parts) == 0 && len(l.earlier) == 0 {
		l.failing, l.cause, l.sick = false, nil, false
		return
	}
	m.send(l, parts)
}

// rejected takes the named executions out of the batch. Where the store names none of the batch, the batch is halved
// until it does or only one is left.
func (m *Machine) rejected(l *lane, f *flight, bad []store.Rejection) {
	named := slices.ContainsFunc(f.parts, func(c carried) bool { return len(m.among(&c, bad)) > 0 })
	if !named {
		m.halve(l, f, bad[0].Reason, func() { m.halt(errors.New("the store refuses a part without executions: " + bad[0].Reason)) })
		return
	}
	parts := slices.Clone(f.parts)
	for i := range parts {
		m.rejectIn(f, &parts[i], bad)
	}
	m.replace(l, f, parts)
}

// rejectIn takes the named executions of one shard out of its part.
func (m *Machine) rejectIn(f *flight, c *carried, bad []store.Rejection) {
	mine := m.among(c, bad)
	s := &m.shards[c.shard]
	if len(mine) == 0 || s.core != c.core {
		return
	}
	s.dirty = true
	unsure := f.unsure || len(s.lane.earlier) > 0
	if p := c.core.Reject(m.now.Wall, c.part.Number, mine, unsure); p != nil {
		c.part = p
	}
}

// among are the rejections that concern the shard of c.
func (m *Machine) among(c *carried, bad []store.Rejection) []shard.Rejection {
	var mine []shard.Rejection
	for _, r := range bad {
		if !r.Execution.IsZero() && r.Execution.Shard(m.cfg.Shards) == c.shard {
			mine = append(mine, shard.Rejection(r))
		}
	}
	return mine
}

// halve sends the first half of the batch: of its parts, else of the executions of its only part. An execution that
// is alone is the culprit, of that reason. none: there is a part that holds no execution.
func (m *Machine) halve(l *lane, f *flight, reason string, none func()) {
	if len(f.parts) == 0 {
		m.fail(l, errNotOurs)
		return
	}
	if len(f.parts) > 1 {
		rest := f.parts[len(f.parts)/2:]
		for _, c := range rest {
			if m.shards[c.shard].core == c.core {
				c.core.Return(c.part.Number)
			}
		}
		m.replace(l, f, slices.Clone(f.parts[:len(f.parts)/2]))
		return
	}
	c := f.parts[0]
	if m.shards[c.shard].core != c.core {
		m.replace(l, f, nil) // its shard was dropped
		return
	}
	p, only, ok := c.core.Halve(c.part.Number)
	if ok {
		m.widen(l, f, c)
		m.replace(l, f, []carried{{c.shard, c.core, p, p.Number}})
		return
	}
	if only.IsZero() {
		none()
		return
	}
	parts := []carried{c}
	m.rejectIn(f, &parts[0], []store.Rejection{{Execution: only, Reason: reason}})
	m.replace(l, f, parts)
}

// widen notes in all versions that hold the halved part that they stand for one number more.
func (m *Machine) widen(l *lane, f *flight, c carried) {
	for _, v := range append([]*flight{f}, l.earlier...) {
		for i := range v.parts {
			if o := &v.parts[i]; o.core == c.core && o.part.Number == c.part.Number {
				o.last++
			}
		}
	}
}
