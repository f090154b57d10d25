package storetest

import (
	"bytes"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// BenchCommit measures commits of n entries of size bytes to 1,000 executions that live at once, ids ordered by time,
// one part for each shard: eight entries each behind one head, or with chain what three-step executions write, a head
// at the start and at the end and four entries, one commit apart. s is new and is not closed.
func BenchCommit(b *testing.B, s store.Backend, n, size int, chain bool) {
	g := newGenerator(b, s, chain, size)
	for range 20 {
		g.commit(b, n)
	}
	b.ResetTimer()
	b.ReportAllocs()
	for range b.N {
		g.commit(b, n)
	}
	b.ReportMetric(float64(b.N)*float64(n)/b.Elapsed().Seconds(), "rows/s")
}

// BenchLoad measures reading the executions of one shard at once, four entries each. s is new and is not closed.
func BenchLoad(b *testing.B, s store.Backend) {
	g := newGenerator(b, s, false, 230)
	for range 8 {
		g.commit(b, 4*len(g.live)) // each live one four times
	}
	perShard := map[record.Shard][]record.ID{}
	for _, h := range g.live {
		shard := h.Execution.Shard(len(g.fence))
		perShard[shard] = append(perShard[shard], h.Execution)
	}
	ids := perShard[0]
	b.ResetTimer()
	b.ReportAllocs()
	for range b.N {
		got, err := s.Load(b.Context(), 0, ids)
		if err != nil || len(got) != len(ids) {
			b.Fatal(len(got), err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(ids))/b.Elapsed().Seconds(), "executions/s")
}

// generator makes the batches.
type generator struct {
	store  store.Backend
	owner  record.Owner
	fence  []record.Fence
	batch  store.Batch
	live   []record.Head
	seq    []uint64
	length uint64
	next   int
	drawn  uint64
	heads  bool
	body   []byte
}

func newGenerator(b testing.TB, s store.Backend, chain bool, size int) *generator {
	g := &generator{store: s, owner: record.Owner{1}, heads: chain, length: 8, body: bytes.Repeat([]byte("x"), size)}
	if chain {
		g.length = 4
	}
	for i := range s.Info().Shards {
		f, err := s.Claim(b.Context(), record.Shard(i), record.Fence{}, g.owner)
		if err != nil {
			b.Fatal(err)
		}
		g.fence = append(g.fence, f)
	}
	g.batch.Lane.Owner = g.owner
	g.live = make([]record.Head, 1000)
	g.seq = make([]uint64, len(g.live))
	return g
}

// commit writes n entries, the live executions in turn, as one part for each shard.
func (g *generator) commit(b testing.TB, n int) {
	parts := g.batch.Parts
	if parts == nil {
		parts = make([]record.Part, len(g.fence))
	}
	for i := range parts {
		parts[i] = record.Part{Fence: g.fence[i], Entries: parts[i].Entries[:0], Heads: parts[i].Heads[:0]}
	}
	for range n {
		g.entry(parts)
	}
	g.batch.Parts = parts
	if n < len(parts) { // a small batch touches few shards
		g.batch.Parts = nil
		for i := range parts {
			if len(parts[i].Entries) > 0 {
				g.batch.Parts = append(g.batch.Parts, parts[i])
			}
		}
	}
	g.batch.Number++
	g.batch.Digest = g.batch.Number * 31
	o := g.store.Commit(b.Context(), &g.batch)
	if o.Result != store.Committed {
		b.Fatalf("%s %v %v %v", o.Result, o.Deposed, o.Rejected, o.Cause)
	}
	g.batch.Parts = parts
}

func (g *generator) entry(parts []record.Part) {
	i := g.next
	g.next = (g.next + 1) % len(g.live)
	h := &g.live[i]
	first := g.seq[i] == 0 || g.seq[i] == g.length
	if first {
		g.drawn++
		id := record.NewID(1_700_000_000_000+int64(g.drawn/50), g.drawn*0x9e3779b97f4a7c15, uint16(g.drawn*40503))
		*h = record.Head{
			Execution: id, Insert: true, Namespace: "default", Workflow: "order", Version: "1.0.0",
			Status: "running", Started: id.Millis(), NextAt: 0,
		}
		g.seq[i] = 0
	}
	g.seq[i]++
	p := &parts[h.Execution.Shard(len(g.fence))]
	p.Entries = append(p.Entries, record.Entry{
		Execution: h.Execution, Seq: g.seq[i], At: h.Started, Sum: record.Checksum(g.body), Body: g.body,
	})
	if first {
		p.Heads = append(p.Heads, *h)
	}
	if g.heads && g.seq[i] == g.length {
		end := *h
		end.Insert, end.Status, end.Outcome, end.Ended, end.NextAt = false, "completed", "success", h.Started+9, record.Never
		p.Heads = append(p.Heads, end)
	}
}
