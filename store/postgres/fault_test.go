package postgres_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
	"github.com/pawl-dev/pawl/store/postgres"
)

// F26: the message arrives, its answer is lost. The same bytes again are answered by the lane.
func TestF26_LostAnswerIsUnknown(t *testing.T) {
	database := servertest.Postgres(t)
	b, proxy := proxied(t, database)
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.begin(t, id)
	for seq := uint64(3); seq < 7; seq++ {
		batch := u.Next(u.append(t, id, seq))
		proxy.Set(servertest.Pass, servertest.Cut)
		if o := u.Commit(t.Context(), batch); o.Result != store.Unknown || o.Cause == nil {
			t.Fatalf("entry %d: %s %T %v", seq, o.Result, o.Cause, o.Cause)
		}
		proxy.Set(servertest.Pass, servertest.Pass)
		u.Lands(t, batch)
		u.Whole(t, id, int(seq))
	}
}

// F26: nothing arrives. Whatever the answer is, it is not that it was committed, and the same bytes again are.
func TestF26_LostMessageIsNotCommitted(t *testing.T) {
	b, proxy := proxied(t, servertest.Postgres(t))
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.begin(t, id)
	batch := u.Next(u.append(t, id, 3))
	proxy.Set(servertest.Cut, servertest.Pass)
	if o := u.Commit(t.Context(), batch); o.Result != store.Unknown && o.Result != store.NotCommitted {
		t.Fatalf("%s %v", o.Result, o.Cause)
	}
	proxy.Set(servertest.Pass, servertest.Pass)
	u.Whole(t, id, 2)
	u.Lands(t, batch)
	u.Whole(t, id, 3)
}

// F26: another version of a batch whose answer was lost is told who won.
func TestF26_OtherVersionIsSuperseded(t *testing.T) {
	b, proxy := proxied(t, servertest.Postgres(t))
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.begin(t, id)
	first, second := u.Next(u.append(t, id, 3)), u.Next()
	second.Digest++
	proxy.Set(servertest.Pass, servertest.Cut)
	u.Commit(t.Context(), first)
	proxy.Set(servertest.Pass, servertest.Pass)
	if o := u.Commit(t.Context(), second); o.Result != store.Superseded || o.Winner != first.Digest {
		t.Fatalf("%s %d", o.Result, o.Winner)
	}
}

// F2: the client stops behind the send. The server ends the transaction by itself, so another owner has the shard at
// once.
func TestF2_StoppedClientHoldsNoFence(t *testing.T) {
	database := servertest.Postgres(t)
	b, proxy := proxied(t, database)
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.begin(t, id)
	proxy.Set(servertest.Pass, servertest.Hold)
	ctx, give := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer give()
	batch := u.Next(u.append(t, id, 3))
	if o := u.Commit(ctx, batch); o.Result != store.Unknown {
		t.Fatalf("%s %v", o.Result, o.Cause)
	}
	defer proxy.Set(servertest.Pass, servertest.Pass)
	other := newUser(open(t, database), 2)
	began := time.Now()
	other.Hold(t, 1)
	if took := time.Since(began); took > 4*time.Second {
		t.Fatalf("the shard was to be had after %s", took)
	}
	other.Whole(t, id, 3)
	if o := other.Commit(t.Context(), batch); o.Result != store.Committed {
		t.Fatalf("the batch that had arrived: %s %v", o.Result, o.Deposed)
	}
}

// F32: a connection that says nothing is bounded by the context, for every call.
func TestF32_SilenceIsBoundedByTheContext(t *testing.T) {
	b, proxy := proxied(t, servertest.Postgres(t))
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.begin(t, id)
	batch := u.Next(u.append(t, id, 3))
	for name, call := range map[string]func(ctx context.Context) error{
		"Commit": func(ctx context.Context) error {
			o := u.Commit(ctx, batch)
			if o.Result == store.Committed {
				t.Error("committed through silence")
			}
			return o.Cause
		},
		"Load":   func(ctx context.Context) error { _, err := u.Load(ctx, 1, []record.ID{id}); return err },
		"Inbox":  func(ctx context.Context) error { _, err := u.Inbox(ctx, 1, 10); return err },
		"Search": func(ctx context.Context) error { _, err := u.Search(ctx, "default", store.Filter{}); return err },
		"Beat":   func(ctx context.Context) error { _, _, err := u.Beat(ctx, store.Beat{Owner: u.Owner}); return err },
		"Claim":  func(ctx context.Context) error { _, err := u.Claim(ctx, 2, record.Fence{}, u.Owner); return err },
	} {
		proxy.Set(servertest.Hold, servertest.Hold)
		ctx, give := context.WithTimeout(t.Context(), 200*time.Millisecond)
		began := time.Now()
		err := call(ctx)
		give()
		if took := time.Since(began); err == nil || took > 3*time.Second {
			t.Errorf("%s: after %s: %v", name, took, err)
		}
		proxy.CutAll()
		proxy.Set(servertest.Pass, servertest.Pass)
	}
	u.Lands(t, batch)
	u.Whole(t, id, 3)
}

// F27: a session that the server ends while the message waits has committed nothing; the next one has.
func TestF27_EndedSessionIsNotCommitted(t *testing.T) {
	database := servertest.Postgres(t)
	u, id := newUser(open(t, database), 1), drivertest.Execution(1)
	u.begin(t, id)
	c, batch := admin(t, database), u.Next(u.append(t, id, 3))
	execute(t, c, "BEGIN")
	execute(t, c, "SELECT 1 FROM pawl.shards WHERE shard = 1 FOR UPDATE")
	result := make(chan store.Outcome, 1)
	go func() { result <- u.Commit(t.Context(), batch) }()
	end := admin(t, database)
	ended := false
	for !ended {
		err := end.QueryRow(t.Context(), `SELECT coalesce(bool_or(pg_terminate_backend(pid)), false) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'pawl' AND wait_event_type = 'Lock'`).Scan(&ended)
		if err != nil {
			t.Fatal(err)
		}
	}
	if o := <-result; o.Result != store.NotCommitted || o.Cause == nil || len(o.Deposed)+len(o.Rejected) > 0 {
		t.Fatalf("%s %v %v", o.Result, o.Cause, o.Rejected)
	}
	execute(t, c, "ROLLBACK")
	u.Whole(t, id, 2)
	u.Lands(t, batch)
}

// F27: so has one that waited too long for a lock.
func TestF27_LockTimeoutIsNotCommitted(t *testing.T) {
	database := servertest.Postgres(t)
	u, id := newUser(open(t, database+"?lock_timeout=100ms"), 1), drivertest.Execution(1)
	u.begin(t, id)
	c, batch := admin(t, database), u.Next(u.append(t, id, 3))
	execute(t, c, "BEGIN")
	execute(t, c, "SELECT 1 FROM pawl.shards WHERE shard = 1 FOR UPDATE")
	o := u.Commit(t.Context(), batch)
	answer, ok := errors.AsType[*pgconn.PgError](o.Cause)
	if o.Result != store.NotCommitted || !ok || answer.Code != "55P03" {
		t.Fatalf("%s %v", o.Result, o.Cause)
	}
	execute(t, c, "ROLLBACK")
	u.Lands(t, batch)
}

// F2: a diagnosis that stops in its transaction gives its locks up within the time that a take-over may take.
func TestF2_IdleTransactionIsEnded(t *testing.T) {
	database := servertest.Postgres(t)
	b := open(t, database+"?idle_in_transaction_session_timeout=2s")
	for _, commits := range []bool{true, false} {
		if v, err := postgres.Setting(t.Context(), b, commits, "idle_in_transaction_session_timeout"); err != nil || v != "2s" {
			t.Fatalf("%q %v", v, err)
		}
	}
	fresh := open(t, inSchema(t, database))
	if v, _ := postgres.Setting(t.Context(), fresh, true, "idle_in_transaction_session_timeout"); v != "10s" {
		t.Fatalf("%q", v)
	}
}

func TestF27_VerdictsByCode(t *testing.T) {
	for code, want := range map[string]sqlstore.Verdict{
		"ERROR 40001": sqlstore.Transient, "ERROR 40P01": sqlstore.Transient, "ERROR 55P03": sqlstore.Transient,
		"ERROR 25006": sqlstore.Transient, "ERROR 53100": sqlstore.Transient, "ERROR 53200": sqlstore.Transient,
		"FATAL 53300": sqlstore.Lost, "ERROR 57014": sqlstore.Transient, "ERROR 42501": sqlstore.Transient,
		"FATAL 57P01": sqlstore.Lost, "FATAL 57P02": sqlstore.Lost, "FATAL 25P03": sqlstore.Lost, "PANIC 53100": sqlstore.Lost,
		"ERROR 08007": sqlstore.Lost, "ERROR 40003": sqlstore.Lost,
		"ERROR 22012": sqlstore.Refused, "ERROR 23505": sqlstore.Refused, "ERROR 22021": sqlstore.Refused, "ERROR 54000": sqlstore.Refused,
	} {
		severity, sqlstate, _ := strings.Cut(code, " ")
		if got := postgres.Verdict(severity, sqlstate); got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
	if got := postgres.VerdictOf(net.ErrClosed); got != sqlstore.Lost {
		t.Errorf("a connection that broke: %d", got)
	}
}

// F27: nobody listens, for a while.
func TestF27_NoServerIsNotCommitted(t *testing.T) {
	b, proxy := proxied(t, servertest.Postgres(t))
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.begin(t, id)
	proxy.Set(servertest.Cut, servertest.Cut)
	proxy.CutAll()
	batch := u.Next(u.append(t, id, 3))
	u.Commit(t.Context(), batch) // whatever it was on the connection that had been there
	if o := u.Commit(t.Context(), batch); o.Result != store.NotCommitted || o.Cause == nil {
		t.Fatalf("%s %v", o.Result, o.Cause)
	}
	proxy.Set(servertest.Pass, servertest.Pass)
	u.Lands(t, batch)
}
