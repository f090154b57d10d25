package acceptance

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/mysql"
	"github.com/pawl-dev/pawl/store/postgres"
	"github.com/pawl-dev/pawl/store/redis"
	"github.com/pawl-dev/pawl/store/sqlite"
)

const metamorphicText = `
workflow: parcel
version: 1.0.0
input: {n: integer, name: string, items: [integer]}
signals: {go: {}}
tags: {n: "${ input.n }", name: "${ input.name }"}
nodes:
  - each:
      foreach: {items: "${ input.items }", as: it, concurrency: 2}
      do: [{double: {call: double, args: "${ it }"}}]
  - weigh:
      switch: {cases: [{when: input.n > 50, outcome: heavy}], default: light}
      next: {heavy: nap, light: shaky}
  - nap: {wait: {for: 5ms}, next: hold}
  - shaky: {call: shaky, args: "${ input.n }", retry: {max_attempts: 5, initial_interval: 2ms, backoff_coefficient: 2, jitter: 0}, next: hold}
  - hold: {signal: go}
  - done: {end: {outcome: packed, output: {all: "${ nodes.each.output }", told: "${ nodes.hold.output }"}}}
---
workflow: trip
version: 1.0.0
input: {n: integer, name: string, items: [integer]}
signals: {go: {}}
tags: {name: "${ input.name }"}
nodes:
  - hotel: {call: double, args: "${ input.n }", compensate: no_hotel}
  - flight: {call: double, args: "${ nodes.hotel.output }", compensate: no_flight}
  - hold: {signal: go}
  - pay: {call: refuse, args: "${ input.n }"}
  - no_hotel: {call: double, args: "${ nodes.hotel.output }"}
  - no_flight: {call: double, args: "${ nodes.flight.output }"}
---
workflow: part
version: 1.0.0
input: {n: integer}
tags: {n: "${ input.n }"}
nodes:
  - work: {call: double, args: "${ input.n }"}
  - tell: {send: {to: parent, signal: told, data: "${ input.n }"}}
output: "${ nodes.work.output }"
---
workflow: family
version: 1.0.0
input: {n: integer, name: string, items: [integer]}
signals: {go: {}, told: {}}
nodes:
  - child: {workflow: {name: part, input: {n: "${ input.n }"}}}
  - heard: {signal: told}
  - kids:
      foreach: {items: "${ input.items }", mode: children, concurrency: 3, as: it}
      do: [{double: {call: double, args: "${ it }"}}]
  - hold: {signal: go}
output: "${ nodes.kids.output }"
---
workflow: patience
version: 1.0.0
input: {n: integer, name: string, items: [integer]}
signals: {go: {}, never: {}}
nodes:
  - first: {wait: {signal: never, timeout: 10ms}, next: {timeout: site, success: site}}
  - site: {call: double, args: "${ input.n }", limits: [{name: site, key: one, concurrency: 1}]}
  - hold: {signal: go}
  - after: {wait: {for: 3ms}}
  - last: {call: double, args: "${ nodes.site.output }", limits: [{name: site, key: one, concurrency: 1}]}
output: "${ nodes.last.output }"
`

var metamorphicWorkflows = []string{"parcel", "trip", "family", "patience"}

// TestMetamorphic: the same calls give the same journals, rows and answers, whatever keeps them.
func TestMetamorphic(t *testing.T) {
	stores := []struct {
		name string
		open func(t *testing.T) store.Opener
	}{
		{"sqlite", func(t *testing.T) store.Opener { return sqlite.Open(filepath.Join(t.TempDir(), "pawl.db")) }},
		{"postgres", func(t *testing.T) store.Opener { return postgres.Open(servertest.Postgres(t)) }},
		{"mysql", func(t *testing.T) store.Opener { return mysql.Open(servertest.MySQL(t).URL) }},
		{"redis", func(t *testing.T) store.Opener { return redis.Open(servertest.Redis(t)) }},
	}
	seeds := uint64(3)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		want := tell(t, memory.Open(), seed)
		if len(want) < 100 {
			t.Fatalf("the story has %d lines: it shows nothing", len(want))
		}
		for _, s := range stores {
			t.Run(fmt.Sprint(s.name, "/", seed), func(t *testing.T) { sameStory(t, want, tell(t, s.open(t), seed)) })
		}
	}
}

// sameStory shows the first lines in which two stories differ.
func sameStory(t *testing.T, want, got []string) {
	t.Helper()
	for i := range max(len(want), len(got)) {
		line := func(of []string) string {
			if i < len(of) {
				return of[i]
			}
			return "(nothing)"
		}
		if line(want) != line(got) {
			t.Fatalf("line %d of %d and %d\n  memory: %s\n  here:   %s", i, len(want), len(got), line(want), line(got))
		}
	}
}

// teller drives one engine through a seed and writes down what can be seen from outside.
type teller struct {
	t     *testing.T
	s     store.Opener
	r     *rand.Rand
	eng   *pawl.Engine
	runs  []string
	lines []string
}

// tell plays a seed: executions come to their signal, the engine is closed and opened again, they are told to go on,
// and their keys are used once more.
func tell(t *testing.T, s store.Opener, seed uint64) []string {
	t.Helper()
	x := &teller{t: t, s: s, r: rand.New(rand.NewPCG(seed, 11))}
	x.open()
	if _, err := x.eng.Deploy(t.Context(), pawl.Text("all.yaml", []byte(metamorphicText))); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		x.start(metamorphicWorkflows[i%len(metamorphicWorkflows)], i)
	}
	for i, id := range x.runs {
		x.restsAtHold(i)
		x.say("unknown signal %d: %s", i, pawl.Code(x.eng.Signal(x.t.Context(), id, "other", nil)))
	}
	x.limitIsFree()
	x.notes()
	x.close()
	x.open()
	x.goOn()
	x.limitIsFree()
	x.notes()
	x.close()
	return x.lines
}

func (x *teller) open() {
	x.t.Helper()
	eng, err := pawl.Open(x.t.Context(), x.s, pawl.Options{Grace: time.Second, ClaimTTL: time.Second})
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = eng.Close(context.Background()) })
	err = errors.Join(
		pawl.Register(eng, "double", func(_ context.Context, n int) (int, error) { return 2 * n, nil }),
		pawl.Register(eng, "refuse", func(_ context.Context, n int) (int, error) { return 0, fmt.Errorf("no money for %d", n) }),
		pawl.Register(eng, "shaky", func(ctx context.Context, n int) (int, error) {
			if a := pawl.TaskFrom(ctx).Attempt; a <= n%4 {
				return 0, fmt.Errorf("unlucky with %d", a)
			}
			return n, nil
		}),
	)
	if err != nil {
		x.t.Fatal(err)
	}
	x.eng = eng
}

func (x *teller) close() {
	x.t.Helper()
	if err := x.eng.Close(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
}

func (x *teller) say(format string, args ...any) {
	x.lines = append(x.lines, fmt.Sprintf(format, args...))
}

// start begins the execution i, again under the same key, and with another input under it.
func (x *teller) start(workflow string, i int) {
	x.t.Helper()
	items := make([]int, x.r.IntN(5))
	for j := range items {
		items[j] = x.r.IntN(100)*10 + j // children are told apart by what they are given
	}
	input := map[string]any{"n": x.r.IntN(100), "name": fmt.Sprintf("näme %d", i), "items": items}
	key := pawl.Key(fmt.Sprint("k", i))
	run, err := x.eng.Start(x.t.Context(), workflow, input, key)
	if err != nil {
		x.t.Fatal(err)
	}
	x.runs = append(x.runs, run.ID())
	again, err := x.eng.Start(x.t.Context(), workflow, input, key)
	if err != nil {
		x.t.Fatal(err)
	}
	x.say("again %d: %v %v", i, again.ID() == run.ID(), again.Existing())
	_, err = x.eng.Start(x.t.Context(), workflow, map[string]any{"n": -1, "name": "", "items": items}, key)
	x.say("another %d: %s", i, pawl.Code(err))
}

// restsAtHold waits until the execution waits for its signal.
func (x *teller) restsAtHold(i int) {
	x.t.Helper()
	for ev, err := range x.eng.Watch(x.t.Context(), x.runs[i], 0) {
		if err != nil {
			x.t.Fatal(err)
		}
		if ev.Type == "wait_started" && ev.Step == "hold" {
			return
		}
	}
	x.t.Fatalf("execution %d ended before its signal", i)
}

// limitIsFree waits until the limit has heard that nobody needs it.
func (x *teller) limitIsFree() {
	x.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		l, err := x.eng.Limits().Get(x.t.Context(), "site", "one")
		if err != nil {
			x.t.Fatal(err)
		}
		if l.Used == 0 && l.Waiting == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-x.t.Context().Done():
			x.t.Fatal("the limit is not free")
		}
	}
}

// goOn signals all, twice under one id, waits for their ends, and starts under the keys of closed ones.
func (x *teller) goOn() {
	x.t.Helper()
	for i, id := range x.runs {
		for range 2 {
			err := x.eng.Signal(x.t.Context(), id, "go", map[string]int{"to": i}, pawl.SignalID(fmt.Sprint("s", i)), pawl.RequestID(fmt.Sprint("r", i)))
			x.say("signal %d: %v", i, err)
		}
	}
	for i := range x.runs {
		x.ends(i)
	}
	for i := range 2 {
		delay := time.Duration(1-i) * 500 * time.Millisecond // far more than the call takes
		run, err := x.eng.Start(x.t.Context(), metamorphicWorkflows[i], map[string]any{"n": 7 + 60*i, "name": "next", "items": []int{1}},
			pawl.Key(fmt.Sprint("k", i)), pawl.OnExisting(pawl.NewUnlessOpen), pawl.WithSignal("go", nil), pawl.Delay(delay))
		if err != nil {
			x.t.Fatal(err)
		}
		x.runs = append(x.runs, run.ID())
		x.ends(len(x.runs) - 1)
	}
}

func (x *teller) ends(i int) {
	x.t.Helper()
	run, err := x.eng.Run(x.runs[i])
	if err == nil {
		_, err = run.Wait(x.t.Context())
	}
	if err != nil {
		x.t.Fatal(err)
	}
}

// notes writes down every execution there is, in the order of birth and children behind their parents.
func (x *teller) notes() {
	x.t.Helper()
	names := map[string]string{}
	var ids []string
	for i, id := range x.runs {
		ids = append(ids, id)
		names[id] = fmt.Sprint("x", i)
		children := x.list(pawl.Filter{Parent: id, Limit: 100})
		for _, c := range children {
			whole, err := x.eng.Get(x.t.Context(), c.ID)
			if err != nil {
				x.t.Fatal(err)
			}
			names[c.ID] = fmt.Sprintf("x%d/%s%s%s", i, c.Workflow, whole.Input, whole.Output)
			ids = append(ids, c.ID)
		}
		// Their ids hold times of one millisecond and chance: what they are given and give is an order.
		slices.SortFunc(ids[len(ids)-len(children):], func(a, b string) int { return cmp.Compare(names[a], names[b]) })
	}
	x.say("executions: %d of %d", len(x.list(pawl.Filter{Limit: 1000})), len(ids))
	var pairs []string
	for id, name := range names {
		pairs = append(pairs, id, name)
	}
	known := strings.NewReplacer(pairs...)
	for _, id := range ids {
		for _, line := range append(x.row(id), x.journal(id)...) {
			x.say("%s %s", names[id], known.Replace(line))
		}
	}
}

func (x *teller) list(f pawl.Filter) []pawl.Execution {
	x.t.Helper()
	p, err := x.eng.List(x.t.Context(), f)
	if err != nil {
		x.t.Fatal(err)
	}
	return p.Executions
}

// row is what a search finds of an execution, and its steps, without times. What it waits for is written later.
func (x *teller) row(id string) []string {
	x.t.Helper()
	found := x.list(pawl.Filter{IDPrefix: id})
	if len(found) != 1 {
		x.t.Fatalf("%s is found %d times", id, len(found))
	}
	h := found[0]
	whole, err := x.eng.Get(x.t.Context(), id)
	if err != nil {
		x.t.Fatal(err)
	}
	ended := !h.Ended.IsZero()
	h.Started, h.Ended, h.WaitingFor = time.Time{}, time.Time{}, ""
	lines := []string{fmt.Sprintf("row ended=%v %s", ended, text(x.t, h))}
	slices.SortFunc(whole.Steps, func(a, b pawl.Step) int { return cmp.Compare(a.Path, b.Path) })
	for _, s := range whole.Steps {
		s.Scheduled, s.Ended = time.Time{}, time.Time{}
		lines = append(lines, "step "+text(x.t, s))
	}
	return append(lines, fmt.Sprintf("in %s out %s", whole.Input, whole.Output))
}

// journal is the sequence of events of each step, and of each kind and name where they belong to none: how the entries of
// different steps lie between each other depends on what came first.
func (x *teller) journal(id string) []string {
	x.t.Helper()
	of := map[string][]string{}
	for ev, err := range x.eng.History(x.t.Context(), id, 0) {
		if err != nil {
			x.t.Fatal(err)
		}
		at := ev.Step
		if at == "" {
			at = "(" + ev.Type + " " + ev.Name + ")"
		}
		ev.Seq, ev.At, ev.Until = 0, time.Time{}, time.Time{}
		if ev.Type == "items_started" || ev.Type == "items_ended" {
			at += " " + ev.Type
			of[at] = append(of[at], several(ev)...)
			slices.Sort(of[at])
			continue
		}
		of[at] = append(of[at], text(x.t, ev))
	}
	var lines []string
	for at, events := range of {
		for i, ev := range events {
			lines = append(lines, fmt.Sprintf("%s %03d %s", at, i, ev))
		}
	}
	slices.Sort(lines)
	return lines
}

// several takes the event of a foreach with children apart: how many of them one entry starts, or takes the ends of,
// depends on how many have ended at that moment.
func several(ev pawl.Event) []string {
	if ev.Type == "items_started" {
		return nil // the children are there to be seen
	}
	var each []json.RawMessage
	if json.Unmarshal(ev.Data, &each) != nil {
		each = []json.RawMessage{ev.Data}
	}
	lines := []string{}
	for _, one := range each {
		lines = append(lines, ev.Outcome+" "+string(one))
	}
	return lines
}

func text(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
