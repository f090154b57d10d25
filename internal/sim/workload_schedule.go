package sim

import (
	"fmt"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
)

// schedulePeriod is the distance of all schedules of the world, in milliseconds.
const schedulePeriod = 60_000

// schedule makes a schedule for a workflow, once or more, and commands it now and then. Everything is retired when the
// world heals, for it would never come to rest otherwise.
func (c *clients) schedule() {
	w := c.w
	ref := w.anyWorkflow()
	name := fmt.Sprintf("s%d", w.r.IntN(2))
	id := kernel.ScheduleID(ref.Namespace, ref.Workflow, name)
	input := map[string]any{"workflow": ref.Workflow, "name": name, "trigger": map[string]any{
		"every": "1m", "overlap": pick(w.r, "skip", "queue", "cancel", "allow"), "catch_up": w.r.IntN(3),
		"jitter": pick(w.r, "0s", "3s"), "input": map[string]any{"op": -1},
	}}
	start := &kernel.Start{ID: id, Namespace: ref.Namespace, Workflow: kernel.ScheduleWorkflow, Version: "1.0.0", Input: mustJSON(input)}
	c.scheduled = append(c.scheduled, id)
	made := func() {
		if w.healed {
			c.retireOne(id)
		}
	}
	c.ask(&op{n: len(c.ops), safe: true, repeat: true, then: made, cmd: engine.Command{Verb: shard.Start, Execution: id, Start: start}})
	for range w.r.IntN(4) {
		w.after(w.upTo(w.storm/2), func() { c.order(id) })
	}
}

// order commands a schedule.
func (c *clients) order(id record.ID) {
	if c.w.healed {
		return
	}
	n := len(c.ops)
	o := &op{n: n, safe: true, cmd: engine.Command{Execution: id, By: "sim", Request: fmt.Sprintf("r%d", n)}}
	switch c.w.r.IntN(3) {
	case 0:
		o.cmd.Verb = shard.Pause
		o.then = func() { c.w.after(c.w.upTo(time.Minute), func() { c.resume(id) }) }
	case 1:
		o.cmd.Verb, o.cmd.Signal = shard.Signal, &kernel.Signal{Name: "run"}
	default:
		o.cmd.Verb = shard.Terminate // refused
	}
	c.ask(o)
}

// retire ends all schedules.
func (c *clients) retire() {
	for _, id := range c.scheduled {
		c.retireOne(id)
	}
}

func (c *clients) retireOne(id record.ID) {
	n := len(c.ops)
	c.ask(&op{n: n, safe: true, cmd: engine.Command{Verb: shard.Signal, Execution: id, Request: fmt.Sprintf("r%d", n), Signal: &kernel.Signal{Name: "retire"}}})
}
