package members_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl/cluster"
	"github.com/pawl-dev/pawl/cluster/clustertest"
	"github.com/pawl-dev/pawl/cluster/members"
	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/mysql"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/redis"
)

// mortal is the way of one process to the store; when it is dead, nothing gets through.
type mortal struct {
	store.Ownership
	dead atomic.Bool
}

func (m *mortal) Beat(ctx context.Context, b store.Beat) ([]store.Beat, int64, error) {
	if m.dead.Load() {
		return nil, 0, errors.New("the process is dead")
	}
	return m.Ownership.Beat(ctx, b)
}

func conform(t *testing.T, open func(t *testing.T) store.Opener, ttl time.Duration) {
	clustertest.Run(t, func(t *testing.T) clustertest.Cluster {
		b, err := open(t).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		ways := map[cluster.Membership]*mortal{}
		return clustertest.Cluster{
			Process: func(*testing.T) cluster.Membership {
				way := &mortal{Ownership: b}
				m := members.New(way, members.Options{TTL: ttl})
				ways[m] = way
				return m
			},
			Die:    func(m cluster.Membership) { ways[m].dead.Store(true) },
			Within: 20 * ttl,
		}
	})
}

func TestMemory(t *testing.T) {
	conform(t, func(*testing.T) store.Opener { return memory.Open() }, 200*time.Millisecond)
}

func TestPostgres(t *testing.T) {
	conform(t, func(t *testing.T) store.Opener { return postgres.Open(servertest.Postgres(t)) }, time.Second)
}

func TestMySQL(t *testing.T) {
	conform(t, func(t *testing.T) store.Opener { return mysql.Open(servertest.MySQL(t).URL) }, time.Second)
}

func TestRedis(t *testing.T) {
	conform(t, func(t *testing.T) store.Opener { return redis.Open(servertest.Redis(t)) }, time.Second)
}

// TestTakeOverIsInTime: who dies is missed after the TTL and one beat, whatever the wall clocks say.
func TestTakeOverIsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := memory.Open().Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		way := &mortal{Ownership: b}
		a, dies := members.New(b, members.Options{}), members.New(way, members.Options{})
		for i, m := range []*members.Members{a, dies} {
			if err := m.Join(t.Context(), cluster.Member{Owner: record.Owner{byte(i + 1)}}); err != nil {
				t.Fatal(err)
			}
		}
		for list, changed := a.Members(); len(list) < 2; list, changed = a.Members() {
			<-changed
		}
		way.dead.Store(true)
		began := time.Now()
		for list, changed := a.Members(); len(list) == 2; list, changed = a.Members() {
			<-changed
		}
		if took := time.Since(began); took < 8*time.Second || took > 12*time.Second {
			t.Errorf("a dead member is missed after %s", took)
		}
		for _, m := range []*members.Members{a, dies} {
			if err := m.Leave(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}
