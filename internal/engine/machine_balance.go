package engine

import (
	"time"

	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// leaving is a hand-over under way: nothing new is begun, and what runs has until then to report.
type leaving struct{ until time.Duration }

// next is when the hand-over wants to be looked after.
func (l *leaving) next(now, ttl time.Duration) time.Duration {
	if now < l.until {
		return l.until
	}
	return max(l.until+ttl, now+firstWait)
}

// balance hands over one shard at a time that falls to another member which is alive.
func (m *Machine) balance() {
	if m.cfg.Alone || m.cfg.Visitor || m.stopping != nil {
		return
	}
	busy := false
	for i := range m.shards {
		if s := &m.shards[i]; s.leaving != nil {
			busy = true
			m.keepLeaving(record.Shard(i))
		}
	}
	if busy {
		return
	}
	for i := range m.shards {
		s := &m.shards[i]
		if s.core == nil || m.home(record.Shard(i)) == m.cfg.Owner {
			continue
		}
		s.leaving = &leaving{until: m.now.Mono + m.cfg.TTL}
		s.core.Drain()
		s.dirty = true
		return
	}
}

// keepLeaving releases a shard once it has run dry.
func (m *Machine) keepLeaving(n record.Shard) {
	s := &m.shards[n]
	if m.now.Mono >= s.leaving.until {
		m.loseTasks(n)
	}
	dry := m.dry(n)
	if dry || m.now.Mono >= s.leaving.until+m.cfg.TTL {
		m.drop(n)
		s.giving = dry
	}
}

// dry reports whether nothing of a drained shard is under way, in a core, in a lane or with an executor.
func (m *Machine) dry(n record.Shard) bool {
	s := &m.shards[n]
	return s.core.Idle() && len(s.core.Leased()) == 0
}

// loseTasks journals as lost what executors still have, so that the next owner knows that nothing else was begun.
func (m *Machine) loseTasks(n record.Shard) {
	s := &m.shards[n]
	for _, a := range s.core.Leased() {
		s.core.Lose(m.now.Wall, a)
		s.dirty = true
		m.request(CancelTasks{Tokens: tokensOf([]shard.Attempt{a}), Lost: true})
	}
}
