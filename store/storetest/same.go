package storetest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Same gives two stores the same random calls, many of them wrong, and wants the same answers and the same content.
// open returns two that are new and empty, the one that is known to be right first; both are closed.
func Same(t *testing.T, open func(r *rapid.T) (right, tested store.Backend)) {
	rapid.Check(t, func(r *rapid.T) {
		right, tested := open(r)
		d := &pair{T: r, test: t, right: right, tested: tested, lanes: map[record.Owner]uint64{}}
		d.claimOnce()
		r.Repeat(map[string]func(*rapid.T){
			"commit": d.commit,
			"claim":  d.claim,
			"send":   d.send,
			"read":   d.compare,
		})
		d.compare(r)
		for _, s := range []store.Backend{right, tested} {
			if err := s.Close(); err != nil {
				r.Fatal(err)
			}
		}
	})
}

// pair is two stores that must not differ. Everything is drawn from few values, so that they meet.
type pair struct {
	*rapid.T
	test          *testing.T
	right, tested store.Backend
	lanes         map[record.Owner]uint64
}

// idOf makes the n-th execution: they lie in two shards, and apart in time, since a store may lay them out by that.
func idOf(n int) record.ID { return record.NewID(int64(n)*40_000, 0, uint16(n%2)) }

func drawID(r *rapid.T) record.ID { return idOf(rapid.IntRange(2, 7).Draw(r, "execution")) }

func drawOwner(r *rapid.T) record.Owner {
	return record.Owner{byte(rapid.IntRange(0, 2).Draw(r, "owner"))}
}

func (d *pair) fence(r *rapid.T, shard record.Shard) record.Fence {
	rows, err := d.right.Claims(d.test.Context())
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
		for _, s := range []store.Backend{d.right, d.tested} {
			if _, err := s.Claim(d.test.Context(), shard, record.Fence{}, record.Owner{1}); err != nil {
				d.Fatal(err)
			}
		}
	}
}

func (d *pair) claim(r *rapid.T) {
	shard, self := record.Shard(rapid.IntRange(0, 1).Draw(r, "shard")), drawOwner(r)
	seen := d.fence(r, shard)
	a, errA := d.right.Claim(d.test.Context(), shard, seen, self)
	b, errB := d.tested.Claim(d.test.Context(), shard, seen, self)
	d.same(r, []any{a, errA == nil}, []any{b, errB == nil})
	if rapid.IntRange(0, 4).Draw(r, "release") == 0 {
		f := []record.Fence{d.fence(r, shard)}
		d.same(r, d.right.Release(d.test.Context(), f), d.tested.Release(d.test.Context(), f))
	}
}

func (d *pair) send(r *rapid.T) {
	m := []record.Message{drawMessage(r), drawMessage(r)}
	d.same(r, d.right.Send(d.test.Context(), m), d.tested.Send(d.test.Context(), m))
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
	x, y := d.right.Commit(d.test.Context(), b), d.tested.Commit(d.test.Context(), b)
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
		switch rapid.IntRange(0, 9).Draw(r, "row") {
		case 0, 1:
			if seq == 1 || rapid.IntRange(0, 5).Draw(r, "again") == 0 {
				p.Heads = append(p.Heads, drawHead(r, id, true))
				seq = 1
			}
			p.Entries = append(p.Entries, entry(id, seq))
		case 2:
			p.Heads = append(p.Heads, drawHead(r, id, false))
		case 3:
			p.Entries = append(p.Entries, entry(id, seq))
		case 4:
			p.Snapshots = append(p.Snapshots, record.Snapshot{Execution: id, Seq: seq - 1, Sum: record.Checksum([]byte("s")), Body: []byte("s")})
		case 5:
			p.Keys = append(p.Keys, drawKey(r))
		case 6:
			p.Sends = append(p.Sends, drawMessage(r))
			p.Takes = append(p.Takes, drawMessageID(r))
		case 7:
			p.Forgets = append(p.Forgets, id)
		case 8:
			p.Trims = append(p.Trims, record.Trim{Execution: id, Before: seq - min(seq, rapid.Uint64Range(0, 2).Draw(r, "kept"))})
		case 9:
			p.Answers = append(p.Answers, record.Answer{To: drawID(r), At: rapid.Int64Range(1, 9).Draw(r, "at"), Body: []byte("a")})
			p.Expire = rapid.Int64Range(0, 9).Draw(r, "expire")
		}
	}
	slices.SortStableFunc(p.Entries, func(a, b record.Entry) int { return bytes.Compare(a.Execution[:], b.Execution[:]) })
	return p
}

// drawIDOf is mostly an execution of the shard.
func (d *pair) drawIDOf(r *rapid.T, shard record.Shard) record.ID {
	n := rapid.IntRange(2, 7).Draw(r, "execution")
	if record.Shard(n%2) != shard && rapid.IntRange(0, 9).Draw(r, "foreign") > 0 {
		n ^= 1
	}
	return idOf(n)
}

// nextSeq is mostly the entry that would follow.
func (d *pair) nextSeq(r *rapid.T, id record.ID) uint64 {
	all, err := d.right.Journal(d.test.Context(), id, 1, 100)
	if err != nil {
		r.Fatal(err)
	}
	last := uint64(0)
	if len(all) > 0 {
		last = all[len(all)-1].Seq
	}
	return last + uint64(rapid.SampledFrom([]int{1, 1, 1, 1, 2}).Draw(r, "gap"))
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
	d.same(r, d.dump(r, d.right), d.dump(r, d.tested))
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
		id := idOf(n)
		loaded(record.Shard(n%2), []record.ID{id})
		add(s.Journal(ctx, id, 1, 100))
	}
	for shard := range record.Shard(2) {
		add(s.Inbox(ctx, shard, 100))
		add(s.Inbox(ctx, shard, 3))
		add(s.Due(ctx, shard, record.Due{}, 5, 100))
	}
	var all []record.ID
	for n := 2; n <= 7; n++ {
		all = append(all, idOf(n))
	}
	add(s.Answers(ctx, all))
	claims, err := s.Claims(ctx)
	add(claims[:min(len(claims), 2)], err)
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
	add(s.Executions(ctx, store.EveryShard, idOf(3), 100))
	return out
}

func (d *pair) same(r *rapid.T, right, tested any) {
	if reflect.DeepEqual(right, tested) {
		return
	}
	a, isList := right.([]any)
	b, _ := tested.([]any)
	if isList && len(a) == len(b) {
		for i := range a {
			if !reflect.DeepEqual(a[i], b[i]) {
				right, tested = a[i], b[i]
				break
			}
		}
	}
	r.Fatalf("right  %v\ntested %v", right, tested)
}
