package redis_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/redis"
)

// behind is a store that is reached through a proxy, and one that goes straight to the same server.
func behind(t *testing.T) (p *servertest.Proxy, through, straight store.Backend) {
	t.Helper()
	at, err := url.Parse(servertest.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	straight = open(t, at.String())
	t.Cleanup(func() { straight.Close() })
	p = servertest.NewProxy(t, at.Host)
	at.Host = p.Addr().String()
	through = open(t, at.String())
	t.Cleanup(func() { through.Close() })
	return p, through, straight
}

// TestF26_AnswerIsLost: the commit arrives and its answer does not. The outcome is unknown, the batch is there once, and
// the same bytes under the same number say so.
func TestF26_AnswerIsLost(t *testing.T) {
	p, b, straight := behind(t)
	u := drivertest.NewKeeper(t, b, 1)
	u.Grow(t, 1, 50, drivertest.Kept(1), drivertest.Kept(2))
	batch := u.Growth(2, 50, drivertest.Kept(1), drivertest.Kept(2))
	p.Set(servertest.Pass, servertest.Cut)
	if o := u.Try(batch); o.Result != store.Unknown || o.Cause == nil {
		t.Fatalf("want unknown, got %s", drivertest.Describe(o))
	}
	p.Set(servertest.Pass, servertest.Pass)
	direct := &drivertest.Keeper{Backend: straight, Ctx: t.Context()}
	if n := len(direct.Whole(t, drivertest.Kept(1))); n != 2 {
		t.Fatalf("%d entries: the case shows nothing", n)
	}
	for range 3 {
		if o := resolve(t, u, batch); o.Result != store.Committed {
			t.Fatal(drivertest.Describe(o))
		}
	}
	if n := len(u.Whole(t, drivertest.Kept(2))); n != 2 {
		t.Fatalf("%d entries", n)
	}
	u.Grow(t, 3, 50, drivertest.Kept(1))
}

// TestF26_RequestIsLost: the commit does not arrive, which the client cannot know.
func TestF26_RequestIsLost(t *testing.T) {
	p, b, _ := behind(t)
	u := drivertest.NewKeeper(t, b, 1)
	u.Grow(t, 1, 50, drivertest.Kept(1))
	batch := u.Growth(2, 50, drivertest.Kept(1))
	p.Set(servertest.Cut, servertest.Pass)
	if o := u.Try(batch); o.Result != store.Unknown {
		t.Fatalf("want unknown, got %s", drivertest.Describe(o))
	}
	p.Set(servertest.Pass, servertest.Pass)
	if n := len(u.Whole(t, drivertest.Kept(1))); n != 1 {
		t.Fatalf("%d entries: the case shows nothing", n)
	}
	if o := resolve(t, u, batch); o.Result != store.Committed {
		t.Fatal(drivertest.Describe(o))
	}
	if n := len(u.Whole(t, drivertest.Kept(1))); n != 2 {
		t.Fatalf("%d entries", n)
	}
}

// TestF26_OtherVersionAfterUnknown: a version that changed after an unknown one learns which of the two is durable.
func TestF26_OtherVersionAfterUnknown(t *testing.T) {
	p, b, _ := behind(t)
	u := drivertest.NewKeeper(t, b, 1)
	first := u.Growth(1, 50, drivertest.Kept(1))
	p.Set(servertest.Pass, servertest.Cut)
	if o := u.Try(first); o.Result != store.Unknown {
		t.Fatalf("want unknown, got %s", drivertest.Describe(o))
	}
	p.Set(servertest.Pass, servertest.Pass)
	second := u.Growth(1, 50, drivertest.Kept(2))
	second.Digest++
	if o := resolve(t, u, second); o.Result != store.Superseded || o.Winner != first.Digest {
		t.Fatalf("want superseded by %d, got %s", first.Digest, drivertest.Describe(o))
	}
}

// resolve sends a batch until its outcome is known, as an engine does.
func resolve(t *testing.T, u *drivertest.Keeper, b *store.Batch) store.Outcome {
	t.Helper()
	for range 50 {
		if o := u.Try(b); o.Result != store.Unknown {
			return o
		}
	}
	t.Fatal("the outcome stays unknown")
	return store.Outcome{}
}

// TestF26_GivenUpWhileUnderWay: a caller that gives up does not know either.
func TestF26_GivenUpWhileUnderWay(t *testing.T) {
	p, b, _ := behind(t)
	u := drivertest.NewKeeper(t, b, 1)
	batch := u.Growth(1, 50, drivertest.Kept(1))
	p.Set(servertest.Pass, servertest.Hold)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if o := u.Commit(ctx, batch); o.Result != store.Unknown {
		t.Fatalf("want unknown, got %s", drivertest.Describe(o))
	}
	p.Set(servertest.Pass, servertest.Pass)
	if o := resolve(t, u, batch); o.Result != store.Committed {
		t.Fatal(drivertest.Describe(o))
	}
}

// TestF26_ReadsSurviveALostConnection: what changes nothing is asked again.
func TestF26_ReadsSurviveALostConnection(t *testing.T) {
	p, b, _ := behind(t)
	u := drivertest.NewKeeper(t, b, 1)
	u.Grow(t, 1, 50, drivertest.Kept(1))
	for range 5 {
		p.CutAll()
		if n := len(u.Whole(t, drivertest.Kept(1))); n != 1 {
			t.Fatalf("%d entries", n)
		}
	}
}

// TestF27_NoConnection: what could not be sent is not committed, and goes through once the server is back.
func TestF27_NoConnection(t *testing.T) {
	r := servertest.StartRedis(t)
	b := open(t, r.URL())
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	u.Grow(t, 1, 50, drivertest.Kept(1))
	r.Kill()
	batch := u.Growth(2, 50, drivertest.Kept(1))
	u.Try(batch) // on the old connection: not known
	if o := u.Try(batch); o.Result != store.NotCommitted || o.Cause == nil || len(o.Rejected)+len(o.Deposed) > 0 {
		t.Fatalf("want not committed for now, got %s", drivertest.Describe(o))
	}
	r.Start()
	if o := resolve(t, u, batch); o.Result != store.Committed {
		t.Fatal(drivertest.Describe(o))
	}
	if n := len(u.Whole(t, drivertest.Kept(1))); n != 2 {
		t.Fatalf("%d entries", n)
	}
}

// TestF27_ServerRefuses: what the server refuses as a whole is not committed, for now, and changes nothing.
func TestF27_ServerRefuses(t *testing.T) {
	r := servertest.StartRedis(t)
	b := open(t, r.URL())
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	u.Grow(t, 1, 50, drivertest.Kept(1))
	for name, c := range map[string]struct {
		refuse, allow []string
		is            error
	}{
		"READONLY":   {[]string{"REPLICAOF", "127.0.0.1", "1"}, []string{"REPLICAOF", "NO", "ONE"}, nil},
		"NOREPLICAS": {[]string{"CONFIG", "SET", "min-replicas-to-write", "3"}, []string{"CONFIG", "SET", "min-replicas-to-write", "0"}, nil},
		"OOM":        {[]string{"CONFIG", "SET", "maxmemory", "1"}, []string{"CONFIG", "SET", "maxmemory", "0"}, store.ErrFull},
		"NOPERM":     {[]string{"ACL", "SETUSER", "default", "-evalsha"}, []string{"ACL", "SETUSER", "default", "+evalsha"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r.Do(c.refuse...)
			batch := u.Growth(u.Number+1, 50, drivertest.Kept(1))
			for range 3 {
				o := u.Try(batch)
				if o.Result != store.NotCommitted || o.Cause == nil || len(o.Rejected)+len(o.Deposed) > 0 || errors.Is(o.Cause, store.ErrStoreWentBack) {
					t.Fatalf("got %s", drivertest.Describe(o))
				}
				if c.is != nil && !errors.Is(o.Cause, c.is) {
					t.Fatalf("want %v, got %s", c.is, drivertest.Describe(o))
				}
			}
			r.Do(c.allow...)
			if o := resolve(t, u, batch); o.Result != store.Committed {
				t.Fatal(drivertest.Describe(o))
			}
		})
	}
	if all := u.Whole(t, drivertest.Kept(1)); len(all) != 5 {
		t.Fatalf("%d entries", len(all))
	}
}

// TestF30_Full: a server without memory is opened, read and owned; commits go on once there is some.
func TestF30_Full(t *testing.T) {
	r := servertest.StartRedis(t)
	b := open(t, r.URL())
	u := drivertest.NewKeeper(t, b, 1)
	u.Grow(t, 1, 50, drivertest.Kept(1))
	b.Close()
	r.Do("CONFIG", "SET", "maxmemory", "1")
	b = open(t, r.URL())
	defer b.Close()
	v := drivertest.NewKeeper(t, b, 2)
	if _, _, err := b.Beat(t.Context(), store.Beat{Owner: v.Owner, Count: 1}); err != nil {
		t.Fatal(err)
	}
	if n := len(v.Whole(t, drivertest.Kept(1))); n != 1 {
		t.Fatalf("%d entries", n)
	}
	batch := v.Growth(2, 50, drivertest.Kept(1))
	if o := v.Try(batch); o.Result != store.NotCommitted || !errors.Is(o.Cause, store.ErrFull) {
		t.Fatalf("got %s", drivertest.Describe(o))
	}
	m := record.Message{ID: record.MessageID{From: drivertest.Kept(5)}, Shard: 1, To: drivertest.Kept(1)}
	if err := b.Send(t.Context(), []record.Message{m}); !errors.Is(err, store.ErrFull) {
		t.Fatalf("got %v", err)
	}
	r.Do("CONFIG", "SET", "maxmemory", "0")
	if o := v.Try(batch); o.Result != store.Committed {
		t.Fatal(drivertest.Describe(o))
	}
}

// TestF27_Busy: a server that another script keeps busy has not begun with this one.
func TestF27_Busy(t *testing.T) {
	r := servertest.StartRedis(t, "--busy-reply-threshold", "50")
	b := open(t, r.URL())
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	batch := u.Growth(1, 50, drivertest.Kept(1))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Try("EVAL", "while true do redis.call('PING') end", "0")
	}()
	var o store.Outcome
	for range 1000 { // until the other script has been at work for 50 ms
		o = u.Try(batch)
		if o.Result != store.Committed {
			break
		}
		batch = u.Growth(u.Number+1, 50, drivertest.Kept(1))
	}
	if o.Result != store.NotCommitted || !strings.Contains(o.Cause.Error(), "BUSY") {
		t.Fatalf("got %s", drivertest.Describe(o))
	}
	r.Do("SCRIPT", "KILL")
	<-ended
	if o := resolve(t, u, batch); o.Result != store.Committed {
		t.Fatal(drivertest.Describe(o))
	}
}

// TestF27_Loading: a server that reads its data back says so. An open waits for it, a commit is sent again.
func TestF27_Loading(t *testing.T) {
	r := servertest.StartRedis(t)
	b := open(t, r.URL())
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	u.Grow(t, 1, 50, drivertest.Kept(1))
	for i := range 40 {
		r.Do("SET", fmt.Sprint("filler", i), "x")
	}
	r.Do("BGREWRITEAOF")
	r.Until("INFO persistence", rewritten)
	r.Kill()
	r.Launch("--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024")
	batch := u.Growth(2, 50, drivertest.Kept(1))
	loading := 0
	for u.Number < 2 {
		o := u.Try(batch)
		if o.Result == store.NotCommitted && strings.Contains(o.Cause.Error(), "LOADING") {
			if loading++; loading == 1 {
				open(t, r.URL()).Close()
			}
		}
	}
	if loading == 0 {
		t.Fatal("the server was never loading: the case shows nothing")
	}
	if n := len(u.Whole(t, drivertest.Kept(1))); n != 2 {
		t.Fatalf("%d entries", n)
	}
}

// rewritten reports that a server's log is whole.
func rewritten(persistence string) bool {
	return strings.Contains(persistence, "aof_rewrite_in_progress:0") && strings.Contains(persistence, "aof_rewrite_scheduled:0")
}

// TestF32_StalledServer: a server that stands still is waited for as long as the caller does.
func TestF32_StalledServer(t *testing.T) {
	r := servertest.StartRedis(t)
	b := open(t, r.URL())
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	batch := u.Growth(1, 50, drivertest.Kept(1))
	r.Signal(syscall.SIGSTOP)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	o := u.Commit(ctx, batch)
	r.Signal(syscall.SIGCONT)
	if o.Result != store.Unknown {
		t.Fatalf("got %s", drivertest.Describe(o))
	}
	if o := resolve(t, u, batch); o.Result != store.Committed {
		t.Fatal(drivertest.Describe(o))
	}
}

// TestF33_F26_ServerIsKilled kills the server with appendfsync always in the middle of commits: what was acknowledged is
// there after a restart, what was unknown is resolved, and no batch is there in parts.
func TestF33_F26_ServerIsKilled(t *testing.T) {
	r := servertest.StartRedis(t)
	b := open(t, r.URL())
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	ids := []record.ID{drivertest.Kept(0), drivertest.Kept(1), drivertest.Kept(70), drivertest.Kept(4000)}
	rnd := rand.New(rand.NewPCG(1, 2))
	unknown := 0
	for range 12 {
		killed := make(chan struct{})
		wait := time.NewTimer(time.Duration(rnd.IntN(30)) * time.Millisecond)
		go func() {
			<-wait.C
			r.Kill()
			close(killed)
		}()
		var batch *store.Batch
		for {
			batch = u.Growth(u.Number+1, 1000, ids...)
			o := u.Try(batch)
			if o.Result == store.Committed {
				continue
			}
			if o.Result == store.Unknown {
				unknown++
			} else if o.Result != store.NotCommitted || len(o.Rejected)+len(o.Deposed) > 0 {
				t.Fatal(drivertest.Describe(o))
			}
			break
		}
		<-killed
		acknowledged := u.Number
		r.Start()
		if o := resolve(t, u, batch); o.Result != store.Committed {
			t.Fatalf("after %d: %s", acknowledged, drivertest.Describe(o))
		}
		for _, id := range ids {
			if n := len(u.Whole(t, id)); uint64(n) != acknowledged+1 {
				t.Fatalf("%d entries of %s, want %d", n, id, acknowledged+1)
			}
		}
	}
	if unknown == 0 {
		t.Fatal("no commit was under way when the server was killed: the case shows nothing")
	}
	t.Logf("%d batches, %d unknown", u.Number, unknown)
}

// wentBack wants a commit to say that the store lost what it had acknowledged, with what to do about it.
func wentBack(t *testing.T, o store.Outcome) {
	t.Helper()
	if o.Result != store.NotCommitted || !errors.Is(o.Cause, store.ErrStoreWentBack) || !strings.Contains(o.Cause.Error(), "stop everything") {
		t.Fatalf("got %s", drivertest.Describe(o))
	}
}

// TestF33_Emptied: FLUSHALL under a running engine.
func TestF33_Emptied(t *testing.T) {
	r := servertest.StartRedis(t)
	b := open(t, r.URL())
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	u.Grow(t, 1, 50, drivertest.Kept(1))
	r.Do("FLUSHALL")
	wentBack(t, u.Commit(u.Ctx, u.Growth(2, 50, drivertest.Kept(1))))
	wentBack(t, u.Commit(u.Ctx, u.Growth(1, 50, drivertest.Kept(2))))
	if got := r.Do("DBSIZE"); got != "0" {
		t.Fatalf("%s keys were written to what is not this store", got)
	}
	id, m := drivertest.Kept(3), record.Message{ID: record.MessageID{From: drivertest.Kept(5)}, Shard: 1, To: drivertest.Kept(1)}
	for name, err := range map[string]error{
		"Load":    second(u.Load(u.Ctx, id.Shard(64), []record.ID{id})),
		"Claims":  second(u.Claims(u.Ctx)),
		"Send":    u.Send(u.Ctx, []record.Message{m}),
		"PutBlob": u.PutBlob(u.Ctx, "default", id, [32]byte{}, []byte("b")),
		"Put":     u.Put(u.Ctx, store.Definition{Workflow: "w", Version: "1"}, nil),
		"Search":  second(u.Search(u.Ctx, "default", store.Filter{})),
	} {
		if !errors.Is(err, store.ErrStoreWentBack) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Another store in its place is not this one either.
	other := open(t, r.URL())
	defer other.Close()
	drivertest.NewKeeper(t, other, 2)
	wentBack(t, u.Commit(u.Ctx, u.Growth(2, 50, drivertest.Kept(1))))
}

func second[T any](_ T, err error) error { return err }

// TestF33_OlderReplicaIsPromoted: a replica that misses the last commit takes over under the same address. The engine that
// was acknowledged it learns so at its next commit.
func TestF33_OlderReplicaIsPromoted(t *testing.T) {
	primary, replica := servertest.StartRedis(t, "--repl-diskless-sync-delay", "0"), servertest.StartRedis(t)
	b := open(t, primary.URL())
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	host, port, _ := strings.Cut(primary.Addr, ":")
	replica.Do("REPLICAOF", host, port)
	replica.Until("INFO replication", func(s string) bool { return strings.Contains(s, "master_link_status:up") })
	u.Grow(t, 1, 50, drivertest.Kept(1))
	u.Grow(t, 2, 50, drivertest.Kept(1))
	want := primary.Do("HGET", "pawl:lanes", lane(u))
	replica.Until("HGET pawl:lanes "+lane(u), func(s string) bool { return s == want })
	replica.Do("REPLICAOF", "NO", "ONE")
	replica.Until("INFO persistence", rewritten)
	u.Grow(t, 3, 50, drivertest.Kept(1))
	primary.Kill()
	replica.Kill()
	const log = "appendonlydir"
	if err := os.RemoveAll(filepath.Join(primary.Dir(), log)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(primary.Dir(), log), os.DirFS(filepath.Join(replica.Dir(), log))); err != nil {
		t.Fatal(err)
	}
	primary.Start()

	if n := len(u.Whole(t, drivertest.Kept(1))); n != 2 {
		t.Fatalf("%d entries: the case shows nothing", n)
	}
	wentBack(t, u.Commit(u.Ctx, u.Growth(4, 50, drivertest.Kept(1))))
}

// lane is the row of a user's lane.
func lane(u *drivertest.Keeper) string { return string(u.Owner[:]) + strings.Repeat("\x00", 8) }

// TestF33_EpochFell: a shard whose epoch is lower than what this process has seen.
func TestF33_EpochFell(t *testing.T) {
	r := servertest.StartRedis(t)
	b := open(t, r.URL())
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	u.Grow(t, 1, 50, drivertest.Kept(1))
	row := r.Do("HGET", "pawl:shards", "1")
	if _, err := b.Claim(t.Context(), 1, u.Fences[1], record.Owner{2}); err != nil {
		t.Fatal(err)
	}
	if o := u.Commit(u.Ctx, u.Growth(2, 50, drivertest.Kept(1))); o.Result != store.NotCommitted || !slices.Equal(o.Deposed, []record.Shard{1}) {
		t.Fatalf("want deposed, got %s", drivertest.Describe(o))
	}
	r.Do("HSET", "pawl:shards", "1", row)
	if _, err := b.Claims(t.Context()); !errors.Is(err, store.ErrStoreWentBack) {
		t.Fatalf("got %v", err)
	}
	if _, err := b.Claim(t.Context(), 1, u.Fences[1], record.Owner{3}); !errors.Is(err, store.ErrStoreWentBack) {
		t.Fatalf("got %v", err)
	}
}

// TestF37_Restored: a store that came back from a backup is another incarnation, and who had it open is told.
func TestF37_Restored(t *testing.T) {
	at := servertest.Redis(t)
	b := open(t, at)
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	u.Grow(t, 1, 50, drivertest.Kept(1))
	again := open(t, at, redis.Restored())
	defer again.Close()
	if again.Info().Incarnation == b.Info().Incarnation {
		t.Fatal("the same incarnation")
	}
	wentBack(t, u.Commit(u.Ctx, u.Growth(2, 50, drivertest.Kept(1))))
	v := drivertest.NewKeeper(t, again, 2)
	v.Grow(t, 2, 50, drivertest.Kept(1))
}

// TestF35_OversizedBatches: far more rows than Lua unpacks at once, far more bytes than any buffer, and one bad member.
func TestF35_OversizedBatches(t *testing.T) {
	b := open(t, servertest.Redis(t))
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	var ids []record.ID
	for n := range 9000 {
		ids = append(ids, drivertest.Kept(n))
	}
	u.Grow(t, 1, 30, ids...)
	u.Grow(t, 2, 30, ids...)
	large := u.Growth(3, 4<<20, ids[:12]...)
	if o := u.Try(large); o.Result != store.Committed {
		t.Fatal(drivertest.Describe(o))
	}
	if all := u.Whole(t, ids[11]); !bytes.Equal(all[2].Body, large.Parts[11].Entries[0].Body) {
		t.Fatal("the body did not come back")
	}
	long := u.Growth(3, 20, ids[20])
	for seq := uint64(4); seq < 12_000; seq++ {
		long.Parts[0].Entries = append(long.Parts[0].Entries, drivertest.Signed(ids[20], seq, 3, 20))
	}
	if o := u.Try(long); o.Result != store.Committed {
		t.Fatal(drivertest.Describe(o))
	}
	if all := u.Whole(t, ids[20]); len(all) != 11_999 {
		t.Fatalf("%d entries", len(all))
	}
	bad := u.Growth(3, 30, ids[100:164]...)
	bad.Parts[17].Entries[0].Seq = 9
	if o := u.Try(bad); len(o.Rejected) != 1 || o.Rejected[0].Execution != ids[117] {
		t.Fatal(drivertest.Describe(o))
	}
	bad.Parts = slices.Delete(bad.Parts, 17, 18)
	if o := u.Try(bad); o.Result != store.Committed {
		t.Fatal(drivertest.Describe(o))
	}
}

// TestF35_ForgetsByTheThousand: retention removes long journals and many executions in one part.
func TestF35_ForgetsByTheThousand(t *testing.T) {
	r := servertest.StartRedis(t)
	b := open(t, r.URL())
	defer b.Close()
	u := drivertest.NewKeeper(t, b, 1)
	u.Grow(t, 1, 10)
	empty := r.Do("DBSIZE")
	batch := &store.Batch{Lane: store.Lane{Owner: u.Owner}, Number: 2, Digest: 2}
	p := record.Part{Fence: u.Fences[0]}
	for n := range 1200 {
		id := drivertest.Kept(64 * n)
		p.Heads = append(p.Heads, record.Head{Execution: id, Insert: true, Namespace: "default", Workflow: "w", Status: "completed", Ended: 5, NextAt: 7,
			Key: id.String(), Parent: drivertest.Kept(3), Tags: []record.Tag{{Name: "t", Text: "x"}}})
		last := uint64(1)
		if n == 0 {
			last = 9000
		}
		for seq := uint64(1); seq <= last; seq++ {
			p.Entries = append(p.Entries, drivertest.Signed(id, seq, 1, 20))
		}
		p.Forgets = append(p.Forgets, id)
		p.Snapshots = append(p.Snapshots, record.Snapshot{Execution: id, Seq: 1, Body: []byte("s")})
		p.Keys = append(p.Keys, record.KeyChange{KeyRow: record.KeyRow{Key: record.Key{Namespace: "default", Workflow: "w", Key: id.String()}, Execution: id}})
		if err := b.PutBlob(t.Context(), "default", id, [32]byte{}, []byte("b")); err != nil {
			t.Fatal(err)
		}
	}
	forgets := p.Forgets
	p.Forgets = nil
	batch.Parts = []record.Part{p}
	if o := u.Try(batch); o.Result != store.Committed {
		t.Fatal(drivertest.Describe(o))
	}
	batch = &store.Batch{Lane: store.Lane{Owner: u.Owner}, Number: 3, Digest: 3, Parts: []record.Part{{Fence: u.Fences[0], Forgets: forgets}}}
	if o := u.Try(batch); o.Result != store.Committed {
		t.Fatal(drivertest.Describe(o))
	}
	left, err := b.Executions(t.Context(), store.EveryShard, record.ID{}, 10)
	if err != nil || len(left) > 0 {
		t.Fatalf("%v %v", left, err)
	}
	if got := r.Do("DBSIZE"); got != empty {
		t.Fatalf("%s keys are left of everything that was forgotten, %s without it: %s", got, empty, r.Do("KEYS", "*"))
	}
}
