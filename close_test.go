package pawl_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
)

// lapse is a store that goes back in time when it is told to, which halts an engine.
type lapse struct {
	store.Backend
	back atomic.Bool
}

func (l *lapse) Open(ctx context.Context) (store.Backend, error) {
	b, err := memory.Open().Open(ctx)
	l.Backend = b
	return l, err
}

func (l *lapse) Commit(ctx context.Context, b *store.Batch) store.Outcome {
	if l.back.Load() {
		return store.Outcome{Result: store.NotCommitted, Cause: store.ErrStoreWentBack}
	}
	return l.Backend.Commit(ctx, b)
}

// halted is an engine that has halted while a task runs, which returns when the channel is closed and then sets done.
func halted(t *testing.T) (eng *pawl.Engine, release chan struct{}, done *atomic.Bool) {
	t.Helper()
	ctx, s := t.Context(), &lapse{}
	eng, err := pawl.Open(ctx, s, pawl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	begun, release, done := make(chan struct{}), make(chan struct{}), new(atomic.Bool)
	err = pawl.Register(eng, "stays", func(context.Context, struct{}) (int, error) {
		close(begun)
		<-release
		done.Store(true)
		return 0, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, eng, "workflow: w\nversion: 1.0.0\nnodes: {a: {call: stays}}\n")
	start(t, eng, "w", nil)
	<-begun
	s.back.Store(true)
	if _, err := eng.Start(ctx, "w", nil); err == nil {
		t.Fatal("a store that has gone back takes a start")
	}
	<-eng.Done()
	return eng, release, done
}

// F37: Close of an engine that has stopped by itself waits for the functions that still run, and says why it has stopped.
func TestF37_CloseAfterAHaltWaitsForRunningTasks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		eng, release, done := halted(t)
		closed := make(chan error, 1)
		go func() { closed <- eng.Close(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-closed:
			t.Fatalf("closed although a task runs: %v", err)
		default:
		}
		began := time.Now()
		close(release)
		if err := <-closed; !errors.Is(err, store.ErrStoreWentBack) {
			t.Errorf("closed with %v", err)
		}
		if !done.Load() {
			t.Error("the task runs on")
		}
		if d := time.Since(began); d > time.Second {
			t.Errorf("closed %s after the last task, with nothing left to wait for", d)
		}
	})
}

// F37: its ctx bounds that, as it bounds every Close.
func TestF37_CloseAfterAHaltEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		eng, release, done := halted(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := eng.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closed with %v", err)
		}
		if d := time.Since(began); d != time.Second || done.Load() {
			t.Errorf("closed after %s", d)
		}
		close(release)
		time.Sleep(time.Minute) // of the bubble: until the runner has ended
	})
}
