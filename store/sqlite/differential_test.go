package sqlite_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/sqlite"
)

// TestSameAsMemory gives this store and the memory store the same random calls, many of them wrong, and wants the
// same answers and the same content.
func TestSameAsMemory(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m, err := memory.Open().Open(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "pawl.db")
		s, err := sqlite.Open(path, sqlite.SyncNormal()).Open(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		d := &pair{T: r, test: t, memory: m, sqlite: s, lanes: map[record.Owner]uint64{}}
		d.claimOnce()
		r.Repeat(map[string]func(*rapid.T){
			"commit": d.commit,
			"claim":  d.claim,
			"send":   d.send,
			"read":   d.compare,
		})
		d.compare(r)
		if err := s.Close(); err != nil {
			r.Fatal(err)
		}
	})
}

// pair is two stores that must not differ. Everything is drawn from few values, so that they meet.
type pair struct {
	*rapid.T
	test           *testing.T
	memory, sqlite store.Backend
	lanes          map[record.Owner]uint64
}

func drawID(r *rapid.T) record.ID {
	n := rapid.IntRange(2, 7).Draw(r, "execution")
	return record.NewID(int64(n), 0, uint16(n%2))
}

func drawOwner(r *rapid.T) record.Owner {
	return record.Owner{byte(rapid.IntRange(0, 2).Draw(r, "owner"))}
}

func (d *pair) fence(r *rapid.T, shard record.Shard) record.Fence {
	rows, err := d.memory.Claims(d.test.Context())
	if err != nil {
		r.Fatal(err)
	}
	f := rows[shard]
	if rapid.IntRange(0, 9).Draw(r, "stale") == 0 {
		f.Epoch += uint64(rapid.IntRange(0, 1).Draw(r, "epoch"))
		f.Owner = drawOwner(r)
	}
	return f
}

// claimOnce gives the shards an owner to begin with.
func (d *pair) claimOnce() {
	for shard := range record.Shard(2) {
		for _, s := range []store.Backend{d.memory, d.sqlite} {
			if _, err := s.Claim(d.test.Context(), shard, record.Fence{}, record.Owner{1}); err != nil {
				d.Fatal(err)
			}
		}
	}
}

func (d *pair) claim(r *rapid.T) {
	shard, self := record.Shard(rapid.IntRange(0, 1).Draw(r, "shard")), drawOwner(r)
	seen := d.fence(r, shard)
	a, errA := d.memory.Claim(d.test.Context(), shard, seen, self)
	b, errB := d.sqlite.Claim(d.test.Context(), shard, seen, self)
	d.same(r, []any{a, errA == nil}, []any{b, errB == nil})
	if rapid.IntRange(0, 4).Draw(r, "release") == 0 {
		f := []record.Fence{d.fence(r, shard)}
		d.same(r, d.memory.Release(d.test.Context(), f), d.sqlite.Release(d.test.Context(), f))
	}
}

func (d *pair) send(r *rapid.T) {
	m := []record.Message{drawMessage(r), drawMessage(r)}
	d.same(r, d.memory.Send(d.test.Context(), m), d.sqlite.Send(d.test.Context(), m))
}

func drawMessageID(r *rapid.T) record.MessageID {
	return record.MessageID{From: drawID(r), Seq: uint64(rapid.IntRange(0, 1).Draw(r, "seq"))}
}

func drawMessage(r *rapid.T) record.Message {
	return record.Message{
		ID: drawMessageID(r), Shard: record.Shard(rapid.IntRange(0, 1).Draw(r, "to")), To: drawID(r),
		Namespace: rapid.SampledFrom([]string{"a", "b", ""}).Draw(r, "namespace"), Body: []byte("m"),
	}
}

func (d *pair) commit(r *rapid.T) {
	b := &store.Batch{Lane: store.Lane{Owner: drawOwner(r)}, Digest: uint64(rapid.IntRange(0, 1).Draw(r, "digest"))}
	b.Number = d.lanes[b.Lane.Owner] + 1
	if rapid.IntRange(0, 5).Draw(r, "elsewhere") == 0 {
		b.Number = uint64(rapid.IntRange(0, 8).Draw(r, "number"))
	}
	for range rapid.IntRange(1, 2).Draw(r, "parts") {
		b.Parts = append(b.Parts, d.part(r))
	}
	x, y := d.memory.Commit(d.test.Context(), b), d.sqlite.Commit(d.test.Context(), b)
	d.same(r, outcome(x), outcome(y))
	if x.Result == store.Committed {
		d.lanes[b.Lane.Owner] = max(d.lanes[b.Lane.Owner], b.Number)
	}
}

// outcome is what two drivers must agree on: not the words of a reason.
func outcome(o store.Outcome) string {
	var bad []string
	for _, x := range o.Rejected {
		bad = append(bad, x.Execution.String())
	}
	slices.Sort(bad)
	return fmt.Sprint(o.Result, o.Deposed, bad, o.Winner, o.Cause != nil)
}

func (d *pair) part(r *rapid.T) record.Part {
	shard := record.Shard(rapid.IntRange(0, 1).Draw(r, "shard"))
	p := record.Part{Fence: d.fence(r, shard)}
	for range rapid.IntRange(0, 3).Draw(r, "rows") {
		id := d.drawIDOf(r, shard)
		seq := d.nextSeq(r, id)
		switch rapid.IntRange(0, 7).Draw(r, "row") {
		case 0, 1:
			if seq == 1 || rapid.IntRange(0, 5).Draw(r, "again") == 0 {
				p.Heads = append(p.Heads, drawHead(r, id, true))
				seq = 1
			}
			p.Entries = append(p.Entries, entry(id, seq, 0, 30))
		case 2:
			p.Heads = append(p.Heads, drawHead(r, id, false))
		case 3:
			p.Entries = append(p.Entries, entry(id, seq, 0, 30))
		case 4:
			p.Snapshots = append(p.Snapshots, record.Snapshot{Execution: id, Seq: seq - 1, Sum: record.Checksum([]byte("s")), Body: []byte("s")})
		case 5:
			p.Keys = append(p.Keys, drawKey(r))
		case 6:
			p.Sends = append(p.Sends, drawMessage(r))
			p.Takes = append(p.Takes, drawMessageID(r))
		case 7:
			p.Forgets = append(p.Forgets, id)
		}
	}
	slices.SortStableFunc(p.Entries, func(a, b record.Entry) int { return bytes.Compare(a.Execution[:], b.Execution[:]) })
	return p
}

// drawIDOf is mostly an execution of the shard.
func (d *pair) drawIDOf(r *rapid.T, shard record.Shard) record.ID {
	id := drawID(r)
	if id.Shard(16) != shard && rapid.IntRange(0, 9).Draw(r, "foreign") > 0 {
		n := id.Millis() ^ 1
		id = record.NewID(n, 0, uint16(n%2))
	}
	return id
}

// nextSeq is mostly the entry that would follow.
func (d *pair) nextSeq(r *rapid.T, id record.ID) uint64 {
	all, err := d.memory.Journal(d.test.Context(), id, 1, 100)
	if err != nil {
		r.Fatal(err)
	}
	return uint64(len(all)) + uint64(rapid.SampledFrom([]int{1, 1, 1, 1, 2}).Draw(r, "gap"))
}

func drawHead(r *rapid.T, id record.ID, insert bool) record.Head {
	return record.Head{
		Execution: id, Insert: insert, Namespace: "a", Workflow: rapid.SampledFrom([]string{"v", "w"}).Draw(r, "workflow"),
		Key: rapid.SampledFrom([]string{"", "k"}).Draw(r, "key"), Status: rapid.SampledFrom([]string{"running", "failed"}).Draw(r, "status"),
		Ended:  rapid.Int64Range(0, 2).Draw(r, "ended"),
		NextAt: rapid.SampledFrom([]int64{0, 1, 2, record.Never}).Draw(r, "next_at"),
		Tags:   rapid.SampledFrom([][]record.Tag{nil, {{Name: "t", Text: "x"}}, {{Name: "t", Num: 1, IsNum: true}, {Name: "s", Text: ""}, {Name: "t", Text: "y"}}}).Draw(r, "tags"),
	}
}

func drawKey(r *rapid.T) record.KeyChange {
	k := record.KeyRow{Key: record.Key{Namespace: "a", Workflow: rapid.SampledFrom([]string{"v", "w"}).Draw(r, "workflow"), Key: "k"}, Execution: drawID(r)}
	old := drawID(r)
	if rapid.Bool().Draw(r, "absent") {
		old = record.ID{}
	}
	return record.KeyChange{KeyRow: k, Old: old, Delete: rapid.IntRange(0, 3).Draw(r, "delete") == 0}
}

// compare reads everything from both.
func (d *pair) compare(r *rapid.T) {
	d.same(r, d.dump(r, d.memory), d.dump(r, d.sqlite))
}

func (d *pair) dump(r *rapid.T, s store.Backend) []any {
	ctx := d.test.Context()
	var out []any
	add := func(v any, err error) {
		if err != nil {
			r.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%+v", v))
	}
	loaded := func(shard record.Shard, ids []record.ID) {
		all, err := s.Load(ctx, shard, ids)
		for _, l := range all {
			add(l.Head, err)
			add(l.Snapshot != nil, err)
			add(l.Entries, err)
		}
	}
	for n := 2; n <= 7; n++ {
		id := record.NewID(int64(n), 0, uint16(n%2))
		loaded(record.Shard(n%2), []record.ID{id})
		add(s.Journal(ctx, id, 1, 100))
	}
	for shard := range record.Shard(2) {
		add(s.Inbox(ctx, shard, 100))
		add(s.Inbox(ctx, shard, 3))
		add(s.Due(ctx, shard, record.Due{}, 5, 100))
	}
	add(s.Claims(ctx))
	add(s.Keys(ctx, []record.Key{{Namespace: "a", Workflow: "v", Key: "k"}, {Namespace: "a", Workflow: "w", Key: "k"}}))
	for _, f := range []store.Filter{{}, {Limit: 2}, {Workflows: []string{"w"}}, {Key: "k"}, {EndedTo: 2}, {Order: store.Oldest, Limit: 1},
		{Tags: []store.TagTest{store.HasTag(record.Tag{Name: "t", Text: "y"})}}, {Except: []store.Filter{{Statuses: []string{"running"}}}}} {
		add(s.Search(ctx, "a", f))
		for by := store.ByNothing; by <= store.ByStart; by++ {
			add(s.Count(ctx, "a", f, store.Facet{By: by, Tag: "t", Step: 10}))
		}
	}
	add(s.Namespaces(ctx))
	add(s.Executions(ctx, 1, record.ID{}, 3))
	add(s.Executions(ctx, store.EveryShard, record.NewID(3, 0, 0), 100))
	return out
}

func (d *pair) same(r *rapid.T, memory, sqlite any) {
	if !reflect.DeepEqual(memory, sqlite) {
		r.Fatalf("memory %v\nsqlite %v", memory, sqlite)
	}
}
