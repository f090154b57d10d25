package acceptance

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/internal/sim/modelstore"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/mysql"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/redis"
	"github.com/pawl-dev/pawl/store/sqlite"
)

const crowdText = `
workflow: crowd
version: 1.0.0
input: {items: [integer]}
nodes:
  - all:
      foreach: {items: "${ input.items }", mode: children, concurrency: 64, as: it}
      do: [{meet: {call: meet, args: "${ it }"}}]
  - after: {call: after, args: "${ nodes.all.output }"}
output: "${ nodes.after.output }"
`

// TestF34_ChildrenThatEndAtOnceResumeTheirParentOnce: 64 children of one parent, in all shards of two members, wait for each
// other and end in the same moment, over many connections. Deadlocks of the server are ours to retry.
func TestF34_ChildrenThatEndAtOnceResumeTheirParentOnce(t *testing.T) {
	for _, s := range []struct {
		name    string
		members int
		open    func(t *testing.T) store.Opener
	}{
		{"model", 2, func(*testing.T) store.Opener { return open{modelstore.NewBackend(16, 2)} }},
		{"sqlite", 1, func(t *testing.T) store.Opener { return sqlite.Open(filepath.Join(t.TempDir(), "pawl.db")) }},
		{"postgres", 2, func(t *testing.T) store.Opener {
			return postgres.Open(servertest.Postgres(t), postgres.Lanes(8), postgres.Connections(16))
		}},
		{"mysql", 2, func(t *testing.T) store.Opener { return mysql.Open(servertest.MySQL(t).URL, mysql.Lanes(8)) }},
		{"redis", 2, func(t *testing.T) store.Opener { return redis.Open(servertest.Redis(t)) }},
	} {
		t.Run(s.name, func(t *testing.T) { crowds(t, s.open(t), s.members) })
	}
}

func crowds(t *testing.T, s store.Opener, members int) {
	const size, rounds = 64, 4
	meeting, after := newMeeting(size), atomic.Int64{}
	var all []*pawl.Engine
	for range members {
		eng, err := pawl.Open(t.Context(), s, pawl.Options{Workers: size, Grace: time.Second, ClaimTTL: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = eng.Close(context.Background()) })
		err = errors.Join(
			pawl.Register(eng, "meet", func(ctx context.Context, n int) (int, error) { return -n, meeting.wait(ctx) }),
			pawl.Register(eng, "after", func(_ context.Context, each []int) (int, error) {
				after.Add(1)
				sum := 0
				for _, n := range each {
					sum += n
				}
				return sum, nil
			}),
		)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, eng)
	}
	if members > 1 {
		owned(t, s, members)
	}
	if _, err := all[0].Deploy(t.Context(), pawl.Text("crowd.yaml", []byte(crowdText))); err != nil {
		t.Fatal(err)
	}
	for round := range rounds {
		items := make([]int, size)
		want := 0
		for i := range items {
			items[i] = round*size + i
			want -= items[i]
		}
		run, err := all[round%members].Start(t.Context(), "crowd", map[string]any{"items": items}, pawl.Key(fmt.Sprint(round)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := pawl.Result[int](t.Context(), run)
		if err != nil || got != want {
			t.Fatalf("round %d: %d, %v, want %d", round, got, err, want)
		}
		if n := after.Load(); n != int64(round+1) {
			t.Fatalf("round %d: %d parents went on", round, n)
		}
		ended := 0
		for ev, err := range all[0].History(t.Context(), run.ID(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			if ev.Type == "items_ended" {
				ended += len(several(ev))
			}
		}
		if ended != size {
			t.Fatalf("round %d: %d ends of children in the journal", round, ended)
		}
	}
}

// owned waits until each of so many members owns shards.
func owned(t *testing.T, s store.Opener, members int) {
	t.Helper()
	b, err := s.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		claims, err := b.Claims(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		owners := map[record.Owner]bool{}
		for _, f := range claims {
			owners[f.Owner] = true
		}
		if delete(owners, record.Owner{}); len(owners) == members {
			return
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("%d members own shards", len(owners))
		}
	}
}

// meeting lets calls return all at once, so many at a time.
type meeting struct {
	size int
	mu   sync.Mutex
	here int
	open chan struct{}
}

func newMeeting(size int) *meeting { return &meeting{size: size, open: make(chan struct{})} }

func (m *meeting) wait(ctx context.Context) error {
	m.mu.Lock()
	door := m.open
	if m.here++; m.here == m.size {
		m.here, m.open = 0, make(chan struct{})
		close(door)
	}
	m.mu.Unlock()
	select {
	case <-door:
		return nil
	case <-ctx.Done():
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.open == door {
			m.here--
		}
		return ctx.Err()
	}
}
