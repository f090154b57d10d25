package bubble

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/pawl-dev/pawl"
)

const lineText = `
workflow: line
version: 1.0.0
nodes:
  - open: {call: order, callback: true}
  - ask: {signal: go}
output: "${ nodes.open.output }"
`

// asked is what a client asks of one execution, and heard what it was told.
type asked struct {
	verb  string // start, signal, cancel, complete, get, settled: a get when nothing moves any more
	value int    // of complete
}

type heard struct {
	code   string // "" is yes; unknown leaves open what happened
	fresh  bool   // start: it is a new execution
	status string // get
	value  int    // get of what has completed
}

const unknown = "unknown"

// line is one execution as its clients may see it. It ends by itself once it is answered and signalled, or cancelled, and
// whether it has may be seen later.
type line struct {
	exists    bool
	signalled bool
	answer    int // 0: none
	cancelled bool
	ended     string // as somebody has seen
}

// target is how the line ends if nothing more is asked of it; "" if it does not.
func (l line) target() string {
	switch {
	case l.cancelled:
		return "cancelled"
	case l.signalled && l.answer != 0:
		return "completed"
	}
	return ""
}

// closes says whether an answer may be that it has ended, and is the line in which that is so.
func (l line) closes() (bool, line) {
	if l.ended == "" {
		l.ended = l.target()
	}
	return l.ended != "", l
}

// step is the sequential model of the calls on one execution.
func (l line) step(in asked, out heard) (bool, line) {
	switch {
	case in.verb == "start":
		was := l.exists
		l.exists = true
		return out.code == unknown || out.code == "" && out.fresh == !was, l
	case !l.exists:
		return out.code == unknown || out.code == pawl.CodeNotFound, l
	case in.verb == "get" || in.verb == "settled":
		return l.seen(in, out)
	case in.verb == "complete":
		return l.complete(in, out)
	case out.code == pawl.CodeClosed:
		return l.closes()
	case out.code != unknown && (out.code != "" || l.ended != ""):
		return false, l
	case l.ended != "": // and nobody knows what it said
	case in.verb == "signal":
		l.signalled = true
	case in.verb == "cancel":
		l.cancelled = true
	}
	return true, l
}

// complete: the first answer counts. The same again is no error and changes nothing; another one is stale, and so is what
// comes after the end.
func (l line) complete(in asked, out heard) (bool, line) {
	another := l.answer != 0 && l.answer != in.value
	switch {
	case out.code == pawl.CodeStale && another:
		return true, l
	case out.code == pawl.CodeStale:
		return l.closes()
	case out.code == "" && another && !l.cancelled:
		return false, l
	case out.code == "" && l.ended != "" || out.code != "" && out.code != unknown:
		return false, l
	}
	if l.ended == "" && !l.cancelled && l.answer == 0 {
		l.answer = in.value
	}
	return true, l
}

// seen: a look at the line.
func (l line) seen(in asked, out heard) (bool, line) {
	switch {
	case out.code != "":
		return false, l
	case out.status == "running":
		return l.ended == "" && (in.verb == "get" || l.target() == ""), l
	}
	ok, l := l.closes()
	return ok && out.status == l.ended && (out.status == "cancelled" || out.value == l.answer), l
}

var lines = porcupine.Model{
	Init: func() any { return line{} },
	Step: func(state, in, out any) (bool, any) {
		ok, l := state.(line).step(in.(asked), out.(heard))
		return ok, l
	},
	DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v -> %+v", in, out) },
}

// book is the history of the calls on each execution.
type book struct {
	mu    sync.Mutex
	now   int64
	calls map[string][]porcupine.Operation
}

func (b *book) tick() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now++
	return b.now
}

// note adds a call. One whose outcome nobody knows may have happened at any
// time later; one that only looks is left out then.
func (b *book) note(key string, client int, called int64, in asked, out heard) {
	back := b.tick()
	if out.code == unknown {
		if in.verb == "get" || in.verb == "settled" {
			return
		}
		back = math.MaxInt64
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls[key] = append(b.calls[key], porcupine.Operation{ClientId: client, Input: in, Output: out, Call: called, Return: back})
}

// wrong lists the executions whose history no order of its calls explains, and counts those for which the search takes
// too long.
func (b *book) wrong() (keys []string, undecided int) {
	for key, list := range b.calls { //archtest:ordered for a test's report
		switch porcupine.CheckOperationsTimeout(lines, list, 2*time.Second) {
		case porcupine.Illegal:
			keys = append(keys, fmt.Sprintf("%s of %d calls: %+v", key, len(list), list))
		case porcupine.Unknown:
			undecided++
		}
	}
	return keys, undecided
}

// TestF19_F38_F39_F43_I4_I7_I15_I21_HistoriesAreLinearisable: many clients start, signal, cancel, look at and answer the
// same few executions, while the store makes trouble and the engine crashes. What they were told is what some order of
// their calls explains, in which each lies between its beginning and its end.
func TestF19_F38_F39_F43_I4_I7_I15_I21_HistoriesAreLinearisable(t *testing.T) {
	first, n := uint64(1), max(2, *seeds/2)
	if testing.Short() {
		n = min(n, 8)
	}
	if *seed != 0 {
		first, n = *seed, 1
	}
	executions, undecided, all, known := 0, 0, 0, 0
	for s := first; s < first+uint64(n) && !t.Failed(); s++ {
		var b *book
		synctest.Test(t, func(t *testing.T) {
			w := playLines(t, 2*s, false)
			b = w.book
			for _, v := range w.bad {
				t.Errorf("seed %d: %s", s, v)
			}
		})
		wrong, open := b.wrong()
		for _, v := range wrong {
			t.Errorf("seed %d: no order of its calls explains %s", s, v)
		}
		calls, answered := b.count()
		executions, undecided, all, known = executions+len(b.calls), undecided+open, all+calls, known+answered
	}
	t.Logf("seeds=%d executions=%d undecided=%d calls=%d answered=%d", n, executions, undecided, all, known)
	if n >= 8 && (all < 50*n || known < all/2 || undecided > executions/20) {
		t.Errorf("this shows little")
	}
}

// count counts the calls, and those that were answered.
func (b *book) count() (calls, answered int) {
	for _, list := range b.calls { //archtest:ordered a sum
		calls += len(list)
		for _, o := range list {
			if o.Return != math.MaxInt64 {
				answered++
			}
		}
	}
	return calls, answered
}

// TestI6_HistoriesOverAStoreThatLiesAreNotLinearisable: what was acknowledged and is gone is seen by the clients.
func TestI6_HistoriesOverAStoreThatLiesAreNotLinearisable(t *testing.T) {
	seen, s := 0, uint64(1)
	for ; seen < 2 && s <= 30; s++ {
		var b *book
		synctest.Test(t, func(t *testing.T) { b = playLines(t, 2*s, true).book })
		if wrong, _ := b.wrong(); len(wrong) > 0 {
			seen++
		}
	}
	if seen < 2 {
		t.Errorf("seen in %d of %d worlds", seen, s-1)
	}
}

// TestEveryBrokenHistoryIsSeen: histories that break one promise each, one call after the other.
func TestEveryBrokenHistoryIsSeen(t *testing.T) {
	type call struct {
		in  asked
		out heard
	}
	start, signal := call{asked{verb: "start"}, heard{fresh: true}}, call{asked{verb: "signal"}, heard{}}
	look := func(status string, value int) call {
		return call{asked{verb: "get"}, heard{status: status, value: value}}
	}
	answer := func(n int, code string) call { return call{asked{verb: "complete", value: n}, heard{code: code}} }
	cancel := call{asked{verb: "cancel"}, heard{}}
	for name, c := range map[string]struct {
		ok    bool
		calls []call
	}{
		"a whole life":             {true, []call{start, look("running", 0), signal, answer(1, ""), answer(1, ""), answer(2, pawl.CodeStale), look("running", 0), look("completed", 1), answer(2, pawl.CodeStale)}},
		"cancelled":                {true, []call{start, cancel, look("running", 0), look("cancelled", 0), answer(1, pawl.CodeStale)}},
		"I21 two new ones":         {false, []call{start, start}},
		"I6 the start is gone":     {false, []call{start, {asked{verb: "get"}, heard{code: pawl.CodeNotFound}}}},
		"F18 an answer too late":   {false, []call{start, answer(1, ""), signal, look("completed", 1), answer(1, "")}},
		"I4 two answers":           {false, []call{start, answer(1, ""), answer(2, "")}},
		"I4 another answer":        {false, []call{start, answer(1, ""), signal, look("completed", 2)}},
		"I6 the answer is gone":    {false, []call{start, answer(1, ""), signal, {asked{verb: "settled"}, heard{status: "running"}}}},
		"I15 it lives again":       {false, []call{start, signal, answer(1, ""), look("completed", 1), look("running", 0)}},
		"I15 it ends twice":        {false, []call{start, signal, answer(1, ""), look("completed", 1), look("cancelled", 0)}},
		"F39 taken after the end":  {false, []call{start, cancel, look("cancelled", 0), signal}},
		"F39 the cancel is gone":   {false, []call{start, cancel, signal, answer(1, pawl.CodeStale), look("completed", 1)}},
		"it ends for no reason":    {false, []call{start, signal, look("completed", 0)}},
		"refused for no reason":    {false, []call{start, answer(1, pawl.CodeStale)}},
		"seen before it was begun": {false, []call{look("running", 0), start}},
	} {
		b := &book{calls: map[string][]porcupine.Operation{}}
		for _, one := range c.calls {
			b.note("k", 0, b.tick(), one.in, one.out)
		}
		if wrong, _ := b.wrong(); (len(wrong) == 0) != c.ok {
			t.Errorf("%s: linearisable is %v", name, len(wrong) == 0)
		}
	}
}

// lineClients and lineKeys: so many clients ask about so many executions, each so often.
const (
	lineClients = 6
	lineKeys    = 3
	lineCalls   = 14
)

// lineWorld is a world of lines.
type lineWorld struct {
	*world
	book *book

	mu     sync.Mutex
	tokens map[string]string // by execution; the newest
	ids    map[string]string // by key
}

func playLines(t *testing.T, seed uint64, lies bool) *lineWorld {
	w := &lineWorld{book: &book{calls: map[string][]porcupine.Operation{}}, tokens: map[string]string{}, ids: map[string]string{}}
	w.world = newWorld(t, seed, lies, func(eng *pawl.Engine) error { return pawl.Register(eng, "order", w.order) }, lineText)
	w.play(func() { w.ask(1 + int(seed%3)) })
	return w
}

// order gives the token away.
func (w *lineWorld) order(ctx context.Context, _ struct{}) (any, error) {
	t := pawl.TaskFrom(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tokens[t.Execution] = t.Token
	return nil, nil
}

// ask lets the clients ask while engines crash; at the end each execution is looked at once more. In a bubble.
func (w *lineWorld) ask(crashes int) {
	ctx := context.Background()
	var clients sync.WaitGroup
	for c := range lineClients {
		clients.Go(func() {
			for range lineCalls {
				w.call(ctx, c)
				time.Sleep(time.Duration(w.draw(500)) * time.Millisecond)
			}
		})
	}
	for range crashes {
		time.Sleep(time.Duration(w.draw(8000)) * time.Millisecond)
		w.crash(w.slots[0])
	}
	clients.Wait()
	w.g.setCalm(true)
	time.Sleep(5 * time.Minute)
	for key, id := range w.ids { //archtest:ordered one client, one key after the other
		for try := range 10 {
			called := w.book.tick()
			out := w.look(ctx, id)
			if out.code != unknown || try == 9 {
				w.book.note(key, 0, called, asked{verb: "settled"}, out)
				break
			}
			time.Sleep(time.Minute)
		}
	}
}

// call asks one thing of one execution, and notes what it is told.
func (w *lineWorld) call(ctx context.Context, client int) {
	key := fmt.Sprint("k", w.draw(lineKeys))
	w.mu.Lock()
	id := w.ids[key]
	token := w.tokens[id]
	w.mu.Unlock()
	verb := []string{"start", "get", "get", "signal", "complete", "complete", "cancel"}[w.draw(7)]
	if verb == "cancel" && w.draw(4) > 0 || verb == "complete" && token == "" {
		verb = "get"
	}
	if id == "" {
		verb = "start"
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	in := asked{verb: verb}
	if verb == "complete" {
		in.value = 1 + w.draw(3)
	}
	called := w.book.tick()
	w.book.note(key, client, called, in, w.do(ctx, in, key, id, token))
}

func (w *lineWorld) do(ctx context.Context, in asked, key, id, token string) heard {
	eng := w.slots[0].engine()
	switch in.verb {
	case "start":
		run, err := eng.Start(ctx, "line", nil, pawl.Key(key))
		if err != nil {
			return w.told(err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ids[key] = run.ID()
		return heard{fresh: !run.Existing()}
	case "signal":
		return w.told(eng.Signal(ctx, id, "go", nil))
	case "cancel":
		return w.told(eng.Cancel(ctx, id))
	case "complete":
		return w.told(eng.CompleteTask(ctx, token, in.value))
	}
	return w.look(ctx, id)
}

func (w *lineWorld) look(ctx context.Context, id string) heard {
	x, err := w.slots[0].engine().Get(ctx, id)
	if err != nil {
		return w.told(err)
	}
	out := heard{status: string(x.Status)}
	if x.Closed() && len(x.Output) > 0 && json.Unmarshal(x.Output, &out.value) != nil {
		out.value = -1
	}
	return out
}

// told sorts errors into answers and not knowing.
func (w *lineWorld) told(err error) heard {
	code := pawl.Code(err)
	switch {
	case err == nil, code == pawl.CodeClosed, code == pawl.CodeStale, code == pawl.CodeNotFound:
		return heard{code: code}
	case code == pawl.CodeUnavailable, code == pawl.CodeStopping, code == pawl.CodeStore, errors.Is(err, context.DeadlineExceeded):
	default:
		w.fail("an answer that should not be: %v", err)
	}
	return heard{code: unknown}
}
