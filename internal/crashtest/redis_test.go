package crashtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/redis"
)

// onRedis is an engine in this process with a workflow of three steps, and how often the last one ran.
func onRedis(t *testing.T, url string) (eng *pawl.Engine, ran *atomic.Int64) {
	t.Helper()
	eng, err := pawl.Open(t.Context(), redis.Open(url), pawl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close(context.Background()) }) // it may have stopped by itself
	ran = new(atomic.Int64)
	if err := pawl.Register(eng, "work", func(context.Context, int) (int, error) { ran.Add(1); return 1, nil }); err != nil {
		t.Fatal(err)
	}
	_, err = eng.Deploy(t.Context(), pawl.Text("three.yaml", []byte(`
workflow: three
nodes:
  - a: {call: work, args: 1}
  - b: {call: work, args: 2, after: a}
  - c: {call: work, args: 3, after: b}
`)))
	if err != nil {
		t.Fatal(err)
	}
	return eng, ran
}

// TestF26_F33_RedisIsKilledUnderAnEngine kills the server again and again while executions start and run. What was
// acknowledged is there and ends, each once.
func TestF26_F33_RedisIsKilledUnderAnEngine(t *testing.T) {
	t.Parallel()
	r := servertest.StartRedis(t)
	eng, ran := onRedis(t, r.URL())
	rounds := 6
	if testing.Short() {
		rounds = 2
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var started sync.Map // request id to what was acknowledged
	acknowledged := make(chan struct{}, 1)
	var working sync.WaitGroup
	for n := range 8 {
		working.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				request := fmt.Sprintf("%d-%d", n, i)
				x, err := eng.Start(ctx, "three", nil, pawl.Key(request))
				if err != nil {
					continue
				}
				started.Store(request, x)
				select {
				case acknowledged <- struct{}{}:
				default:
				}
			}
		})
	}
	some := func() { // also on a slow machine
		for range 10 {
			select {
			case <-acknowledged:
			case <-time.After(time.Minute):
				t.Fatal("no start was acknowledged for a minute")
			}
		}
	}
	tick := time.NewTicker(150 * time.Millisecond)
	defer tick.Stop()
	for range rounds {
		some()
		<-tick.C
		r.Kill()
		<-tick.C
		r.Start()
	}
	some()
	stop()
	working.Wait()
	n := 0
	for request, x := range started.Range {
		n++
		wait, done := context.WithTimeout(t.Context(), time.Minute)
		end, err := x.(*pawl.Run).Wait(wait)
		done()
		if err != nil || end.Status != "completed" {
			t.Fatalf("%s: %+v %v", request, end, err)
		}
	}
	t.Logf("%d executions acknowledged, %d calls", n, ran.Load())
}

// TestF33_EngineStopsOnARedisThatWasEmptied: the engine ends by itself and says why and what to do.
func TestF33_EngineStopsOnARedisThatWasEmptied(t *testing.T) {
	t.Parallel()
	r := servertest.StartRedis(t)
	eng, _ := onRedis(t, r.URL())
	r.Do("FLUSHALL")
	_, err := eng.Start(t.Context(), "three", nil)
	if err == nil {
		t.Fatal("a start on nothing was acknowledged")
	}
	select {
	case <-eng.Done():
	case <-time.After(30 * time.Second):
		t.Fatal("the engine goes on")
	}
	if err := eng.Err(); !errors.Is(err, store.ErrStoreWentBack) {
		t.Fatalf("got %v", err)
	}
	if got := r.Do("DBSIZE"); got != "0" {
		t.Fatalf("%s keys", got)
	}
}
