package engine

import (
	"fmt"

	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// Stats are the counters of all cores of a Machine, added up, and its own.
type Stats struct {
	shard.Stats
	Owned    int // shards
	Queued   int // tasks that wait for an executor
	Demands  int // Leases that wait
	Reports  int // calls of Report that wait
	Retries  int // questions to be asked again
	Sick     bool
	InFlight int // batches without an outcome
}

// Stats counts.
func (m *Machine) Stats() Stats {
	t := Stats{Queued: m.tasks.n, Demands: len(m.demands), Reports: len(m.reports), Retries: len(m.retries)}
	t.OldestDue = record.Never
	for i := range m.shards {
		if c := m.shards[i].core; c != nil {
			t.Owned++
			t.Stats.Add(c.Stats())
		}
	}
	for _, l := range m.lanes {
		t.Sick = t.Sick || l.sick
		if l.cur != nil {
			t.InFlight++
		}
	}
	return t
}

// Owns reports whether the Machine owns the shard, and under which fence.
func (m *Machine) Owns(n record.Shard) (record.Fence, bool) {
	if int(n) >= len(m.shards) || m.shards[n].core == nil {
		return record.Fence{}, false
	}
	return m.shards[n].core.Fence(), true
}

// Holds reports whether an execution that the store has with the given next_at is looked after: in memory, in the
// wake heap, or beyond the scan horizon. It is true for shards that are not owned.
func (m *Machine) Holds(id record.ID, nextAt int64) bool {
	s := &m.shards[id.Shard(m.cfg.Shards)]
	return s.core == nil || s.core.Holds(id, nextAt)
}

func (m *Machine) invariants() error {
	for i := range m.shards {
		s := &m.shards[i]
		if s.core == nil {
			continue
		}
		if err := s.core.Invariants(); err != nil {
			return fmt.Errorf("shard %d: %w", i, err)
		}
	}
	for _, l := range m.lanes {
		if l.cur != nil && l.cur.batch.Number != l.number+1 {
			return fmt.Errorf("lane %d: batch %d is in flight after %d", l.n, l.cur.batch.Number, l.number)
		}
	}
	return nil
}
