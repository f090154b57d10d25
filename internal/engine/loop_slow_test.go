package engine

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// mute is a store that answers no Load while it is silent.
type mute struct {
	store.Backend
	silent atomic.Bool
}

func (m *mute) Load(ctx context.Context, s record.Shard, ids []record.ID) ([]store.Loaded, error) {
	if m.silent.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return m.Backend.Load(ctx, s, ids)
}

// F5, R11: a read that hangs is told after the same bound as one that fails, to those who come later within a second, and
// no longer once it is answered.
func TestF5_AReadThatHangsIsToldAfterABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &mute{Backend: openMemory(t)}
		r := newRig(t, b)
		r.start(Config{Alone: true})
		look := Command{Verb: shard.View, Execution: record.NewID(1, 1, 0)}
		b.silent.Store(true)
		for _, bound := range []time.Duration{5 * time.Second, time.Second} {
			began := time.Now()
			rep, err := r.loop.Do(r.ctx, look)
			if took := time.Since(began); err != nil || rep.Error == nil || rep.Error.Code != shard.CodeUnavailable || took > bound {
				t.Fatalf("after %s: %+v, %v", took, rep, err)
			}
		}
		troubles := func() (list []string) {
			if err := r.loop.Inspect(r.ctx, func(m *Machine) { list = m.Troubles() }); err != nil {
				t.Fatal(err)
			}
			return list
		}
		if l := troubles(); len(l) != 1 || !strings.Contains(l[0], "does not answer") {
			t.Fatalf("people hear %q", l)
		}
		b.silent.Store(false)
		<-time.After(time.Minute) // of the bubble: the read ends and is made again
		if rep, err := r.loop.Do(r.ctx, look); err != nil || rep.Error == nil || rep.Error.Code != shard.CodeNotFound {
			t.Fatalf("%+v, %v", rep, err)
		}
		if l := troubles(); len(l) != 0 {
			t.Fatalf("it goes on complaining: %q", l)
		}
		r.stop()
	})
}
