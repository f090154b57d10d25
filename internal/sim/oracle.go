package sim

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Compare plays the same plain definitions and inputs in several worlds: without faults, with the faults of the seed, and
// with other sizes of batches, other lanes, members, evictions and snapshots. In a plain world nothing is raced and tasks
// give what their step says, so every execution must end the same in all of them.
func Compare(seed uint64) ([]Violation, error) {
	var first map[string]string
	for i, tune := range []func(*setup){calmWorld, func(*setup) {}, otherWorld, smallWorld} {
		w, err := newWorld(seed, Options{Calm: true, plain: true, tune: tune})
		if err != nil {
			return nil, err
		}
		w.runUntil(w.storm)
		w.heal()
		w.settle()
		if !w.judge.clean() {
			return w.judge.violations, nil
		}
		ends := w.judge.allEnds()
		if i == 0 {
			first = ends
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(first)) {
			if ends[key] != first[key] {
				return []Violation{{"oracle", fmt.Sprintf("execution %s ends in world %d\n%s\nand without faults\n%s", key, i, ends[key], first[key])}}, nil
			}
		}
	}
	return nil, nil
}

// calmWorld has no faults and what an engine has by default.
func calmWorld(s *setup) {
	s.profile, s.enabled = profiles[0], [faultKinds]bool{}
	s.members, s.lanes, s.slots, s.pure = 1, 1, 64, false
	s.config = engine.Config{Shards: s.shards, Lanes: 1, Alone: true, Seed: s.config.Seed}
}

// otherWorld has no faults and draws everything else anew.
func otherWorld(s *setup) {
	other := drawSetup(rand.New(rand.NewPCG(s.config.Seed, 0x07)))
	s.profile, s.enabled = profiles[0], [faultKinds]bool{}
	s.members, s.lanes, s.slots, s.pure = other.members, other.lanes, other.slots, other.pure
	s.config = other.config
	s.config.Shards = s.shards
}

// smallWorld has faults, and an engine that does everything in the smallest pieces and keeps nothing in memory.
func smallWorld(s *setup) {
	s.config.BatchParts, s.config.Core.PartEntries, s.config.Core.Round = 1, 1, 1
	s.config.Core.RestBytes, s.config.Core.Idle, s.config.Core.SnapshotEvery, s.config.Core.SnapshotMin = 1, 1, 1, 1
}

// plainly leaves out of a setup what lets two runs of the same definitions end differently.
func (s *setup) plainly() {
	s.loss = nil
	s.enabled[taskFails], s.enabled[taskHangs], s.enabled[rowRejected] = false, false, false
	s.config.Core.Bounds.LostAttempts = 1 << 20
	s.config.Core.Retention = -1
}

// plainStarts asks for the executions that a plain world has: the same in all worlds of a seed.
func (c *clients) plainStarts() {
	r := rand.New(rand.NewPCG(c.w.seed, 0x57))
	for i := range c.w.starts {
		ref := c.w.names[r.IntN(len(c.w.names))]
		at := time.Duration(r.Int64N(int64(c.w.storm)))
		c.w.after(at, func() { c.plainStart(i, ref) })
	}
}

func (c *clients) plainStart(i int, ref engine.DefinitionRef) {
	w := c.w
	start := &kernel.Start{
		Namespace: ref.Namespace, Workflow: ref.Workflow, Version: ref.Version, Key: fmt.Sprintf("plain%d", i), Input: mustJSON(map[string]any{"op": i}),
	}
	slot := record.KeySlot(record.Key{Namespace: ref.Namespace, Workflow: ref.Workflow, Key: start.Key})
	start.ID = record.NewID(epoch+w.now/1e6, w.r.Uint64(), slot)
	o := &op{n: len(c.ops), safe: true, cmd: engine.Command{Verb: shard.Start, Start: start, Execution: start.ID}}
	w.count.starts++
	c.known = append(c.known, start.ID)
	c.starts[start.ID] = o
	c.ask(o)
}

// plainResult is what a task gives in a plain world: it follows from its step.
func (a *attempt) plainResult() model.Result {
	if strings.Contains(string(a.lease.Task.With), `"fail":true`) {
		return model.Result{Error: &model.Error{Code: "sim", Message: "this task always fails"}}
	}
	h := fnv.New32a()
	h.Write([]byte(a.lease.Token.Step))
	return model.Result{Output: mustJSON(map[string]any{"ok": h.Sum32() % 1000})}
}

// allEnds says how each execution of a plain world ended, and each of its steps, by key.
func (j *judge) allEnds() map[string]string {
	out := map[string]string{}
	for _, x := range j.all() {
		if x.key.Key == "" {
			continue
		}
		var b strings.Builder
		fmt.Fprintf(&b, "%s %s %s\n", x.state.Status(), x.state.Outcome(), x.state.Output())
		for _, step := range slices.Sorted(maps.Keys(x.outcomes)) {
			fmt.Fprintf(&b, "%s %s\n", step, x.outcomes[step])
		}
		out[x.key.Workflow+"/"+x.key.Key] = b.String()
	}
	return out
}

// noteEnd keeps how a step ended.
func (j *judge) noteEnd(x *witness, f *fact) {
	if !j.w.o.plain {
		return
	}
	if x.outcomes == nil {
		x.outcomes = map[string]string{}
	}
	x.outcomes[f.Step] = fmt.Sprintf("%s %s %s", f.Status, f.Outcome, f.Output)
}

// plainBlocks are the blocks whose end does not depend on what comes first.
func (b *graphOf) plainBlocks() []func() block {
	kinds := []func() block{b.plainEffect, b.plainEffect, b.sleep, b.assign, b.plainFork, b.region}
	if b.depth < 2 && b.g.budget > 2 {
		kinds = append(kinds, b.inner, b.plainEach, b.plainParallel, b.loop)
	}
	return kinds
}

func (b *graphOf) plainEffect() block {
	id := b.node("function", map[string]any{"name": "work", "args": map[string]any{"n": b.g.r.IntN(100)}})
	if b.g.r.IntN(4) > 0 {
		return block{id, []string{id}}
	}
	b.last().With = mustJSON(map[string]any{"name": "work", "args": map[string]any{"fail": true}})
	handler := b.node("function", map[string]any{"name": "work"})
	b.edge(id, model.OutcomeErr, handler)
	return block{id, []string{handler}}
}

func (b *graphOf) plainFork() block {
	entry := b.node("set", map[string]any{})
	var arms []string
	for range 2 + b.g.r.IntN(3) {
		arm := b.node("function", map[string]any{"name": "work"})
		b.edge(entry, model.OnElse, arm)
		arms = append(arms, arm)
	}
	join := b.node("set", map[string]any{})
	for _, a := range arms {
		b.edge(a, model.OnElse, join)
	}
	return block{entry, []string{join}}
}

func (b *graphOf) plainEach() block {
	s := b.g.scope(b.depth + 1)
	items := make([]int, b.g.r.IntN(6))
	c := &model.Composite{Scope: &s, Items: mustJSON(items), As: "it", Concurrency: 1 + b.g.r.IntN(4)}
	if b.g.r.IntN(3) == 0 && !writesOutside(&s) {
		c.Mode = "children"
	}
	return b.composite("foreach", c)
}

func (b *graphOf) plainParallel() block {
	c := &model.Composite{}
	for i := range 2 + b.g.r.IntN(2) {
		c.Branches = append(c.Branches, model.Branch{Name: fmt.Sprintf("b%d", i), Scope: b.g.scope(b.depth + 1)})
	}
	return b.composite("parallel", c)
}
