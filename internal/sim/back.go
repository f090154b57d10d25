package sim

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// A world in which the store goes back in time has no good end: what was acknowledged is gone. It must end in engines
// that have stopped and said why. From then on the judge holds the world against F33 alone, since what it has folded is
// no longer what is durable.

// goBack plays a world until its store has lost what it had acknowledged, and on until every process that was told of
// what is lost has stopped.
func (w *world) goBack() {
	w.runUntil(time.Second + w.upTo(w.storm))
	restore := w.store.Flushed()
	most := time.Duration(w.now) + w.loss.most
	for n := w.count.commits + 1 + w.r.IntN(8); w.count.commits < n && time.Duration(w.now) < most && w.judge.clean(); {
		w.runUntil(time.Duration(w.now) + w.upTo(100*time.Millisecond))
	}
	if !w.judge.clean() {
		return
	}
	w.restart(w.r.IntN(2) == 0)
	lanes, fences := w.laneRows(), w.store.Claims()
	restore()
	if w.loss.exchanged {
		w.incarnation++
	}
	w.tell("the store goes back in time: %s", w.loss.name)
	w.judge.wentBack(lanes, fences)
	w.runUntil(time.Duration(w.now) + w.upTo(time.Minute))
	w.heal()
	w.mustStop()
}

// laneRows are the numbers of all lanes that a living process has used.
func (w *world) laneRows() map[store.Lane]uint64 {
	out := map[store.Lane]uint64{}
	for _, m := range w.members {
		for n := range w.lanes {
			l := store.Lane{Owner: m.owner, Number: n}
			out[l], _ = w.store.Lane(l)
		}
	}
	return out
}

// stopping is how long a process may take to find out, once it is asked to do something.
const stopping = 5 * time.Minute

// mustStop asks every process for something until none is left that was told of what is lost and still owns a shard.
func (w *world) mustStop() {
	for limit := time.Duration(w.now) + stopping; w.judge.clean(); w.runUntil(time.Duration(w.now) + 5*time.Second) {
		m := w.unknowing()
		if m == nil {
			return
		}
		if time.Duration(w.now) > limit {
			w.judge.fail("F33", "member %d was told of what the store has lost, and goes on", m.n)
			return
		}
		w.clients.startAll(m)
	}
}

// unknowing is a process at work that was told of what the store has lost; nil where there is none.
func (w *world) unknowing() *member {
	i := slices.IndexFunc(w.members, func(m *member) bool {
		return m.up && len(m.machine.Owned()) > 0 && (m.incarnation != w.incarnation || m.toldOfLost())
	})
	if i < 0 {
		return nil
	}
	return w.members[i]
}

// toldOfLost reports whether the process heard that batches are durable which are not.
func (m *member) toldOfLost() bool {
	for n, told := range m.told {
		if at, _ := m.w.store.Lane(store.Lane{Owner: m.owner, Number: n}); at < told {
			return true
		}
	}
	return false
}

// startAll starts an execution in each shard at that member.
func (c *clients) startAll(m *member) {
	for n := range c.w.shards {
		ref := c.w.anyWorkflow()
		start := &kernel.Start{
			ID: record.NewID(epoch+c.w.now/1e6, c.w.r.Uint64(), uint16(n)), Namespace: ref.Namespace, Workflow: ref.Workflow, Version: ref.Version,
			Input: []byte("{}"),
		}
		o := &op{n: len(c.ops), cmd: engine.Command{Verb: shard.Start, Start: start, Execution: start.ID}}
		c.ops = append(c.ops, o)
		c.deliver(o, m)
	}
}

// regress is what the judge knows of a store that went back.
type regress struct {
	// losers are the processes that the store had acknowledged something to which is lost.
	losers map[record.Owner]bool
	lanes  map[store.Lane]uint64
	// asked is the number of the first command that was asked for afterwards.
	asked int
}

// wentBack is called when the store has lost something, with the rows of lanes and shards that it had before.
func (j *judge) wentBack(lanes map[store.Lane]uint64, fences []record.Fence) {
	b := &regress{losers: map[record.Owner]bool{}, lanes: map[store.Lane]uint64{}, asked: len(j.w.clients.ops)}
	for l, was := range lanes { // sorted: each for itself
		b.lanes[l], _ = j.w.store.Lane(l)
		if b.lanes[l] < was {
			b.losers[l.Owner] = true
		}
	}
	for _, f := range fences {
		if j.w.store.Fence(f.Shard) != f {
			b.losers[f.Owner] = true
		}
	}
	for _, m := range j.w.members {
		if m.incarnation != j.w.incarnation {
			b.losers[m.owner] = true
		}
	}
	j.back = b
}

// afterwards are the laws that hold in a store that went back.
var afterwards = []string{"F33", "F26", "panic", "machine", "request", "spin", "batch"}

// follows: what was lost is not written anew with other content, and nothing is written behind a gap.
func (b *regress) follows(j *judge, batch *store.Batch) {
	l := batch.Lane
	if batch.Number != b.lanes[l]+1 {
		j.fail("F33", "lane %d goes from %d to %d: what was between is lost", l.Number, b.lanes[l], batch.Number)
	}
	b.lanes[l] = batch.Number
	for _, m := range j.w.members {
		if m.owner == l.Owner && m.up && m.told[l.Number] >= batch.Number && !j.applied[version{l, batch.Number, batch.Digest}] {
			j.fail("F33", "batch %d of lane %d is written anew: its sender was told that another is durable", batch.Number, l.Number)
		}
	}
}

// halted: who stops has a reason and says so.
func (b *regress) halted(j *judge, m *member, err error) {
	j.w.count.stopped++
	switch {
	case !errors.Is(err, store.ErrStoreWentBack):
		j.fail("F33", "member %d does not say that the store went back: %v", m.n, err)
	case !strings.Contains(err.Error(), "start again"):
		j.fail("F33", "member %d does not say what to do: %v", m.n, err)
	case !b.losers[m.owner]:
		j.fail("F33", "member %d stops, and nothing that it was told is lost: %v", m.n, err)
	}
}

// replied: nobody claims to have done what could not be done any more. What needs no commit, a view or what was asked for
// before, is answered from a memory that cannot know yet.
func (b *regress) replied(j *judge, m *member, o *op, r *engine.Reply) {
	if r.Error != nil || o.n < b.asked || o.repeat || o.cmd.Verb != shard.Signal && (o.cmd.Verb != shard.Start || o.cmd.Start.Key != "") {
		return
	}
	if x := j.w.store.Execution(r.Execution); x == nil || x.Last() < r.Seq {
		j.fail("F33", "member %d acknowledges %s %d of %s, which is not durable", m.n, verbName(o.cmd.Verb), o.n, r.Execution)
	}
}

// hears hands an outcome to the process. One that says that the store went back must stop it.
func (m *member) hears(e engine.CommitDone) {
	switch {
	case errors.Is(e.Outcome.Cause, store.ErrStoreWentBack):
		m.stopsAt(e)
		return
	case e.Outcome.Result == store.Committed || e.Outcome.Result == store.Superseded:
		m.told[e.Lane] = max(m.told[e.Lane], e.Number)
	}
	m.step(e)
}

// must hands e, which says that the store went back, to the process after d.
func (m *member) must(d time.Duration, e engine.Event) {
	life := m.life
	m.w.after(d, func() {
		if m.life == life {
			m.stopsAt(e)
		}
	})
}

func (m *member) stopsAt(e engine.Event) {
	life, still := m.life, m.still
	m.step(e)
	if m.life == life && m.up && !still {
		m.w.judge.fail("F33", "member %d hears that the store went back, and goes on", m.n)
	}
}
