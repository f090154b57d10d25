// Package drivertest is owners that write to a store as an engine would, for the tests of drivers: they claim the shards
// that they need, number their batches, and want journals whole.
//
// It must not know which store that is.
package drivertest

import (
	"bytes"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// shards is how many a store on a server has.
const shards = 64

// Scribe is an owner with one lane.
type Scribe struct {
	store.Backend
	Owner  record.Owner
	Number uint64 // of the last batch that is durable
	Fences map[record.Shard]record.Fence
}

// NewScribe is the n-th owner.
func NewScribe(b store.Backend, n byte) *Scribe {
	return &Scribe{Backend: b, Owner: record.Owner{n}, Fences: map[record.Shard]record.Fence{}}
}

// Hold takes a shard, whoever has it, unless that was done before.
func (s *Scribe) Hold(t testing.TB, sh record.Shard) record.Fence {
	t.Helper()
	if f, ok := s.Fences[sh]; ok {
		return f
	}
	rows, err := s.Claims(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Claim(t.Context(), sh, rows[sh], s.Owner)
	if err != nil {
		t.Fatal(err)
	}
	s.Fences[sh] = f
	return f
}

// Next is the batch that follows, of these parts.
func (s *Scribe) Next(parts ...record.Part) *store.Batch {
	return &store.Batch{Lane: store.Lane{Owner: s.Owner}, Number: s.Number + 1, Digest: s.Number + 100, Parts: parts}
}

// Write makes parts durable.
func (s *Scribe) Write(t testing.TB, parts ...record.Part) {
	t.Helper()
	s.Lands(t, s.Next(parts...))
}

// Lands makes a batch durable.
func (s *Scribe) Lands(t testing.TB, b *store.Batch) {
	t.Helper()
	if o := s.Commit(t.Context(), b); o.Result != store.Committed {
		t.Fatal(Describe(o))
	}
	s.Number = b.Number
}

// Start is a part that starts an execution with one entry.
func (s *Scribe) Start(t testing.TB, id record.ID) record.Part {
	t.Helper()
	h := record.Head{Execution: id, Insert: true, Namespace: "default", Workflow: "order", Version: "1", Status: "running"}
	return record.Part{Fence: s.Hold(t, id.Shard(shards)), Heads: []record.Head{h}, Entries: []record.Entry{Entry(id, 1, 100)}}
}

// More is a part with the entries from to to, with bodies of size bytes.
func (s *Scribe) More(t testing.TB, id record.ID, from, to uint64, size int) record.Part {
	t.Helper()
	p := record.Part{Fence: s.Hold(t, id.Shard(shards))}
	for seq := from; seq <= to; seq++ {
		p.Entries = append(p.Entries, Entry(id, seq, size))
	}
	return p
}

// Whole wants the journal of id to be the entries 1 to n.
func (s *Scribe) Whole(t testing.TB, id record.ID, n int) {
	t.Helper()
	all, err := s.Journal(t.Context(), id, 1, n+10)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != n {
		t.Fatalf("%d entries, want %d", len(all), n)
	}
	for i := range all {
		if all[i].Seq != uint64(i)+1 || all[i].Sum != all[i].Checksum() {
			t.Fatalf("entry %d is number %d, of %d bytes", i+1, all[i].Seq, len(all[i].Body))
		}
	}
}

// Execution is the n-th one, in shard n.
func Execution(n int) record.ID { return record.NewID(int64(n), uint64(n), uint16(n%shards)) }

// Entry is one whose body has what means something in some language.
func Entry(id record.ID, seq uint64, size int) record.Entry {
	e := record.Entry{Execution: id, Seq: seq, At: int64(seq), Body: bytes.Repeat([]byte{0, '\'', '\\', 0xff, byte(seq), 'a', 'b', '\n'}, size/8+1)[:size]}
	e.Sum = e.Checksum()
	return e
}
