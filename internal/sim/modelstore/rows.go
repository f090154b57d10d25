package modelstore

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// check finds every execution whose rows make the batch impossible. It changes nothing.
func (t *Tx) check() []store.Rejection {
	c := checker{m: t.m, last: map[record.ID]uint64{}, heads: map[record.ID]bool{}, keys: map[record.Key]record.ID{}, taken: map[record.MessageID]bool{}}
	for i := range t.batch.Parts {
		c.part(&t.batch.Parts[i])
	}
	return c.bad
}

type checker struct {
	m     *Model
	last  map[record.ID]uint64
	heads map[record.ID]bool
	keys  map[record.Key]record.ID
	taken map[record.MessageID]bool
	bad   []store.Rejection
}

func (c *checker) reject(id record.ID, reason string) {
	for i := range c.bad {
		if c.bad[i].Execution == id {
			return
		}
	}
	c.bad = append(c.bad, store.Rejection{Execution: id, Reason: reason})
}

func (c *checker) part(p *record.Part) {
	for i := range p.Entries {
		c.entry(&p.Entries[i])
	}
	for i := range p.Heads {
		c.head(&p.Heads[i])
	}
	for i := range p.Keys {
		c.key(&p.Keys[i])
	}
	if bug.On(bug.TakeUnchecked) {
		return
	}
	for _, id := range p.Takes {
		c.take(p, id)
	}
}

func (c *checker) entry(e *record.Entry) {
	last, ok := c.last[e.Execution]
	if x := c.m.execs[e.Execution]; !ok && x != nil && len(x.Entries) > 0 {
		last = x.Entries[len(x.Entries)-1].Seq
	}
	if e.Seq != last+1 {
		c.reject(e.Execution, "seq is not the next one")
	}
	c.last[e.Execution] = e.Seq
}

func (c *checker) head(h *record.Head) {
	exists := c.m.execs[h.Execution] != nil || c.heads[h.Execution]
	if h.Insert && exists {
		c.reject(h.Execution, "the execution exists")
	}
	if !h.Insert && !exists {
		c.reject(h.Execution, "the execution does not exist")
	}
	c.heads[h.Execution] = true
}

func (c *checker) key(k *record.KeyChange) {
	now, ok := c.keys[k.Key]
	if !ok {
		now = c.m.keys[k.Key].Execution
	}
	if now != k.Old {
		c.reject(k.Execution, "the key points elsewhere")
	}
	c.keys[k.Key] = k.Execution
	if k.Delete {
		c.keys[k.Key] = record.ID{}
	}
}

// take names the execution that the part's entries belong to only if there is one; the store cannot know whose
// message it was once the row is gone.
func (c *checker) take(p *record.Part, id record.MessageID) {
	if c.m.present[id] && !c.taken[id] && c.m.inShard(p.Fence.Shard, id) {
		c.taken[id] = true
		return
	}
	c.reject(record.ID{}, "a message to take is not there")
}

func (m *Model) inShard(s record.Shard, id record.MessageID) bool {
	return slices.ContainsFunc(m.inbox[s], func(x record.Message) bool { return x.ID == id })
}

func (m *Model) write(p *record.Part) {
	for _, e := range p.Entries {
		x := m.open(e.Execution)
		x.Entries = append(x.Entries, e)
	}
	for _, h := range p.Heads {
		h.Insert = false
		m.open(h.Execution).Head = h
	}
	for _, s := range p.Snapshots {
		m.open(s.Execution).Snapshot = &s
	}
	for _, k := range p.Keys {
		if k.Delete {
			delete(m.keys, k.Key)
			continue
		}
		m.keys[k.Key] = k.KeyRow
	}
	for _, id := range p.Takes {
		m.remove(p.Fence.Shard, id)
	}
	for _, s := range p.Sends {
		m.Send(s)
	}
	for _, id := range p.Forgets {
		m.forget(id)
	}
}

func (m *Model) open(id record.ID) *Execution {
	x := m.execs[id]
	if x == nil {
		x = &Execution{}
		m.execs[id] = x
	}
	return x
}

// Send appends one message; one whose id exists is skipped.
func (m *Model) Send(s record.Message) {
	if m.present[s.ID] && !bug.On(bug.SendTwice) {
		return
	}
	m.present[s.ID] = true
	m.inbox[s.Shard] = append(m.inbox[s.Shard], s)
}

func (m *Model) remove(s record.Shard, id record.MessageID) {
	box := m.inbox[s]
	i := slices.IndexFunc(box, func(x record.Message) bool { return x.ID == id })
	if i < 0 {
		return
	}
	m.inbox[s] = slices.Delete(slices.Clone(box), i, i+1)
	delete(m.present, id)
}

func (m *Model) forget(id record.ID) {
	x := m.execs[id]
	if x == nil {
		return
	}
	k := record.Key{Namespace: x.Head.Namespace, Workflow: x.Head.Workflow, Key: x.Head.Key}
	if row, ok := m.keys[k]; ok && (row.Execution == id || bug.On(bug.SuccessorKey)) {
		delete(m.keys, k)
	}
	for b := range m.blobs {
		if b.id == id {
			delete(m.blobs, b)
		}
	}
	delete(m.execs, id)
}
