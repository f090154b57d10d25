package transfer_test

import (
	"fmt"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
)

// stand is a store with an owner of all its shards.
type stand struct {
	store.Backend
	t      testing.TB
	owner  record.Owner
	fences []record.Fence
	lane   uint64
}

func newStore(t testing.TB) *stand {
	t.Helper()
	b, err := memory.Open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return on(t, b)
}

// on is a stand on any store.
func on(t testing.TB, b store.Backend) *stand {
	s := &stand{Backend: b, t: t, owner: record.Owner{7, 15: 7}}
	s.claim()
	return s
}

func (s *stand) claim() {
	s.t.Helper()
	rows, err := s.Claims(s.t.Context())
	s.must(err)
	s.fences = nil
	for _, row := range rows {
		f, err := s.Claim(s.t.Context(), row.Shard, row, s.owner)
		s.must(err)
		s.fences = append(s.fences, f)
	}
}

// leave gives all shards back, as an engine does that is closed.
func (s *stand) leave() {
	s.t.Helper()
	s.must(s.Release(s.t.Context(), s.fences))
}

func (s *stand) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// made is an execution.
type made struct {
	head    record.Head
	entries []record.Entry
}

// execution makes one with n entries; the number tells it from others.
func (s *stand) execution(number uint64, n int) *made {
	id := record.NewID(1_700_000_000_000+int64(number), number*0x9e3779b97f4a7c15, uint16(number*7919))
	m := &made{head: record.Head{
		Execution: id, Namespace: "default", Workflow: "order", Version: "1.0.0", Status: "running", Started: id.Millis(), NextAt: record.Never,
		Tags: []record.Tag{{Name: "amount", Num: float64(number), IsNum: true}, {Name: "city", Text: "Ulm"}},
	}}
	for i := range n {
		e := record.Entry{Namespace: "default", Execution: id, Seq: uint64(i + 1), At: id.Millis() + int64(i)}
		e.Body = fmt.Appendf([]byte{record.CodecPlain}, `{"v":1,"ops":[{"n":%d,"t":"a<b & %s"}]}`, i, id)
		e.Sum = e.Checksum()
		m.entries = append(m.entries, e)
	}
	return m
}

// commit makes a part durable.
func (s *stand) commit(p record.Part) {
	s.t.Helper()
	s.lane++
	o := s.Commit(s.t.Context(), &store.Batch{Lane: store.Lane{Owner: s.owner}, Number: s.lane, Digest: s.lane, Parts: []record.Part{p}})
	if o.Result != store.Committed {
		s.t.Fatalf("%s %v %v", o.Result, o.Rejected, o.Cause)
	}
}

// part is an empty part of the shard of an execution.
func (s *stand) part(id record.ID) record.Part {
	return record.Part{Fence: s.fences[id.Shard(len(s.fences))], Number: s.lane + 1}
}

// put writes an execution, and its key.
func (s *stand) put(m *made) {
	s.t.Helper()
	p := s.part(m.head.Execution)
	h := m.head
	h.Insert = true
	p.Heads, p.Entries = []record.Head{h}, m.entries
	if h.Key != "" {
		p.Keys = []record.KeyChange{{KeyRow: record.KeyRow{Key: record.Key{Namespace: h.Namespace, Workflow: h.Workflow, Key: h.Key}, Execution: h.Execution, Digest: 1<<63 + 5}}}
	}
	s.commit(p)
}

// point lets the key of h point to another execution.
func (s *stand) point(h record.Head, to record.ID) {
	p := s.part(h.Execution)
	p.Keys = []record.KeyChange{{KeyRow: record.KeyRow{Key: record.Key{Namespace: h.Namespace, Workflow: h.Workflow, Key: h.Key}, Execution: to}, Old: h.Execution}}
	s.commit(p)
}
