package mysql_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
)

// settle sends a batch until it is known what became of it.
func (u *user) settle(t testing.TB, b *store.Batch) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ctx, give := context.WithTimeout(t.Context(), 5*time.Second)
		o := u.Commit(ctx, b)
		give()
		if o.Result == store.Committed {
			u.Number++
			return
		}
		if len(o.Rejected) > 0 || len(o.Deposed) > 0 || o.Result == store.Superseded {
			t.Fatalf("%s %v %v %v", o.Result, o.Rejected, o.Deposed, o.Cause)
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("still %s: %v", o.Result, o.Cause)
		}
	}
}

// TestF26_F28_ServerKilledAtRandom kills the server with kill -9 again and again while commits go on. What was
// acknowledged is there, nothing is there twice, and what nobody knew becomes known.
func TestF26_F28_ServerKilledAtRandom(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	server := servertest.StartMySQL(t)
	b := open(t, server.URL())
	defer b.Close()
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.Write(t, u.Start(t, id))
	seq := uint64(1)
	for range rounds {
		dead := make(chan struct{})
		time.AfterFunc(time.Duration(rand.IntN(400))*time.Millisecond, func() {
			server.Kill()
			server.Start()
			close(dead)
		})
		for alive := true; alive; {
			select {
			case <-dead:
				alive = false
			default:
			}
			seq++
			u.settle(t, u.Next(u.More(t, id, seq, seq, 300)))
		}
	}
	u.Whole(t, id, int(seq))
	t.Logf("%d commits over %d deaths", seq, rounds)
}

// TestF27_ServerTurnsReadOnly: as a primary does that was replaced. It goes on when it may be written again.
func TestF27_ServerTurnsReadOnly(t *testing.T) {
	server := servertest.StartMySQL(t)
	server.Do("CREATE USER app@'%' IDENTIFIED BY 'p%w'", "GRANT ALL ON pawl.* TO app@'%'")
	b := open(t, strings.Replace(server.URL(), "root@", "app:p%25w@", 1))
	defer b.Close()
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.Write(t, u.Start(t, id))
	server.Do("SET GLOBAL read_only = 1")
	for range 3 {
		o := u.Commit(t.Context(), u.Next(u.More(t, id, 2, 2, 10)))
		if o.Result != store.NotCommitted || o.Cause == nil || len(o.Rejected) > 0 || !strings.Contains(o.Cause.Error(), "read-only") {
			t.Fatalf("%s %v %v", o.Result, o.Rejected, o.Cause)
		}
		if err := u.Send(t.Context(), []record.Message{{ID: record.MessageID{From: id}, Namespace: "default"}}); err == nil {
			t.Fatal("a message was taken")
		}
	}
	u.Whole(t, id, 1)
	server.Do("SET GLOBAL read_only = 0")
	u.Write(t, u.More(t, id, 2, 2, 10))
	u.Whole(t, id, 2)
}

// TestF30_NoSpace fills the one file that the server may use. Commits are refused as full, reads go on, and so do commits
// when the file may be larger.
func TestF30_NoSpace(t *testing.T) {
	server := servertest.StartMySQL(t, "--innodb-file-per-table=0", "--innodb-data-file-path=ibdata1:12M:autoextend:max:64M")
	b := open(t, server.URL())
	defer b.Close()
	u := newUser(b, 1)
	var ids []record.ID
	for n := 1; ; n++ {
		id := record.NewID(int64(n), 0, 1)
		p := u.Start(t, id)
		p.Heads[0].Ended = 1
		p.Entries[0] = drivertest.Entry(id, 1, 1<<20)
		o := u.Commit(t.Context(), u.Next(p))
		if o.Result == store.Committed {
			u.Number++
			ids = append(ids, id)
			continue
		}
		if o.Result != store.NotCommitted || !errors.Is(o.Cause, store.ErrFull) {
			t.Fatalf("%s %v %v", o.Result, o.Rejected, o.Cause)
		}
		break
	}
	if len(ids) < 10 {
		t.Fatalf("full after %d", len(ids))
	}
	for _, id := range ids {
		u.Whole(t, id, 1)
	}
	server.Kill()
	server.Start("--innodb-data-file-path=ibdata1:12M:autoextend:max:96M")
	id := record.NewID(9999, 0, 1)
	u.settle(t, u.Next(u.Start(t, id)))
	u.Whole(t, id, 1)
}

// TestR17_SettingsOfARealServer are told, one line each.
func TestR17_SettingsOfARealServer(t *testing.T) {
	server := servertest.StartMySQL(t, "--innodb-flush-log-at-trx-commit=2", "--log-bin", "--sync-binlog=0", "--innodb-doublewrite=0")
	b := open(t, server.URL())
	defer b.Close()
	i := b.Info()
	if i.Durable || len(i.Warnings) != 3 {
		t.Fatalf("durable %v, %q", i.Durable, i.Warnings)
	}
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.Write(t, u.Start(t, id)) // and a binary log is no hindrance
}

// TestRightsBehindTheFirstOpening: who may not change the schema opens one that needs no change, and works.
func TestRightsBehindTheFirstOpening(t *testing.T) {
	server := servertest.StartMySQL(t)
	open(t, server.URL()).Close()
	server.Do("CREATE USER app@'%'", "GRANT SELECT, INSERT, UPDATE, DELETE ON pawl.* TO app@'%'")
	b := open(t, strings.Replace(server.URL(), "root@", "app@", 1))
	defer b.Close()
	u, id := newUser(b, 1), drivertest.Execution(1)
	u.Write(t, u.Start(t, id))
	u.Whole(t, id, 1)
}
