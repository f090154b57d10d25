package bubble

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/crashtest"
	"github.com/pawl-dev/pawl/internal/sim/modelstore"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
)

var (
	seeds = flag.Int("seeds", 50, "how many bubbles")
	seed  = flag.Uint64("seed", 0, "run this one only")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const definition = `
workflow: bubble
version: 1.0.0
input: {n: integer, items: [integer]}
nodes:
  - first: {call: effect}
  - each:
      foreach: {items: "${ input.items }", as: it, concurrency: 2}
      do:
        - inner: {call: effect}
  - nap: {wait: {for: 3s}}
  - ask: {wait: {signal: go}}
  - slow: {call: slow, attempt_timeout: 2s, retry: {max_attempts: 30, initial_interval: 100ms, max_interval: 1s}}
  - kid: {workflow: {name: kid, input: {n: "${ input.n }"}}}
  - last: {call: effect}
`

const kid = `
workflow: kid
version: 1.0.0
input: {n: integer}
nodes:
  - one: {call: effect}
  - two: {wait: {for: 1s}}
  - three: {call: effect}
`

// world is one seed: engines over one store, clients, and a hand that crashes engines.
type world struct {
	g     *gate
	slots []*slot
	over  chan struct{}

	mu      sync.Mutex
	r       *rand.Rand // of everybody but the gate
	lines   []string
	effects []crashtest.Effect

	bad []string

	graves sync.WaitGroup

	functions func(*pawl.Engine) error // registers what the definitions call
	texts     []string                 // of the definitions
}

// slot is where one engine lives after the other.
type slot struct {
	mu   sync.Mutex
	eng  *pawl.Engine
	door *door
}

func (s *slot) engine() *pawl.Engine {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.eng
}

// TestF1_F20_F26_F32_I1_I3_RealGoroutines runs many worlds. Every second seed has two engines on the model of a store
// that may be shared, which take shards from each other; the others have one on the store in memory.
func TestF1_F20_F26_F32_I1_I3_RealGoroutines(t *testing.T) {
	first, n := uint64(1), *seeds
	if testing.Short() {
		n = min(n, 12)
	}
	if *seed != 0 {
		first, n = *seed, 1
	}
	faults, effects := 0, 0
	for s := first; s < first+uint64(n) && !t.Failed(); s++ {
		synctest.Test(t, func(t *testing.T) {
			w := play(t, s, false)
			for _, v := range w.bad {
				t.Errorf("seed %d: %s", s, v)
			}
			faults, effects = faults+w.g.faults, effects+len(w.effects)
		})
	}
	t.Logf("seeds=%d faults=%d effects=%d", n, faults, effects)
	if n >= 10 && (faults < 20*n || effects < 10*n) {
		t.Errorf("%d faults and %d effects: this shows little", faults, effects)
	}
}

// TestI6_AStoreThatLiesIsSeen: where the gate says committed of what it has dropped, the laws are seen to be broken.
func TestI6_AStoreThatLiesIsSeen(t *testing.T) {
	seen, s := 0, uint64(0)
	for ; seen < 3 && s <= 60; s += 2 {
		synctest.Test(t, func(t *testing.T) {
			if w := play(t, s, true); len(w.bad) > 0 {
				seen++
			}
		})
	}
	if seen < 3 {
		t.Errorf("seen in %d of %d worlds", seen, s/2)
	}
}

func play(t *testing.T, seed uint64, lies bool) *world {
	var w *world
	w = newWorld(t, seed, lies, func(eng *pawl.Engine) error {
		return errors.Join(pawl.Register(eng, "effect", w.effect), pawl.Register(eng, "slow", w.slow))
	}, kid, definition)
	w.play(func() { w.run(3+int(seed%4), 1+int(seed%3)) })
	w.judge()
	return w
}

// newWorld has its engines, which know these functions, and runs nothing yet.
func newWorld(t *testing.T, seed uint64, lies bool, functions func(*pawl.Engine) error, texts ...string) *world {
	r := rand.New(rand.NewPCG(seed, 1))
	inner, engines := store.Backend(modelstore.NewBackend(8, 2)), 2
	if seed%2 == 0 {
		b, err := memory.Open().Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		inner, engines = b, 1
	}
	w := &world{g: newGate(inner, r), over: make(chan struct{}), r: rand.New(rand.NewPCG(seed, 2)), functions: functions, texts: texts}
	w.g.lies = lies
	for range engines {
		w.slots = append(w.slots, &slot{})
	}
	return w
}

// play opens the engines, lets f do what is to be done, and closes them. In a bubble.
func (w *world) play(f func()) {
	for _, s := range w.slots {
		w.live(s)
	}
	go func() {
		defer close(w.over)
		w.deploy(context.Background())
		w.g.setCalm(false)
		f()
		w.g.setCalm(true)
		w.graves.Wait()
		time.Sleep(time.Minute) // until every shard is owned: one that is claimed while its engine closes stays claimed
		for _, s := range w.slots {
			if err := s.engine().Close(context.Background()); err != nil {
				w.fail("closing: %v", err)
			}
		}
		time.Sleep(time.Minute) // the runner of an engine that has halted ends a little later
	}()
	w.g.drive(w.over)
	w.g.zombies.Wait()
}

// live opens an engine in a slot.
func (w *world) live(s *slot) {
	d := w.g.door()
	eng, err := pawl.Open(context.Background(), d, pawl.Options{Grace: time.Second, Workers: 8})
	if err != nil {
		panic(err)
	}
	if err := w.functions(eng); err != nil {
		panic(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eng, s.door = eng, d
}

// crash slams the door behind an engine, which becomes a zombie, and opens the next at once.
func (w *world) crash(s *slot) {
	s.mu.Lock()
	old := s.eng
	close(s.door.dead)
	s.mu.Unlock()
	w.live(s)
	w.graves.Go(func() { _ = old.Close(context.Background()) })
}

func (w *world) deploy(ctx context.Context) {
	for _, text := range w.texts {
		if _, err := w.slots[0].engine().Deploy(ctx, pawl.Text("bubble.yaml", []byte(text))); err != nil {
			w.fail("%v", err)
		}
	}
}

func (w *world) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, fmt.Sprintf(format, args...))
}

func (w *world) fail(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bad = append(w.bad, fmt.Sprintf(format, args...))
}

func (w *world) draw(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.r.IntN(n)
}

// effect does something that cannot be undone.
func (w *world) effect(ctx context.Context, _ struct{}) (int, error) {
	t := pawl.TaskFrom(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.effects = append(w.effects, crashtest.Effect{Execution: t.Execution, Step: t.Step, Attempt: t.Attempt, Key: t.Key})
	return len(w.effects), nil
}

// slow often takes about as long as its attempt may, and then ends at the moment at which it is given up (F20). In a bubble.
func (w *world) slow(ctx context.Context, in struct{}) (int, error) {
	n, err := w.effect(ctx, in)
	time.Sleep([]time.Duration{0, 1999 * time.Millisecond, 2 * time.Second, 2001 * time.Millisecond}[w.draw(4)])
	if err == nil && w.draw(3) == 0 {
		err = errors.New("unlucky")
	}
	return n, err
}

// run lets clients do their work while engines crash, ends the faults, and waits for every end. In a bubble.
func (w *world) run(executions, crashes int) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	var clients sync.WaitGroup
	for n := range executions {
		clients.Go(func() { w.one(ctx, fmt.Sprint("k", n), n) })
		if w.draw(3) == 0 {
			clients.Go(func() { w.one(ctx, fmt.Sprint("k", n), n) }) // the same again, by another
		}
	}
	for range crashes {
		time.Sleep(time.Duration(w.draw(15_000)) * time.Millisecond)
		if w.draw(3) == 0 {
			w.g.stall(12 * time.Second)
		}
		w.crash(w.slots[w.draw(len(w.slots))])
	}
	time.Sleep(time.Duration(w.draw(30_000)) * time.Millisecond)
	w.g.setCalm(true)
	clients.Wait()
	if ctx.Err() != nil {
		w.fail("I1: half an hour after the last crash not everything has ended")
	}
}

// one starts an execution, signals it, and waits for its end, asking again until it is answered. In a bubble.
func (w *world) one(ctx context.Context, key string, n int) {
	var id string
	w.until(ctx, func(ctx context.Context, eng *pawl.Engine) error {
		run, err := eng.Start(ctx, "bubble", map[string]any{"n": n, "items": make([]int, n%4)}, pawl.Key(key))
		if err == nil {
			id = run.ID()
			w.say("start %s %s", key, id)
		}
		return err
	})
	time.Sleep(time.Duration(w.draw(6000)) * time.Millisecond)
	if n%5 == 4 {
		w.until(ctx, func(ctx context.Context, eng *pawl.Engine) error {
			return eng.Cancel(ctx, id, pawl.RequestID("c-"+key))
		})
	}
	w.until(ctx, func(ctx context.Context, eng *pawl.Engine) error {
		err := eng.Signal(ctx, id, "go", nil, pawl.SignalID("s-"+key), pawl.RequestID("r-"+key))
		if err == nil {
			w.say("signal %s s-%s", key, key)
		}
		return err
	})
	w.until(ctx, func(ctx context.Context, eng *pawl.Engine) error {
		run, err := eng.Run(id)
		if err != nil {
			return err
		}
		x, err := run.Wait(ctx)
		if err == nil {
			w.say("end %s %s", key, x.Status)
		}
		return err
	})
}

// until calls one engine after the other until there is an answer. That an execution has ended is one. In a bubble.
func (w *world) until(ctx context.Context, call func(context.Context, *pawl.Engine) error) {
	for ctx.Err() == nil {
		short, cancel := context.WithTimeout(ctx, 20*time.Second)
		err := call(short, w.slots[w.draw(len(w.slots))].engine())
		cancel()
		switch code := pawl.Code(err); code {
		case pawl.CodeUnavailable, pawl.CodeStopping, pawl.CodeOverloaded, pawl.CodeStore:
		default:
			if err != nil && code != pawl.CodeClosed && !errors.Is(err, context.DeadlineExceeded) {
				w.fail("an answer that should not be: %v", err)
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				return
			}
		}
		time.Sleep(time.Duration(1+w.draw(200)) * time.Millisecond)
	}
}

// judge reads what is left, with the eyes of the test of real crashes.
func (w *world) judge() {
	ctx := context.Background()
	book := crashtest.NewBook()
	for _, line := range w.lines {
		book.Heard(line)
	}
	if err := book.Judge(ctx, w.g.inner, w.effects); err != nil {
		w.fail("%v", err)
	}
	for _, v := range append(book.Violations(), w.g.bad...) {
		w.fail("%s", v)
	}
	page, err := w.g.inner.Search(ctx, "default", store.Filter{Limit: 1000})
	if err != nil {
		w.fail("%v", err)
	}
	for i := range page.Heads {
		if h := &page.Heads[i]; h.Ended == 0 {
			w.fail("I1: %s of %s is %s at the end", h.Execution, h.Workflow, h.Status)
		}
	}
	list, err := w.g.inner.Claims(ctx)
	if err != nil {
		w.fail("%v", err)
	}
	for _, f := range list {
		if f.Owner != (record.Owner{}) {
			w.fail("R1: shard %d is held by an engine that was closed", f.Shard)
		}
	}
}
