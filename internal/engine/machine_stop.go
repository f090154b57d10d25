package engine

import (
	"time"

	"github.com/pawl-dev/pawl/record"
)

// stopping is a drain under way.
type stopping struct {
	until time.Duration // running tasks may report
	after time.Duration // then what was decided must be committed
}

// stopNow begins to drain.
func (m *Machine) stopNow(grace time.Duration) {
	if m.stopping != nil {
		return
	}
	m.endForwarding()
	m.stopping = &stopping{until: m.now.Mono + grace, after: m.now.Mono + grace + m.cfg.Patience}
	for i := range m.shards {
		s := &m.shards[i]
		m.refuseWaiting(s, stoppingError())
		if s.core != nil {
			s.core.Drain()
			s.dirty = true
		}
	}
}

// keepStopping releases each shard once it has run dry. What executors have not reported in time is journaled as
// lost; what can't be committed in time is left to the next owner.
func (m *Machine) keepStopping() {
	if m.stopping == nil {
		return
	}
	for i := range m.shards {
		s := &m.shards[i]
		if s.core == nil {
			continue
		}
		n := record.Shard(i)
		if m.now.Mono >= m.stopping.until {
			m.loseTasks(n)
		}
		dry := m.dry(n)
		if dry || m.now.Mono >= m.stopping.after {
			m.drop(n)
			s.giving = dry
		}
	}
	m.giveBack()
}

// halfStop says Stopped once everything is released.
func (m *Machine) halfStop() {
	if m.stopping == nil || m.halted {
		return
	}
	for i := range m.shards {
		s := &m.shards[i]
		if s.core != nil || s.giving && m.now.Mono < m.stopping.after+m.cfg.Patience || s.claim {
			return
		}
	}
	m.halted = true
	m.endDemands()
	m.request(Stopped{})
}

func (m *Machine) nextStop() time.Duration {
	if m.stopping == nil {
		return farAway
	}
	if m.now.Mono < m.stopping.until {
		return m.stopping.until
	}
	if m.now.Mono < m.stopping.after {
		return m.stopping.after
	}
	return max(m.stopping.after+m.cfg.Patience, m.now.Mono+firstWait)
}
