package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// fixture is one store with one owner that claims shards and commits through one lane.
type fixture struct {
	*testing.T
	store.Backend
	suite  *suite
	ctx    context.Context
	owner  record.Owner
	lane   uint64 // number of the last committed batch
	drawn  uint64
	fences map[record.Shard]record.Fence
}

func newFixture(t *testing.T, s *suite) *fixture {
	b := s.open(t)
	f := &fixture{T: t, Backend: b, suite: s, ctx: t.Context(), owner: owner(1), fences: map[record.Shard]record.Fence{}}
	t.Cleanup(func() { f.Backend.Close() })
	return f
}

// owner makes an owner from a number.
func owner(n byte) record.Owner { return record.Owner{n, 0xaa, 15: n} }

// restart closes the store and opens it again; without an option to do so it stays as it is.
func (f *fixture) restart() {
	f.Helper()
	if f.suite.reopen != nil {
		f.Backend = f.suite.reopen(f.T, f.Backend)
	}
}

// number draws a number that no other call of the fixture gave.
func (f *fixture) number() uint64 {
	f.drawn++
	return f.drawn
}

// id draws an execution of shard s; ids grow.
func (f *fixture) id(s record.Shard) record.ID {
	n := f.number()
	return record.NewID(int64(1_000_000+n), n*0x9e3779b97f4a7c15, uint16(s))
}

// fence is the right of the fixture's owner to shard s, claimed when first asked for.
func (f *fixture) fence(s record.Shard) record.Fence {
	f.Helper()
	if held, ok := f.fences[s]; ok {
		return held
	}
	held, err := f.Claim(f.ctx, s, f.row(s), f.owner)
	f.must(err)
	f.fences[s] = held
	return held
}

// row is the present row of shard s.
func (f *fixture) row(s record.Shard) record.Fence {
	f.Helper()
	claims, err := f.Claims(f.ctx)
	f.must(err)
	return claims[s]
}

// depose lets another owner take shard s; the fixture keeps the fence it had.
func (f *fixture) depose(s record.Shard) record.Fence {
	f.Helper()
	f.fence(s)
	taken, err := f.Claim(f.ctx, s, f.row(s), owner(2))
	f.must(err)
	return taken
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// part is a part of shard s that holds nothing yet.
func (f *fixture) part(s record.Shard) record.Part {
	f.Helper()
	return record.Part{Fence: f.fence(s), Number: f.number()}
}

// batch is the next batch of the lane, with a digest of its own.
func (f *fixture) batch(parts ...record.Part) *store.Batch {
	return &store.Batch{Lane: store.Lane{Owner: f.owner}, Number: f.lane + 1, Digest: 1<<63 + f.number(), Parts: parts}
}

// send commits b and counts the lane if it became durable.
func (f *fixture) send(b *store.Batch) store.Outcome {
	o := f.Commit(f.ctx, b)
	if o.Result == store.Committed && b.Number == f.lane+1 {
		f.lane++
	}
	return o
}

// commit makes parts durable.
func (f *fixture) commit(parts ...record.Part) {
	f.Helper()
	if o := f.send(f.batch(parts...)); o.Result != store.Committed {
		f.Fatalf("not committed: %s", describe(o))
	}
}

// rejected sends parts and wants exactly these executions named.
func (f *fixture) rejected(want []record.ID, parts ...record.Part) {
	f.Helper()
	o := f.send(f.batch(parts...))
	if o.Result != store.NotCommitted || o.Cause != nil || len(o.Deposed) > 0 {
		f.Fatalf("want a rejection, got %s", describe(o))
	}
	var got []record.ID
	for _, r := range o.Rejected {
		if r.Reason == "" {
			f.Errorf("rejection of %s without a reason", r.Execution)
		}
		got = append(got, r.Execution)
	}
	byID := func(a, b record.ID) int { return slices.Compare(a[:], b[:]) }
	slices.SortFunc(got, byID)
	want = slices.SortedFunc(slices.Values(want), byID)
	if !slices.Equal(got, want) {
		f.Fatalf("rejected %v, want %v: %s", got, want, describe(o))
	}
}

func describe(o store.Outcome) string {
	return fmt.Sprintf("%s deposed=%v rejected=%v winner=%d cause=%v", o.Result, o.Deposed, o.Rejected, o.Winner, o.Cause)
}

// entry is entry seq of id, with a body that says so.
func entry(id record.ID, seq uint64) record.Entry {
	body := fmt.Appendf([]byte{record.CodecPlain}, `{"execution":%q,"seq":%d}`, id, seq)
	return record.Entry{Execution: id, Seq: seq, At: 1000 + int64(seq), Sum: record.Checksum(body), Body: body}
}

func entries(id record.ID, from, to uint64) []record.Entry {
	var out []record.Entry
	for seq := from; seq <= to; seq++ {
		out = append(out, entry(id, seq))
	}
	return out
}

// head is the first head of id: open, and due now.
func head(id record.ID) record.Head {
	return record.Head{
		Execution: id, Insert: true, Namespace: "default", Workflow: "order", Version: "1.0.0",
		Status: "running", Started: id.Millis(),
	}
}

// closed is h after its end.
func closed(h record.Head) record.Head {
	h.Insert = false
	h.Status, h.Outcome, h.Ended, h.NextAt = "completed", "success", h.Started+1000, record.Never
	return h
}

// snapshot is a snapshot of id at seq.
func snapshot(id record.ID, seq uint64) record.Snapshot {
	body := fmt.Appendf([]byte{record.CodecPlain}, `{"state of":%q,"at":%d}`, id, seq)
	return record.Snapshot{Execution: id, Seq: seq, Sum: record.Checksum(body), Body: body}
}

// start commits a new execution of shard s with n entries; change may alter its head.
func (f *fixture) start(s record.Shard, n uint64, change func(h *record.Head)) record.Head {
	f.Helper()
	id := f.id(s)
	h := head(id)
	if change != nil {
		change(&h)
	}
	p := f.part(s)
	p.Heads = []record.Head{h}
	p.Entries = entries(id, 1, n)
	f.commit(p)
	h.Insert = false
	return h
}

// load returns one execution; fatal if it is not there.
func (f *fixture) load(id record.ID) store.Loaded {
	f.Helper()
	got, err := f.Load(f.ctx, f.shard(id), []record.ID{id})
	f.must(err)
	if len(got) != 1 {
		f.Fatalf("%s: %d executions loaded, want 1", id, len(got))
	}
	return got[0]
}

// absent wants id not to exist.
func (f *fixture) absent(id record.ID) {
	f.Helper()
	got, err := f.Load(f.ctx, f.shard(id), []record.ID{id})
	f.must(err)
	all, err := f.Journal(f.ctx, id, 0, 10)
	f.must(err)
	if len(got) > 0 || len(all) > 0 {
		f.Fatalf("%s is there with %d entries", id, len(all))
	}
}

func (f *fixture) shard(id record.ID) record.Shard { return id.Shard(f.Info().Shards) }

// length wants the journal of id to be entries 1..n, each as written.
func (f *fixture) length(id record.ID, n uint64) {
	f.Helper()
	got, err := f.Journal(f.ctx, id, 1, int(n)+10)
	f.must(err)
	f.equal(got, entries(id, 1, n))
}

// equal compares deeply; an empty slice equals nil.
func (f *fixture) equal(got, want any) {
	f.Helper()
	if isEmpty(got) && isEmpty(want) {
		return
	}
	if !reflect.DeepEqual(got, want) {
		f.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

func isEmpty(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || r.Kind() == reflect.Slice && r.Len() == 0
}

// is wants err to wrap target.
func (f *fixture) is(err, target error) {
	f.Helper()
	if !errors.Is(err, target) {
		f.Fatalf("got error %v, want %v", err, target)
	}
}

// in is f reporting to a subtest.
func (f *fixture) in(t *testing.T) *fixture {
	g := *f
	g.T = t
	return &g
}
