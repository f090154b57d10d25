package engine

import (
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// commands gives each command to the core of its shard. While a shard is being claimed its commands wait.
func (m *Machine) commands(list []Command) {
	for i := range list {
		c := &list[i]
		s := &m.shards[c.Execution.Shard(m.cfg.Shards)]
		switch {
		case m.stopping != nil && c.Verb != shard.View:
			m.refuse(c, stoppingError())
		case s.core == nil && len(s.waiting) >= maxHeld:
			m.refuse(c, notOwnerError())
		case s.core == nil && m.cfg.Forward:
			m.elsewhere(s, c)
		case s.core == nil:
			s.waiting = append(s.waiting, held{*c, m.now.Mono})
		case s.lane.sick && c.Verb < shard.View:
			m.refuse(c, &model.Error{Code: shard.CodeUnavailable, Message: "the store is not available; try again later"})
		default:
			s.core.Command(m.now.Wall, *c)
			s.dirty = true
		}
	}
}

func (m *Machine) refuse(c *Command, err *model.Error) {
	m.replies = append(m.replies, Reply{Ref: c.Ref, Execution: c.Execution, Error: err})
}

// refuseWaiting refuses everything that waits for the claim of a shard.
func (m *Machine) refuseWaiting(s *owned, err *model.Error) {
	for i := range s.waiting {
		m.refuse(&s.waiting[i].cmd, err)
	}
	s.waiting = nil
}

// impatient refuses commands that have waited too long for a claim.
func (m *Machine) impatient() {
	for i := range m.shards {
		s := &m.shards[i]
		n := 0
		for n < len(s.waiting) && m.now.Mono-s.waiting[n].at >= m.cfg.Patience {
			if c := &s.waiting[n].cmd; !m.cfg.Forward || !m.forwards(c) {
				m.refuse(c, notOwnerError())
			}
			n++
		}
		if n > 0 {
			s.waiting = append(s.waiting[:0], s.waiting[n:]...)
		}
	}
}

func notOwnerError() *model.Error {
	yes := true
	return &model.Error{Code: shard.CodeNotOwner, Message: "this member does not own the execution; ask again", Retryable: &yes}
}

func stoppingError() *model.Error {
	return &model.Error{Code: shard.CodeStopping, Message: "the engine is stopping"}
}

// forget drops a command whose sender has gone.
func (m *Machine) forget(e Forget) {
	s := &m.shards[e.Execution.Shard(m.cfg.Shards)]
	if s.core != nil {
		s.core.Forget(m.now.Wall, e.Execution, e.Ref)
		s.dirty = true
	}
	for i := range s.waiting {
		if s.waiting[i].cmd.Ref == e.Ref {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			return
		}
	}
}

// poked says that shards may have new messages.
func (m *Machine) poked(list []record.Shard) {
	for _, n := range list {
		if int(n) < len(m.shards) && m.shards[n].core != nil {
			m.shards[n].core.Poke(m.now.Wall)
			m.shards[n].dirty = true
		}
	}
}

// pokeOne pokes the own shard, or the member that owns it.
func (m *Machine) pokeOne(n record.Shard) {
	if int(n) < len(m.shards) && m.shards[n].core != nil {
		m.poked([]record.Shard{n})
		m.again = true
		return
	}
	m.pokes = append(m.pokes, n)
}
