package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// gathers lets clients send bursts of starts that gather, some by request id, some once, some as a message.
func (c *clients) gathers() {
	w := c.w
	for range w.r.IntN(3) {
		ref := w.anyWorkflow()
		g := kernel.Gather{Size: 2 + w.r.IntN(4), Wait: int64(w.upTo(30*time.Second)/time.Millisecond) + 1}
		if w.r.IntN(2) == 0 {
			g = kernel.Gather{Wait: int64(w.upTo(10*time.Second)/time.Millisecond) + 1, Most: int64(w.upTo(time.Minute) / time.Millisecond)}
		}
		key := kernel.GatherKey(fmt.Sprintf("g%d", w.r.IntN(2)))
		for range 2 + w.r.IntN(12) {
			w.after(w.upTo(w.storm), func() { c.gather(ref, key, g) })
		}
	}
}

func (c *clients) gather(ref shard.DefinitionRef, key string, g kernel.Gather) {
	w, n := c.w, len(c.ops)
	start := &kernel.Start{
		Namespace: ref.Namespace, Workflow: ref.Workflow, Version: ref.Version, Key: key, Gather: &g,
		Input: mustJSON(map[string]any{"op": n}),
	}
	start.ID = record.NewID(epoch+w.now/1e6, w.r.Uint64(), record.KeySlot(record.Key{Namespace: ref.Namespace, Workflow: ref.Workflow, Key: key}))
	o := &op{n: n, cmd: engine.Command{Verb: shard.Start, Start: start, Execution: start.ID, By: "sim"}}
	w.count.starts++
	if w.r.IntN(6) == 0 {
		c.letter(o)
		return
	}
	if w.r.IntN(4) > 0 {
		o.cmd.Request, o.safe = fmt.Sprintf("r%d", n), true
	}
	c.ask(o)
}

// isGather reports whether an op is a start that gathers.
func (o *op) isGather() bool { return o.cmd.Verb == shard.Start && o.cmd.Start.Gather != nil }

// gathered notes a start that an execution has taken: none is in two of them.
func (j *judge) gathered(x *witness, input json.RawMessage) {
	in := struct{ Op int }{-1}
	if json.Unmarshal(input, &in) != nil || in.Op < 0 {
		j.fail("F43", "%s gathers a start that nobody sent: %q", x.id, input)
		return
	}
	// Where the retention is over, a start that comes again makes its execution again, under the same id.
	if other := j.execs[j.startOf[in.Op]]; other != nil && !other.forgot && (other != x || slices.Contains(x.gathers, in.Op)) {
		j.fail("F43", "start %d is in %s and in %s", in.Op, other.id, x.id)
	}
	j.startOf[in.Op] = x.id
	x.gathers = append(x.gathers, in.Op)
}

// joined: a start that was acknowledged is in the execution that it was answered with.
func (j *judge) joined(x *witness, o *op) {
	if o.isGather() && !slices.Contains(x.gathers, o.n) {
		j.fail("I1", "start %d was acknowledged as one of %s, which has %v", o.n, x.id, x.gathers)
	}
}

// gatheredAll: the input of what has gathered is what came, all of it or the newest.
func (j *judge) gatheredAll(x *witness) {
	if x.forgot || !x.state.GatherOver() {
		return
	}
	type start struct{ Op int }
	var got []start
	if json.Unmarshal(x.state.Input(), &got) != nil {
		var one start
		if json.Unmarshal(x.state.Input(), &one) != nil || one.Op != x.gathers[len(x.gathers)-1] {
			j.fail("F43", "%s has the input %s; the newest start is %d", x.id, x.state.Input(), x.gathers[len(x.gathers)-1])
		}
		return
	}
	if !slices.EqualFunc(got, x.gathers, func(s start, n int) bool { return s.Op == n }) {
		j.fail("F43", "%s has the input %s; it has taken %v", x.id, x.state.Input(), x.gathers)
	}
}
