package transfer_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/sqlite"
	"github.com/pawl-dev/pawl/store/transfer"
)

// holding is all that one store holds, in plain values.
type holding struct {
	heads   map[record.ID]record.Head
	entries map[record.ID][]record.Entry
	keys    []record.KeyRow
	defs    []store.Definition
	mail    map[record.MessageID]record.Message
	blobs   map[record.ID]map[[32]byte]string
}

// all reads a store without package transfer.
func all(t testing.TB, b store.Backend) holding {
	t.Helper()
	h := holding{map[record.ID]record.Head{}, map[record.ID][]record.Entry{}, nil, nil, map[record.MessageID]record.Message{}, map[record.ID]map[[32]byte]string{}}
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	spaces, err := b.Namespaces(ctx)
	check(err)
	for _, ns := range spaces {
		list, err := b.List(ctx, ns, "")
		check(err)
		for _, d := range list {
			d, err = b.Get(ctx, ns, d.Workflow, d.Version)
			check(err)
			d.Source = append([]byte{}, d.Source...)
			h.defs = append(h.defs, d)
		}
	}
	for after := (record.ID{}); ; {
		ids, err := b.Executions(ctx, store.EveryShard, after, 100)
		check(err)
		for _, id := range ids {
			got, err := b.Load(ctx, id.Shard(b.Info().Shards), []record.ID{id})
			check(err)
			h.heads[id] = got[0].Head
			h.entries[id], err = b.Journal(ctx, id, 0, 100_000)
			check(err)
			for i := range h.entries[id] {
				h.entries[id][i].Namespace = ""
			}
			k := record.Key{Namespace: got[0].Head.Namespace, Workflow: got[0].Head.Workflow, Key: got[0].Head.Key}
			rows, err := b.Keys(ctx, []record.Key{k})
			check(err)
			h.keys = append(h.keys, rows...)
			after = id
		}
		if len(ids) < 100 {
			break
		}
	}
	owners, err := b.BlobOwners(ctx, record.ID{}, 1000)
	check(err)
	for _, id := range owners {
		h.blobs[id] = map[[32]byte]string{}
		sums, err := b.BlobSums(ctx, id)
		check(err)
		for _, sum := range sums {
			body, err := b.GetBlob(ctx, "default", id, sum)
			check(err)
			h.blobs[id][sum] = string(body)
		}
	}
	for s := range b.Info().Shards {
		list, err := b.Inbox(ctx, record.Shard(s), 10_000)
		check(err)
		for _, m := range list {
			if !m.To.IsZero() && m.Shard != m.To.Shard(b.Info().Shards) {
				t.Errorf("a message to %s lies in shard %d", m.To, m.Shard)
			}
			m.Shard = 0
			h.mail[m.ID] = m
		}
	}
	return h
}

// alike wants two stores to hold the same.
func alike(t testing.TB, a, b store.Backend) {
	t.Helper()
	x, y := all(t, a), all(t, b)
	for id := range x.heads {
		if !reflect.DeepEqual(x.heads[id], y.heads[id]) {
			t.Errorf("heads differ:\n%+v\n%+v", x.heads[id], y.heads[id])
		}
		if !reflect.DeepEqual(x.entries[id], y.entries[id]) {
			t.Errorf("journals of %s differ: %d and %d entries", id, len(x.entries[id]), len(y.entries[id]))
		}
	}
	if len(x.heads) != len(y.heads) || !reflect.DeepEqual(x.keys, y.keys) || !reflect.DeepEqual(x.mail, y.mail) {
		t.Errorf("%d and %d executions, %v and %v, %d and %d messages", len(x.heads), len(y.heads), x.keys, y.keys, len(x.mail), len(y.mail))
	}
	if !reflect.DeepEqual(x.blobs, y.blobs) {
		t.Errorf("large payloads differ:\n%v\n%v", x.blobs, y.blobs)
	}
	for i := range x.defs {
		if i >= len(y.defs) || !reflect.DeepEqual(x.defs[i], y.defs[i]) {
			t.Errorf("definition %s %s differs: %+v and %+v", x.defs[i].Workflow, x.defs[i].Version, x.defs[i], y.defs)
			break
		}
	}
}

// quick does not watch for long.
var quick = transfer.Options{Watch: 50 * time.Millisecond}

// filled is a store with executions of many kinds, at rest.
func filled(t testing.TB) *stand {
	s := newStore(t)
	for n := uint64(1); n <= 40; n++ {
		m := s.execution(n, int(n%7)+1)
		if n%3 == 0 {
			m.head.Key = "k" + string(rune('a'+n%20))
			m.head.Execution = record.NewID(m.head.Execution.Millis(), n, record.KeySlot(record.Key{Namespace: "default", Workflow: "order", Key: m.head.Key}))
			for i := range m.entries {
				m.entries[i].Execution = m.head.Execution
				m.entries[i].Sum = m.entries[i].Checksum()
			}
		}
		if _, taken := all(t, s).heads[m.head.Execution]; !taken && (m.head.Key == "" || n < 20) {
			s.put(m)
		}
	}
	s.put(s.execution(100, 2500))
	trimmed := s.execution(101, 1500)
	s.put(trimmed)
	p := s.part(trimmed.head.Execution)
	p.Trims = []record.Trim{{Execution: trimmed.head.Execution, Before: 1203}}
	s.commit(p)
	for n := range uint64(30) {
		to := s.execution(n+1, 1).head.Execution
		s.must(s.Send(t.Context(), []record.Message{{
			ID: record.MessageID{From: record.NewID(1, n+1, uint16(n)), Seq: n}, Shard: to.Shard(len(s.fences)), Namespace: "default", To: to, At: int64(n), Body: []byte(`{"verb":"x"}`),
		}}))
	}
	coming := record.NewID(2, 99, 7) // a message is to make it
	for n, id := range []record.ID{s.execution(2, 1).head.Execution, s.execution(100, 1).head.Execution, coming} {
		for _, text := range []string{"first of ", "second of "} {
			body := fmt.Append(nil, text, n)
			s.must(s.PutBlob(t.Context(), "default", id, sha256.Sum256(body), body))
		}
	}
	s.must(s.Send(t.Context(), []record.Message{{
		ID: record.MessageID{From: coming}, Shard: coming.Shard(len(s.fences)), Namespace: "default", To: coming, At: 1, Body: []byte(`{"verb":"x"}`),
	}}))
	s.must(s.Put(t.Context(), store.Definition{Namespace: "default", Workflow: "order", Version: "1.0.0", Hash: "h1", Body: []byte(`{"a":1}`), Source: []byte("a: 1\n"), At: 5, By: "ada", Uses: []record.Use{{Workflow: "x", Constraint: "^1"}}}, &store.Move{}))
	s.must(s.Put(t.Context(), store.Definition{Namespace: "default", Workflow: "order", Version: "1.1.0", Hash: "h2", Body: []byte(`{"a":2}`), At: 6, Retired: true}, nil))
	s.must(s.AddDataKey(t.Context(), store.DataKey{ID: 9, Namespace: "default", KEK: "kek", Wrapped: []byte{1, 2}, At: 7}))
	s.leave()
	return s
}

func emptyStore(t testing.TB) store.Backend {
	t.Helper()
	b, err := memory.Open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func file(t testing.TB, path string) store.Backend {
	t.Helper()
	b, err := sqlite.Open(path).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// TestCopyIsEqual: everything arrives, and a second copy finds it equal; long and trimmed journals, too.
func TestCopyIsEqual(t *testing.T) {
	from, to := filled(t), file(t, filepath.Join(t.TempDir(), "pawl.db"))
	dry := quick
	dry.DryRun = true
	if done, err := transfer.Copy(t.Context(), from, to, dry); err != nil || done.Same != 0 || len(all(t, to).heads) != 0 {
		t.Fatalf("%+v %v", done, err)
	}
	first, err := transfer.Copy(t.Context(), from, to, quick)
	if err != nil {
		t.Fatal(err)
	}
	alike(t, from, to)
	again, err := transfer.Copy(t.Context(), from, to, quick)
	if err != nil || again.Same != first.Executions || again.Entries != first.Entries || first.Messages != 31 || first.Blobs != 6 || first.DataKeys != 1 {
		t.Fatalf("%+v after %+v: %v", again, first, err)
	}
	alike(t, from, to)
	claims, err := to.Claims(t.Context())
	if err != nil || claims[0].Owner != (record.Owner{}) {
		t.Fatalf("the shards were not given back: %v %v", claims[0], err)
	}
}

// stopping is a store that ends a context when so many batches were committed.
type stopping struct {
	store.Backend
	after int
	stop  context.CancelFunc
}

func (s *stopping) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	if s.after--; s.after < 0 {
		s.stop()
		return store.Outcome{Result: store.NotCommitted, Cause: context.Canceled}
	}
	return s.Backend.Commit(ctx, b)
}

// Release does nothing: the process is gone.
func (s *stopping) Release(context.Context, []record.Fence) error { return nil }

// TestCopyStoppedAnywhere stops a copy after each batch, runs it again, and wants the whole. Whoever is stopped gives
// no shard back.
func TestCopyStoppedAnywhere(t *testing.T) {
	from := filled(t)
	for after := range 12 {
		to := emptyStore(t)
		ctx, stop := context.WithCancel(t.Context())
		_, err := transfer.Copy(ctx, from, &stopping{to, after, stop}, quick)
		stop()
		if after < 4 && !errors.Is(err, context.Canceled) {
			t.Fatalf("after %d batches: %v", after, err)
		}
		if _, err := transfer.Copy(t.Context(), from, to, quick); err != nil {
			t.Fatalf("again, after %d batches: %v", after, err)
		}
		alike(t, from, to)
		if claims, err := to.Claims(t.Context()); err != nil || claims[0].Owner != (record.Owner{}) || claims[0].Epoch < 2 {
			t.Fatalf("a copy that was killed began no task, and yet it looks so: %+v %v", claims[0], err)
		}
		if err == nil {
			return
		}
	}
	t.Fatal("the copy never came to its end")
}

// TestCopyRefusesWhatDiffers names the execution and leaves what is there.
func TestCopyRefusesWhatDiffers(t *testing.T) {
	from := newStore(t)
	one := from.execution(1, 3)
	from.put(one)
	from.leave()
	for name, change := range map[string]func(s *stand, m *made){
		"entry":   func(_ *stand, m *made) { m.entries[1].Body = []byte("\x00{}") },
		"head":    func(_ *stand, m *made) { m.head.Status = "completed" },
		"shorter": func(_ *stand, m *made) { m.entries = m.entries[:2] },
		"longer":  func(s *stand, m *made) { m.entries = s.execution(1, 4).entries },
	} {
		to := newStore(t)
		m := to.execution(1, 3)
		change(to, m)
		to.put(m)
		to.leave()
		before := all(t, to)
		_, err := transfer.Copy(t.Context(), from, to, quick)
		if !errors.Is(err, transfer.ErrDiffers) || !strings.Contains(err.Error(), one.head.Execution.String()) {
			t.Errorf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(before, all(t, to)) {
			t.Errorf("%s: the target changed", name)
		}
	}
}

// TestCopyNeedsRest: nobody may own a shard of either side and live; who is silent is gone, and what he left behind
// unclean stays so in the target.
func TestCopyNeedsRest(t *testing.T) {
	busy := filled(t)
	busy.claim()
	server := named{busy, "postgres"}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	beaten := make(chan struct{})
	go func() {
		for n := uint64(1); ctx.Err() == nil; n++ {
			server.Beat(ctx, store.Beat{Owner: busy.owner, Count: n})
			if n == 1 {
				close(beaten)
			}
			<-time.After(5 * time.Millisecond)
		}
	}()
	<-beaten
	long := transfer.Options{Watch: 3 * time.Second}
	if _, err := transfer.Copy(ctx, server, emptyStore(t), long); !errors.Is(err, transfer.ErrAlive) || !strings.Contains(err.Error(), "source") {
		t.Errorf("the source is at work: %v", err)
	}
	if _, err := transfer.Copy(ctx, filled(t), server, long); !errors.Is(err, transfer.ErrAlive) || !strings.Contains(err.Error(), "target") {
		t.Errorf("the target is at work: %v", err)
	}
	stop()
	to := emptyStore(t)
	done, err := transfer.Copy(t.Context(), server, to, quick)
	if err != nil || !done.Unclean {
		t.Fatalf("%+v %v", done, err)
	}
	claims, err := to.Claims(t.Context())
	if err != nil || claims[3].Owner == (record.Owner{}) {
		t.Errorf("the target looks as if everything had been closed: %v %v", claims[3], err)
	}
}

// named is a store that says to be another.
type named struct {
	store.Backend
	driver string
}

func (n named) Info() store.Info {
	i := n.Backend.Info()
	i.Driver = n.driver
	return i
}
