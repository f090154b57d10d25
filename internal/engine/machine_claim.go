package engine

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// claiming is the state of reading and taking claims.
type claiming struct {
	reading bool
	soon    bool // read again at once
	at      time.Duration
	giveAt  time.Duration // not before this are shards released again, after that failed
	open    int           // Claim requests in flight
	// asked are the fences held when the read in flight was asked for.
	asked []record.Fence
}

// beating is the state of the own heartbeat.
type beating struct {
	open   bool
	sentAt time.Duration
	sent   int64 // wall time of the beat in flight
	okAt   time.Duration
	count  uint64
	next   time.Duration
	heard  bool // at least one beat was answered
	ahead  bool // the clocks differ too much to own anything
	// frozen: until then the count does not change, so that others take what was given up.
	frozen time.Duration
}

const (
	skewWarn = 500  // milliseconds between the wall clock and the store's
	skewMost = 5000 // above it a member owns nothing
)

func (m *Machine) start() {
	m.started = true
	m.beats.okAt = m.now.Mono
	m.claims.soon = true
}

// keepUp does what time asks for: beats, claims, questions to be asked again, lanes, hand-overs.
func (m *Machine) keepUp() {
	if !m.started {
		return
	}
	m.beat()
	m.readClaims()
	m.claimShards()
	m.giveBack()
	m.balance()
	m.keepLanes()
	m.askAgain()
	m.impatient()
	m.keepForwarding()
	m.keepStopping()
}

// beat sends the own heartbeat, and gives everything up where that has failed for so long that others may claim.
func (m *Machine) beat() {
	b := &m.beats
	if !m.cfg.Alone && m.now.Mono-b.okAt >= m.cfg.TTL-3*m.cfg.TTL/10 && m.owns() {
		m.alarm("beat_lost", "the heartbeat failed for so long that others may take the shards")
		m.giveAll()
	}
	if b.open || m.now.Mono < b.next {
		return
	}
	if !b.ahead && m.now.Mono >= b.frozen && !(m.cfg.Visitor && b.count > 0) {
		b.count++
	}
	b.open, b.sentAt, b.sent, b.next = true, m.now.Mono, m.now.Wall, m.now.Mono+m.cfg.BeatEvery
	m.request(Beat{store.Beat{Owner: m.cfg.Owner, Count: b.count, Addr: m.cfg.Addr}})
}

func (m *Machine) nextBeat() time.Duration {
	if m.beats.open {
		if m.cfg.Alone {
			return farAway
		}
		return max(m.beats.okAt+m.cfg.TTL-3*m.cfg.TTL/10, m.now.Mono+m.cfg.Retry)
	}
	return m.beats.next
}

func (m *Machine) beaten(e Beaten) {
	b := &m.beats
	b.open = false
	if e.Err != nil {
		b.next = min(b.next, m.now.Mono+firstWait*4)
		return
	}
	b.okAt, b.heard = b.sentAt, true
	m.compareClocks(e.Now)
	m.roster.Heard(m.now.Mono, slices.DeleteFunc(slices.Clone(e.Beats), func(b store.Beat) bool { return b.Owner == m.cfg.Owner }))
	m.others = len(m.roster.Living(m.now.Mono))
	m.homes.until = 0
}

// compareClocks gives everything back where the wall clock is too far from the store's, which must lie between the
// sending of the beat and now.
func (m *Machine) compareClocks(now int64) {
	off := max(m.beats.sent-now, now-m.now.Wall, 0)
	switch {
	case off > skewMost:
		if !m.beats.ahead {
			m.alarm("clock", "the wall clock is more than 5 s away from the store's; the shards are given back")
		}
		m.beats.ahead = true
		m.giveAll()
	case off > skewWarn:
		m.alarm("clock", "the wall clock is more than 500 ms away from the store's")
		m.beats.ahead = false
	default:
		m.beats.ahead = false
	}
}

// Owned are the shards that are owned and not being given away, ascending.
func (m *Machine) Owned() []record.Shard {
	var out []record.Shard
	for i := range m.shards {
		if s := &m.shards[i]; s.core != nil && s.leaving == nil {
			out = append(out, record.Shard(i))
		}
	}
	return out
}

// owns reports whether any shard is owned.
func (m *Machine) owns() bool {
	for i := range m.shards {
		if m.shards[i].core != nil {
			return true
		}
	}
	return false
}

// giveAll drops every shard. None is released: that would say that no task is under way.
func (m *Machine) giveAll() {
	for i := range m.shards {
		m.drop(record.Shard(i))
	}
}

// freeze keeps the count still for so long that others take what was given up.
func (m *Machine) freeze() { m.beats.frozen = m.now.Mono + 2*m.cfg.TTL }

// readClaims asks for the claims of all shards from time to time, and soon where something changed.
func (m *Machine) readClaims() {
	c := &m.claims
	if c.reading || !c.soon && m.now.Mono < c.at {
		return
	}
	c.asked = c.asked[:0]
	for i := range m.shards {
		var f record.Fence
		if core := m.shards[i].core; core != nil {
			f = core.Fence()
		}
		c.asked = append(c.asked, f)
	}
	c.reading, c.soon, c.at = true, false, m.now.Mono+m.cfg.BeatEvery
	m.request(ReadClaims{})
}

func (m *Machine) nextClaim() time.Duration {
	if m.claims.reading {
		return farAway
	}
	if m.claims.soon {
		return m.now.Mono
	}
	return m.claims.at
}

func (m *Machine) claimsRead(e ClaimsRead) {
	m.claims.reading = false
	if e.Err != nil {
		m.late(ReadClaims{}, e.Err)
		m.claims.at = m.now.Mono + firstWait*4
		return
	}
	m.answeredAtLast(ReadClaims{})
	for _, row := range e.Claims {
		if int(row.Shard) >= len(m.shards) {
			continue
		}
		s := &m.shards[row.Shard]
		if s.giving {
			continue // row is what is being given back
		}
		if s.core == nil {
			if row == s.seen && m.now.Mono < s.past {
				continue
			}
			s.row, s.known = row, !s.claim
			m.sendWaiting(s)
			continue
		}
		if mine := s.core.Fence(); mine == m.claims.asked[row.Shard] {
			m.compare(row, mine)
		}
	}
}

// compare judges the row of a shard that was owned when the row was read.
func (m *Machine) compare(row, mine record.Fence) {
	switch {
	case row == mine:
	case row.Epoch > mine.Epoch:
		m.alarms = append(m.alarms, Alarm{Shard: row.Shard, Code: "deposed", Text: "another member owns the shard now"})
		m.drop(row.Shard)
		s := &m.shards[row.Shard]
		s.row, s.known = row, true
	default:
		m.halt(store.WentBack("shard %d is in epoch %d, and was in %d", mine.Shard, row.Epoch, mine.Epoch))
	}
}

// claimShards claims what is free or left behind and falls to this member.
func (m *Machine) claimShards() {
	if m.stopping != nil || m.beats.ahead || m.now.Mono < m.beats.frozen {
		return
	}
	if !m.cfg.Alone && (!m.beats.heard || m.now.Mono-m.beats.okAt >= m.cfg.TTL/2) {
		return
	}
	for i := range m.shards {
		if m.claims.open >= m.cfg.Claims {
			return
		}
		s := &m.shards[i]
		if s.core != nil || s.claim || s.giving || !s.known || !m.mayClaim(record.Shard(i)) {
			continue
		}
		s.claim, s.seen = true, s.row
		m.claims.open++
		m.request(Claim{Shard: record.Shard(i), Seen: s.row})
	}
}

// mayClaim reports whether nobody holds the shard, or its owner is gone, and the shard falls to this member.
func (m *Machine) mayClaim(n record.Shard) bool {
	s := &m.shards[n]
	free := s.row.Owner == record.Owner{}
	switch {
	case s.row.Owner == m.cfg.Owner:
		return !s.lane.underWay(n) // the epoch stays, so parts of the former core may still become durable
	case m.cfg.Alone:
		return true
	case s.row.Owner == m.home(n):
		return false // it lives
	}
	if m.cfg.Visitor && !m.wanted(n) || !free && !m.roster.Gone(m.now.Mono, s.row.Owner) {
		return false
	}
	return m.cfg.Visitor || m.home(n) == m.cfg.Owner
}

// homes are the members to whom the shards fall, worked out once for as long as the same members live.
type homes struct {
	of    []record.Owner
	until time.Duration
}

// home is the member to whom a shard falls.
func (m *Machine) home(n record.Shard) record.Owner {
	h := &m.homes
	if m.now.Mono >= h.until {
		h.of = h.of[:0]
		for i := range m.shards {
			h.of = append(h.of, m.roster.Home(m.now.Mono, record.Shard(i), m.cfg.Owner))
		}
		h.until = m.roster.Steady(m.now.Mono)
	}
	return h.of[n]
}

func (m *Machine) claimed(e Claimed) {
	if int(e.Shard) >= len(m.shards) || !m.shards[e.Shard].claim {
		return
	}
	s := &m.shards[e.Shard]
	// What was seen may be long past: then the shard was ours all the time, and nobody has released it.
	clean := s.row.Owner == record.Owner{} && e.Fence.Epoch == s.row.Epoch+1
	s.claim, s.known = false, false
	m.claims.open--
	switch {
	case e.Err != nil:
		if errors.Is(e.Err, store.ErrClaimed) {
			s.past = m.now.Mono + m.cfg.TTL
			m.claims.soon = true
		} else {
			m.claims.at = min(m.claims.at, m.now.Mono+firstWait*4)
		}
	case m.stopping != nil && clean:
		s.row, s.giving = e.Fence, true
	case m.stopping != nil:
	case e.Fence.Epoch == s.epoch && s.lane.underWay(e.Shard) && !bug.On(bug.ClaimReadLate):
		s.row, s.known = e.Fence, true // as in mayClaim
	default:
		m.own(e.Shard, e.Fence, clean)
	}
}

// own begins the work on a shard that was just claimed.
func (m *Machine) own(n record.Shard, f record.Fence, clean bool) {
	s := &m.shards[n]
	if f.Epoch != s.epoch {
		s.epoch, s.number = f.Epoch, 0
	}
	s.term++
	m.moved = true
	cfg := m.cfg.Core
	cfg.Clean, cfg.Number, cfg.Serial = clean, s.number, s.serial
	if bug.On(bug.SerialAgain) {
		cfg.Serial = 0
	}
	s.core, s.row, s.dirty = shard.NewCore(m.now.Wall, f, cfg), f, true
	waiting := s.waiting
	s.waiting = nil
	for i := range waiting {
		s.core.Command(m.now.Wall, waiting[i].cmd)
	}
}

// drop forgets a shard without writing anything: it is owned no longer, or the process stops.
func (m *Machine) drop(n record.Shard) {
	s := &m.shards[n]
	if s.core == nil {
		return
	}
	if leased := s.core.Leased(); len(leased) > 0 {
		m.request(CancelTasks{Tokens: tokensOf(leased), Lost: true})
	}
	err := notOwnerError()
	if m.stopping != nil || m.halted {
		err = stoppingError()
	}
	s.core.Abandon(m.now.Wall, err)
	r := s.core.Ready()
	m.replies = append(m.replies, r.Replies...)
	for _, v := range r.Verdicts {
		m.verdict(v)
	}
	m.moved = true
	s.row, s.serial = s.core.Fence(), s.core.Serial()
	s.core, s.known, s.leaving, s.dirty = nil, false, nil, false
	maps.DeleteFunc(m.unread, func(_ string, u *unread) bool { return u.shard == n })
	m.tasks.drop(func(id record.ID) bool { return id.Shard(m.cfg.Shards) == n })
	m.claims.soon = true
}

// giveBack releases what was given up. Until that is known to have happened the shard is not claimed again.
func (m *Machine) giveBack() {
	if m.now.Mono < m.claims.giveAt {
		return
	}
	var fences []record.Fence
	for i := range m.shards {
		s := &m.shards[i]
		if s.giving && !s.asked && s.core == nil && !s.claim {
			s.asked = true
			fences = append(fences, s.row)
		}
	}
	if len(fences) > 0 {
		m.request(Release{fences})
	}
}

func (m *Machine) released(e Released) {
	for _, f := range e.Fences {
		if int(f.Shard) >= len(m.shards) {
			continue
		}
		s := &m.shards[f.Shard]
		s.asked = false
		if e.Err == nil {
			s.giving = false
		}
	}
	if e.Err != nil {
		m.claims.giveAt = m.now.Mono + firstWait*4
	}
	m.claims.at = min(m.claims.at, m.now.Mono+firstWait*4)
}
