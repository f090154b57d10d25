package mysql_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
)

// TestF2_ClientStoppedBehindTheSendHoldsNothing: the server is given the whole commit and hears nothing more, not even
// that its answer arrived. It must end the transaction by itself, so that another owner has the shard at once.
func TestF2_ClientStoppedBehindTheSendHoldsNothing(t *testing.T) {
	d := servertest.MySQL(t)
	b, proxy := proxied(t, d)
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.Write(t, u.Start(t, id))
	proxy.Set(servertest.Pass, servertest.Hold)
	ctx, give := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer give()
	batch := u.Next(u.More(t, id, 2, 2, 100))
	if o := u.Commit(ctx, batch); o.Result != store.Unknown {
		t.Fatalf("%s %v", o.Result, o.Cause)
	}
	other := newUser(opened(t, d), 2)
	other.Whole(t, id, 2)
	began := time.Now()
	other.Hold(t, 1)
	if took := time.Since(began); took > 4*time.Second {
		t.Fatalf("the shard was to be had after %s", took)
	}
	if o := other.Commit(t.Context(), batch); o.Result != store.Committed {
		t.Fatalf("the batch that had arrived: %s %v", o.Result, o.Deposed)
	}
}

// TestF2_ClientStoppedBehindARefusalIsBounded: a guard did not hold, and the client is stopped before it can roll back.
// The server gives its locks up by itself, within the time that a take-over may take.
func TestF2_ClientStoppedBehindARefusalIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the server to give up")
	}
	d := servertest.MySQL(t)
	b, proxy := proxied(t, d)
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.Write(t, u.Start(t, id))
	proxy.Set(servertest.Pass, servertest.Hold)
	ctx, give := context.WithTimeout(t.Context(), 20*time.Second)
	stopped := make(chan store.Outcome, 1)
	gap := u.Next(u.More(t, id, 9, 9, 100))
	go func() { stopped <- u.Commit(ctx, gap) }()
	other := newUser(opened(t, d), 2)
	waitUntilLocked(t, d)
	began := time.Now()
	for {
		rows, err := other.Claims(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err = other.Claim(t.Context(), 1, rows[1], other.Owner); err == nil {
			break
		}
		if time.Since(began) > 15*time.Second {
			t.Fatal("the shard cannot be had:", err)
		}
	}
	t.Logf("the shard was to be had after %s", time.Since(began))
	give()
	if o := <-stopped; o.Result == store.Committed {
		t.Fatal("a gap was committed")
	}
	other.Whole(t, id, 1)
}

// waitUntilLocked returns when a transaction holds the row of a shard.
func waitUntilLocked(t *testing.T, d *servertest.MySQLDatabase) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for time.Now().Before(deadline) {
		rows, err := d.Admin.QueryContext(t.Context(), "SELECT shard FROM shards WHERE shard = 1 FOR UPDATE NOWAIT")
		if err != nil {
			return
		}
		for rows.Next() {
		}
		err = rows.Err()
		rows.Close()
		if err != nil {
			return
		}
	}
	t.Fatal("no transaction holds the shard: the case shows nothing")
}

// TestF26_AnswerLostBehindTheCommit cuts the connection when the server answers: nobody knows, until the same batch is
// sent again.
func TestF26_AnswerLostBehindTheCommit(t *testing.T) {
	d := servertest.MySQL(t)
	b, proxy := proxied(t, d)
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.Write(t, u.Start(t, id))
	for seq := uint64(2); seq < 20; seq++ {
		batch := u.Next(u.More(t, id, seq, seq, 100))
		proxy.Set(servertest.Pass, servertest.Cut)
		if o := u.Commit(t.Context(), batch); o.Result != store.Unknown {
			t.Fatalf("entry %d: %s %v", seq, o.Result, o.Cause)
		}
		proxy.Set(servertest.Pass, servertest.Pass)
		u.Write(t, batch.Parts...)
	}
	u.Whole(t, id, 19)
}

// TestF26_MessageLostOnTheWay cuts the connection before the server has the message.
func TestF26_MessageLostOnTheWay(t *testing.T) {
	d := servertest.MySQL(t)
	b, proxy := proxied(t, d)
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.Write(t, u.Start(t, id))
	for seq := uint64(2); seq < 10; seq++ {
		batch := u.Next(u.More(t, id, seq, seq, 100))
		proxy.Set(servertest.Cut, servertest.Pass)
		if o := u.Commit(t.Context(), batch); o.Result == store.Committed {
			t.Fatalf("entry %d cannot have arrived", seq)
		}
		u.length2(t, d, id, int(seq)-1)
		proxy.Set(servertest.Pass, servertest.Pass)
		u.Write(t, batch.Parts...)
	}
	u.Whole(t, id, 9)
}

// length2 reads past the proxy.
func (u *user) length2(t testing.TB, d *servertest.MySQLDatabase, id record.ID, n int) {
	t.Helper()
	got := 0
	if err := d.Admin.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM journal WHERE execution = ?", id[:]).Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != n {
		t.Fatalf("%d entries, want %d", got, n)
	}
}

// TestF26_SupersededIsTold: what arrived late was another version of the batch.
func TestF26_SupersededIsTold(t *testing.T) {
	d := servertest.MySQL(t)
	b, proxy := proxied(t, d)
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.Write(t, u.Start(t, id))
	first := u.Next(u.More(t, id, 2, 2, 100))
	proxy.Set(servertest.Pass, servertest.Cut)
	if o := u.Commit(t.Context(), first); o.Result != store.Unknown {
		t.Fatal(o.Result)
	}
	proxy.Set(servertest.Pass, servertest.Pass)
	second := u.Next(u.More(t, id, 2, 3, 100))
	second.Digest++
	if o := u.Commit(t.Context(), second); o.Result != store.Superseded || o.Winner != first.Digest {
		t.Fatalf("%s %d %v", o.Result, o.Winner, o.Cause)
	}
	u.Whole(t, id, 2)
}

// TestHalfOpenConnectionsAreBoundedByTheContext: nothing goes on in either direction, and nothing is said about it.
func TestHalfOpenConnectionsAreBoundedByTheContext(t *testing.T) {
	d := servertest.MySQL(t)
	b, proxy := proxied(t, d)
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.Write(t, u.Start(t, id))
	batch := u.Next(u.More(t, id, 2, 2, 100))
	proxy.Set(servertest.Hold, servertest.Hold)
	for name, call := range map[string]func(ctx context.Context) error{
		"commit":  func(ctx context.Context) error { return b.Commit(ctx, batch).Cause },
		"load":    func(ctx context.Context) error { _, err := b.Load(ctx, 1, []record.ID{id}); return err },
		"journal": func(ctx context.Context) error { _, err := b.Journal(ctx, id, 1, 9); return err },
		"claims":  func(ctx context.Context) error { _, err := b.Claims(ctx); return err },
		"beat":    func(ctx context.Context) error { _, _, err := b.Beat(ctx, store.Beat{Owner: u.Owner}); return err },
		"send": func(ctx context.Context) error {
			return b.Send(ctx, []record.Message{{ID: record.MessageID{From: id}, Namespace: "default", To: id}})
		},
	} {
		ctx, give := context.WithTimeout(t.Context(), 200*time.Millisecond)
		began := time.Now()
		err := call(ctx)
		give()
		if took := time.Since(began); err == nil || took > 3*time.Second {
			t.Errorf("%s answers after %s: %v", name, took, err)
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	proxy.Set(servertest.Pass, servertest.Pass)
	proxy.CutAll()
	u.Write(t, batch.Parts...)
	u.Whole(t, id, 2)
}
