package engine

import (
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// resolve asks which version a start uses, once for all shards that want it.
func (m *Machine) resolve(n record.Shard, ref shard.Resolve) {
	waiting, asked := m.finds[ref]
	m.finds[ref] = append(waiting, n)
	if !asked {
		m.request(Resolve{ref})
	}
}

// resolved tells the cores that asked.
func (m *Machine) resolved(e Resolved) {
	waiting, asked := m.finds[e.Ref]
	if !asked || m.failed(e.Err, Resolve{e.Ref}) {
		return
	}
	delete(m.finds, e.Ref)
	for _, n := range waiting {
		if s := &m.shards[n]; s.core != nil {
			s.core.Resolved(m.now.Wall, e.Ref, e.Version, e.Hash, e.Fault)
			s.dirty = true
		}
	}
}
