// Package modelstore is the simplest store that could be right: maps in memory, one thread, and a commit that is split
// into the steps in which a real server does it (arrive, lock, apply, answer), so that a world can put anything
// between them. It is the oracle of the seeded world and passes the same conformance suite as the real drivers.
//
// It must not know executions, members or faults: it is told when each step happens.
package modelstore

import (
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Model is everything that is durable. It is for one goroutine; see [Backend] for a locked one.
type Model struct {
	info   store.Info
	shards []shardRow
	lanes  map[store.Lane]*laneRow
	execs  map[record.ID]*Execution
	inbox  [][]record.Message // per shard, in order of arrival
	keys   map[record.Key]record.KeyRow
	beats  []store.Beat
	defs   []store.Definition
	active map[[2]string]string
	blobs  map[blobKey][]byte
	// answers by the message, with the shard whose owner wrote them.
	answers  map[record.ID]shardAnswer
	dataKeys []store.DataKey
	now      func() int64
}

// Execution is one execution as it is durable.
type Execution struct {
	Head     record.Head
	Entries  []record.Entry
	Snapshot *record.Snapshot
}

// Last is the number of the last entry, 0 where there is none.
func (x *Execution) Last() uint64 {
	if len(x.Entries) == 0 {
		return 0
	}
	return x.Entries[len(x.Entries)-1].Seq
}

type shardRow struct {
	fence   record.Fence
	readers int // commits that hold a share lock
}

type shardAnswer struct {
	record.Answer
	shard record.Shard
}

type laneRow struct {
	number uint64
	digest uint64
	busy   bool // a commit holds the row
}

type blobKey struct {
	id  record.ID
	sum [32]byte
}

// New is an empty store. now gives the store's time, Unix milliseconds.
func New(shards, lanes int, now func() int64) *Model {
	m := &Model{
		info:    store.Info{Driver: "model", Version: "1", Shards: shards, Lanes: lanes, Incarnation: [16]byte{1}, Durable: true},
		shards:  make([]shardRow, shards),
		lanes:   map[store.Lane]*laneRow{},
		execs:   map[record.ID]*Execution{},
		inbox:   make([][]record.Message, shards),
		keys:    map[record.Key]record.KeyRow{},
		active:  map[[2]string]string{},
		blobs:   map[blobKey][]byte{},
		answers: map[record.ID]shardAnswer{},
		now:     now,
	}
	for i := range m.shards {
		m.shards[i].fence.Shard = record.Shard(i)
	}
	return m
}

// Info is what the store says of itself.
func (m *Model) Info() store.Info { return m.info }

// Execution is what is durable of id; nil if nothing is. The caller must not change it.
func (m *Model) Execution(id record.ID) *Execution { return m.execs[id] }

// IDs lists every execution, ascending.
func (m *Model) IDs() []record.ID {
	out := make([]record.ID, 0, len(m.execs))
	for id := range m.execs {
		out = append(out, id)
	}
	slices.SortFunc(out, compareIDs)
	return out
}

// Fence is the row of one shard.
func (m *Model) Fence(s record.Shard) record.Fence { return m.shards[s].fence }

// Lane is the row of one lane; zero where it has not been seen.
func (m *Model) Lane(l store.Lane) (number, digest uint64) {
	if r := m.lanes[l]; r != nil {
		return r.number, r.digest
	}
	return 0, 0
}

// Pending is the number of messages in the inbox of s.
func (m *Model) Pending(s record.Shard) int { return len(m.inbox[s]) }

// KeyRow is the row of one key.
func (m *Model) KeyRow(k record.Key) (record.KeyRow, bool) {
	r, ok := m.keys[k]
	return r, ok
}

// Damage flips one bit of what is stored of id: of its snapshot, or of the entry seq where that is not 0. It reports
// whether there was something to damage.
func (m *Model) Damage(id record.ID, seq uint64) bool {
	e := m.execs[id]
	if e == nil {
		return false
	}
	if seq == 0 {
		if e.Snapshot == nil {
			return false
		}
		s := *e.Snapshot
		s.Body = flipped(s.Body)
		e.Snapshot = &s
		return true
	}
	i := slices.IndexFunc(e.Entries, func(n record.Entry) bool { return n.Seq == seq })
	if i < 0 {
		return false
	}
	e.Entries = slices.Clone(e.Entries)
	e.Entries[i].Body = flipped(e.Entries[i].Body)
	return true
}

// Flushed notes what is durable now. The function it returns brings the model back to that, as a loss of power does to
// a store that had not flushed what came after. Transactions that are under way keep their locks.
func (m *Model) Flushed() (goBack func()) {
	execs, keys, inbox, answers := maps.Clone(m.execs), maps.Clone(m.keys), slices.Clone(m.inbox), maps.Clone(m.answers)
	fences := m.Claims()
	lanes := map[store.Lane]laneRow{}
	for l, row := range m.lanes { // sorted: into a map
		lanes[l] = *row
	}
	return func() {
		m.execs, m.keys, m.inbox, m.answers = maps.Clone(execs), maps.Clone(keys), slices.Clone(inbox), maps.Clone(answers)
		for i := range m.shards {
			m.shards[i].fence = fences[i]
		}
		for l, row := range m.lanes { // sorted: each for itself
			row.number, row.digest = lanes[l].number, lanes[l].digest
		}
	}
}

func flipped(b []byte) []byte {
	out := slices.Clone(b)
	if len(out) > 0 {
		out[len(out)/2] ^= 0x10
	}
	return out
}

func compareIDs(a, b record.ID) int { return slices.Compare(a[:], b[:]) }

// Waits reports whether the message is in the inbox of s.
func (m *Model) Waits(s record.Shard, id record.MessageID) bool { return indexOf(m.inbox[s], id) >= 0 }
