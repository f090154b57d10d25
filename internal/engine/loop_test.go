package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

func TestChainRunsDurably(t *testing.T) {
	r := newRig(t, openMemory(t))
	w := chain("chain", function("a"), function("b"), function("c"))
	r.deploy(w)
	r.start(Config{})
	start := r.begin(w, "")
	r.ask(start)
	if got := r.ended(start.Execution); got != model.Completed {
		t.Fatalf("ended %s", got)
	}
	r.sound()
	r.stop()
	entries, err := r.backend.Journal(t.Context(), start.Execution, 1, 100)
	if err != nil || len(entries) != 4 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
}

func waitFor(id, arm string) model.Node {
	return model.Node{ID: id, Type: "wait", With: []byte(`{"arms":[{` + arm + `}]}`)}
}

// bubble runs a test on virtual time with a rig over a memory store.
func bubble(t *testing.T, c Config, nodes []model.Node, f func(r *rig, w *model.Workflow)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, openMemory(t))
		w := chain("w", nodes...)
		r.deploy(w)
		r.start(c)
		f(r, w)
		r.sound()
		r.stop()
	})
}

func TestF10_TimersFireOnTimeAndOnce(t *testing.T) {
	bubble(t, Config{}, []model.Node{function("a"), waitFor("nap", `"for":"3h"`), function("b")}, func(r *rig, w *model.Workflow) {
		began := time.Now()
		var ids []record.ID
		for range 50 {
			c := r.begin(w, "")
			r.ask(c)
			ids = append(ids, c.Execution)
		}
		<-time.After(time.Hour)
		if s := r.sound(); s.Executions != 0 {
			t.Errorf("%d sleepers are in memory", s.Executions)
		}
		for _, id := range ids {
			if got := r.ended(id); got != model.Completed {
				t.Errorf("ended %s", got)
			}
		}
		if late := time.Since(began) - 3*time.Hour; late < 0 || late > time.Second {
			t.Errorf("the last one is %v late", late)
		}
	})
}

func TestI7_ConcurrentStartsOfOneKeyAreOne(t *testing.T) {
	bubble(t, Config{}, []model.Node{function("a"), waitFor("nap", `"for":"1s"`)}, func(r *rig, w *model.Workflow) {
		var made atomic.Int64
		var clients sync.WaitGroup
		for i := range 200 {
			c := r.begin(w, "k")
			c.Start.ID = record.NewID(c.Execution.Millis(), uint64(i), c.Execution.Slot())
			c.Execution = c.Start.ID
			clients.Go(func() {
				rep, err := r.loop.Do(r.ctx, c)
				if err == nil && rep.Error == nil && !rep.Existing {
					made.Add(1)
				}
			})
		}
		clients.Wait()
		if made.Load() != 1 {
			t.Errorf("%d executions of one key", made.Load())
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	bubble(t, Config{}, []model.Node{waitFor("a", `"signal":"go"`)}, func(r *rig, w *model.Workflow) {
		c := r.begin(w, "")
		r.ask(c)
		ctx, cancel := context.WithTimeout(r.ctx, time.Second)
		defer cancel()
		if _, err := r.loop.Do(ctx, Command{Verb: shard.Wait, Execution: c.Execution}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		<-time.After(time.Minute)
		if s := r.sound(); s.Executions != 0 {
			t.Error("the forgotten wait keeps the execution in memory")
		}
		r.ask(Command{Verb: shard.Signal, Execution: c.Execution, Signal: &kernel.Signal{Name: "go"}})
		if got := r.ended(c.Execution); got != model.Completed {
			t.Errorf("ended %s", got)
		}
	})
}

func TestWatchSeesEveryEntryOnce(t *testing.T) {
	bubble(t, Config{}, []model.Node{function("a"), waitFor("b", `"signal":"go"`), function("c")}, func(r *rig, w *model.Workflow) {
		c := r.begin(w, "")
		r.ask(c)
		watch, err := r.loop.Watch(r.ctx, c.Execution)
		if err != nil {
			t.Error(err)
			return
		}
		defer watch.Close()
		synctest.Wait()
		r.ask(Command{Verb: shard.Signal, Execution: c.Execution, Signal: &kernel.Signal{Name: "go"}})
		last := watch.Seq()
		for closed := false; !closed; {
			list, lost, err := watch.Next(r.ctx)
			if err != nil || lost {
				t.Errorf("%v, lost %v", err, lost)
				return
			}
			for _, p := range list {
				if p.Seq != last+1 || len(p.Events) == 0 {
					t.Errorf("entry %d after %d", p.Seq, last)
				}
				last, closed = p.Seq, p.Closed
			}
		}
		if _, err := r.loop.Watch(r.ctx, record.NewID(1, 1, 1)); err == nil {
			t.Error("an unknown execution can be watched")
		}
	})
}

func TestSlowWatcherIsToldToReadTheJournal(t *testing.T) {
	w := &Watch{wake: make(chan struct{}, 1), loop: &Loop{done: make(chan struct{})}}
	for i := range watchMost + 5 {
		w.tell(&Published{Seq: uint64(i + 1)}, false)
	}
	list, lost, err := w.Next(t.Context())
	if err != nil || !lost {
		t.Fatalf("%d entries, lost %v, %v", len(list), lost, err)
	}
	w.tell(&Published{Seq: 9000}, false)
	if list, lost, _ = w.Next(t.Context()); len(list) != 1 || lost {
		t.Fatalf("%d entries, lost %v", len(list), lost)
	}
}

func TestInboxIsReadAfterAPokeAndByPolling(t *testing.T) {
	bubble(t, Config{}, []model.Node{waitFor("a", `"signal":"go"`), waitFor("b", `"signal":"go"`)}, func(r *rig, w *model.Workflow) {
		c := r.begin(w, "")
		r.ask(c)
		n := c.Execution.Shard(r.backend.Info().Shards)
		for i := range 2 {
			m := shard.Mail{Verb: shard.Signal, Signal: &kernel.Signal{Name: "go"}}
			body, err := m.Encode()
			if err != nil {
				t.Error(err)
			}
			msg := record.Message{ID: record.MessageID{From: record.NewID(1, uint64(i), 0)}, Shard: n, Namespace: "default", To: c.Execution, Body: body}
			if err := r.backend.Send(r.ctx, []record.Message{msg}); err != nil {
				t.Error(err)
			}
			if i == 0 {
				r.loop.Poke(n)
			}
		}
		began := time.Now()
		if got := r.ended(c.Execution); got != model.Completed {
			t.Errorf("ended %s", got)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("the poll took %v", took)
		}
	})
}

func TestCancelReachesTheExecutor(t *testing.T) {
	bubble(t, Config{}, []model.Node{function("slow")}, func(r *rig, w *model.Workflow) {
		hung := make(chan runner.Lease, 1)
		r.do = func(l runner.Lease) (model.Result, bool) { hung <- l; return model.Result{}, false }
		c := r.begin(w, "")
		r.ask(c)
		l := <-hung
		r.ask(Command{Verb: shard.Cancel, Execution: c.Execution})
		list, err := r.loop.Cancelled(r.ctx)
		if err != nil || len(list) != 1 || list[0].Token != l.Token || list[0].Lost {
			t.Errorf("%v, %v", list, err)
		}
		v, err := r.loop.Beat(r.ctx, []runner.Token{l.Token, {Execution: c.Execution, Step: "x", Attempt: 1}})
		if err != nil || v[0] != runner.CancelAsked || v[1] != runner.Stale {
			t.Errorf("%v, %v", v, err)
		}
		if err := r.loop.Release(r.ctx, []runner.Token{l.Token}); err != nil {
			t.Error(err)
		}
		if got := r.ended(c.Execution); got != model.Cancelled {
			t.Errorf("ended %s", got)
		}
	})
}

func TestLeaseWaitsNoLongerThanAsked(t *testing.T) {
	bubble(t, Config{}, []model.Node{function("a")}, func(r *rig, w *model.Workflow) {
		began := time.Now()
		list, err := r.loop.Lease(r.ctx, runner.Demand{Max: 1, Types: []string{"none"}, Wait: time.Minute})
		if err != nil || len(list) != 0 || time.Since(began) != time.Minute {
			t.Errorf("%v, %v after %v", list, err, time.Since(began))
		}
		ctx, cancel := context.WithCancel(r.ctx)
		cancel()
		if _, err := r.loop.Lease(ctx, runner.Demand{Max: 1, Types: []string{"none"}}); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	})
}

// TestF17_RestartLosesNothing stops a loop hard in the middle and starts another one on the same store.
func TestF17_RestartLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, openMemory(t))
		w := chain("w", function("a"), function("b"), function("c"))
		r.deploy(w)
		var ids []record.ID
		r.loop = NewLoop(r.backend, Options{Machine: Config{Alone: true}})
		for range 100 {
			c := r.begin(w, "")
			r.ask(c)
			ids = append(ids, c.Execution)
		}
		if list, err := r.loop.Lease(r.ctx, runner.Demand{Max: 60}); err != nil || len(list) != 60 {
			t.Fatalf("%d tasks, %v", len(list), err)
		}
		stopHard(r.loop)
		r.start(Config{})
		for _, id := range ids {
			if got := r.ended(id); got != model.Completed {
				t.Errorf("ended %s", got)
			}
		}
		if s := r.sound(); s.Lost != 100 {
			t.Errorf("%d attempts are lost", s.Lost)
		}
		r.stop()
	})
}

func TestAfterTheEndCallsSayWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, openMemory(t))
		w := chain("w", waitFor("a", `"signal":"go"`))
		r.deploy(w)
		r.loop = NewLoop(r.backend, Options{Machine: Config{Alone: true}})
		c := r.begin(w, "")
		r.ask(c)
		waiting := make(chan Reply, 1)
		go func() {
			rep, _ := r.loop.Do(context.Background(), Command{Verb: shard.Wait, Execution: c.Execution})
			waiting <- rep
		}()
		synctest.Wait()
		stopHard(r.loop)
		if rep := <-waiting; rep.Error == nil {
			t.Errorf("the wait is answered %+v", rep)
		}
		if _, err := r.loop.Do(r.ctx, Command{Verb: shard.View, Execution: c.Execution}); !errors.Is(err, store.ErrStoreWentBack) {
			t.Errorf("do: %v", err)
		}
		if _, err := r.loop.Lease(r.ctx, runner.Demand{Max: 1}); !errors.Is(err, store.ErrStoreWentBack) {
			t.Errorf("lease: %v", err)
		}
		if _, err := r.loop.Report(r.ctx, []runner.Report{{}}); !errors.Is(err, store.ErrStoreWentBack) {
			t.Errorf("report: %v", err)
		}
		if err := r.loop.Stop(r.ctx, 0); !errors.Is(err, store.ErrStoreWentBack) {
			t.Errorf("stop: %v", err)
		}
	})
}

// brokenStore fails commits while it is broken.
type brokenStore struct {
	store.Backend
	broken atomic.Bool
	heard  atomic.Int64
}

func (b *brokenStore) Commit(ctx context.Context, batch *store.Batch) store.Outcome {
	if !b.broken.Load() {
		return b.Backend.Commit(ctx, batch)
	}
	if b.heard.Add(1)%2 == 0 {
		_ = b.Backend.Commit(ctx, batch)
		return store.Outcome{Result: store.Unknown, Cause: errors.New("the connection broke")}
	}
	return store.Outcome{Result: store.NotCommitted, Cause: store.ErrFull}
}

func TestF26_F30_TroubleOfTheStoreIsSurvived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &brokenStore{Backend: openMemory(t)}
		r := newRig(t, b)
		w := chain("w", function("a"), waitFor("nap", `"for":"10s"`), function("b"))
		r.deploy(w)
		r.start(Config{})
		var ids []record.ID
		for i := range 40 {
			c := r.begin(w, "")
			c.Request = "r"
			b.broken.Store(i%4 == 3)
			for {
				rep, err := r.loop.Do(r.ctx, c)
				if err != nil {
					t.Fatal(err)
				}
				if rep.Error == nil {
					break
				}
				c.Repeat = true
				b.broken.Store(false)
				<-time.After(time.Second)
			}
			ids = append(ids, c.Execution)
		}
		b.broken.Store(false)
		for _, id := range ids {
			if got := r.ended(id); got != model.Completed {
				t.Errorf("ended %s", got)
			}
			if list, err := r.backend.Journal(r.ctx, id, 1, 10); err != nil || len(list) != 4 {
				t.Errorf("%d entries, %v", len(list), err)
			}
		}
		r.stop()
	})
}
