package sim

import (
	"slices"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// rush may let somebody ask for a key at the very moment at which its holder ends, and that end be refused.
func (c *clients) rush(b *store.Batch) {
	w := c.w
	if w.healed || w.o.Calm {
		return
	}
	for i := range b.Parts {
		for _, k := range b.Parts[i].Keys {
			if k.ClosedAt == 0 || k.Delete || k.Old != k.Execution || kernel.Gathers(k.Key.Key) || w.r.IntN(8) > 0 {
				continue
			}
			w.rushed[k.Execution] = true
			key := k.Key
			w.after(0, func() { c.ask(c.rival(key, pick(w.r, shard.New, shard.Replace))) })
		}
	}
}

// supplant lets somebody write a start to the inbox that replaces an execution which has to end a child first. What it
// waits for comes behind it.
func (c *clients) supplant() {
	var some []*witness
	for _, x := range c.w.judge.all() {
		if x.key.Key != "" && !x.forgot && !x.state.Status().Closed() && !kernel.Gathers(x.key.Key) && x.hasChild() {
			some = append(some, x)
		}
	}
	if len(some) > 0 {
		c.letter(c.rival(some[c.w.r.IntN(len(some))].key, shard.Replace))
	}
}

// hasChild reports whether x waits for a child.
func (x *witness) hasChild() bool {
	for o := range kernel.Open(x.state) {
		if o.Kind == kernel.OpenChild {
			return true
		}
	}
	return false
}

// rival is a start under a key that another execution has.
func (c *clients) rival(key record.Key, existing shard.Existing) *op {
	w, n := c.w, len(c.ops)
	i := slices.IndexFunc(w.names, func(r engine.DefinitionRef) bool { return r.Namespace == key.Namespace && r.Workflow == key.Workflow })
	start := &kernel.Start{
		ID:        record.NewID(epoch+w.now/1e6, w.r.Uint64(), record.KeySlot(key)),
		Namespace: key.Namespace, Workflow: key.Workflow, Version: w.active[w.names[i]], Key: key.Key, Input: mustJSON(map[string]any{"op": n}),
	}
	w.count.starts++
	c.known = append(c.known, start.ID)
	o := &op{n: n, safe: true, cmd: engine.Command{Verb: shard.Start, Start: start, Execution: start.ID, Digest: uint64(n), Existing: existing}}
	c.starts[start.ID] = o
	return o
}
