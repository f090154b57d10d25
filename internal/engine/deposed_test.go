package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// frozen answers reads of claims as they were at one time: a replica that hangs, or a cache that nobody empties.
type frozen struct {
	store.Backend
	claims []record.Fence
}

func (f *frozen) Claims(context.Context) ([]record.Fence, error) { return f.claims, nil }

// believe lets the member see for ever that it owns what it owns now.
func (s *stand) believe() {
	s.t.Helper()
	claims, err := s.backend.Claims(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	s.backend = &frozen{s.backend, claims}
}

// results lets time pass and counts the commits that the store takes, and the shards for which it takes none.
func (s *stand) results(d time.Duration) (committed, deposed int) {
	s.t.Helper()
	for end := s.now.Mono + d; s.now.Mono < end; {
		s.pass(time.Second, false)
		for len(s.commits) > 0 {
			o := s.apply()
			switch {
			case o.Result == store.Committed:
				committed++
			case len(o.Deposed) > 0:
				deposed += len(o.Deposed)
			default:
				s.t.Fatalf("a commit is %v: %v", o.Result, o.Cause)
			}
			s.answer(o)
		}
	}
	return committed, deposed
}

// TestF16_MemberThatWronglyLeadsStartsNothing: for an hour a member reads that it owns the shards of its schedules, which
// another one has taken. The store refuses its starts and its claims, so that each nominal time has one start.
func TestF16_MemberThatWronglyLeadsStartsNothing(t *testing.T) {
	b := openMemory(t)
	stale := newStand(t, b, Config{Owner: record.Owner{1}, MailEvery: time.Second})
	stale.deploy(waitFor("nap", `"for":"1s"`))
	stale.pass(time.Second, true)
	const schedules = 8
	shards := map[record.Shard]bool{}
	for n := range schedules {
		c := everyMinute(fmt.Sprint("s", n))
		shards[c.Execution.Shard(stale.m.cfg.Shards)] = true
		ref := stale.send(c)
		stale.commit()
		stale.accepted(ref)
	}
	stale.pass(5*time.Minute, true)
	before := starts(t, b)
	if before < 4*schedules {
		t.Fatalf("%d starts in five minutes", before)
	}

	stale.believe()
	claims := 0
	stale.fail = func(r Request) error {
		if _, ok := r.(Claim); ok {
			claims++ // and let it through
		}
		return nil
	}
	owner := &stand{t: t, backend: b}
	owner.claimAs(record.Owner{2})
	owner = newStand(t, b, Config{Owner: record.Owner{2}, MailEvery: time.Second}, func(s *stand) { s.now = stale.now })
	var committed, deposed int
	for minute := range 60 {
		// Neither is always the first to see a nominal time.
		for _, who := range [2][]*stand{{stale, owner}, {owner, stale}}[minute%2] {
			c, d := who.results(time.Minute)
			if who == stale {
				committed, deposed = committed+c, deposed+d
			} else if d > 0 {
				t.Fatal("the owner is refused")
			}
		}
	}
	if committed > 0 || deposed < len(shards) {
		t.Fatalf("the store took %d commits of who owns nothing and refused those of %d shards, of %d with schedules", committed, deposed, len(shards))
	}
	for n := range shards {
		if _, owns := stale.m.Owns(n); owns {
			t.Fatalf("it believes to own shard %d", n)
		}
	}
	if most := stale.m.cfg.Shards * int(1+time.Hour/stale.m.cfg.TTL); claims == 0 || claims > most || !stale.alarmed("deposed") {
		t.Fatalf("it claims %d times what was taken from it", claims)
	}
	if got := starts(t, b) - before; got != 60*schedules {
		t.Fatalf("%d starts in an hour of %d schedules", got, schedules)
	}
}

// everyMinute is the command that makes a schedule for the workflow that deploy puts.
func everyMinute(name string) Command {
	id := kernel.ScheduleID("default", "w", name)
	input := fmt.Appendf(nil, `{"workflow":"w","name":%q,"trigger":{"every":"1m","input":1}}`, name)
	return Command{Verb: shard.Start, Execution: id, Start: &kernel.Start{
		ID: id, Namespace: "default", Workflow: kernel.ScheduleWorkflow, Version: "1.0.0", Input: input,
	}}
}

// starts counts the executions of that workflow.
func starts(t *testing.T, b store.Backend) int {
	t.Helper()
	n := 0
	for f := (store.Filter{Workflows: []string{"w"}, Limit: 1000}); ; {
		p, err := b.Search(t.Context(), "default", f)
		if err != nil {
			t.Fatal(err)
		}
		n += len(p.Heads)
		if p.Next == "" {
			return n
		}
		f.Cursor = p.Next
	}
}

// TestF3_DeposedOwnerForgetsNothing: a member stands still between the decision to forget an execution and its commit. Its
// successor has forgotten it, too, and given its key to another, whose timer the late commit leaves alone.
func TestF3_DeposedOwnerForgetsNothing(t *testing.T) {
	b := openMemory(t)
	keep := shard.Config{Retention: 60_000}
	late := newStand(t, b, Config{Owner: record.Owner{1}, Core: keep})
	late.deploy(waitFor("nap", `"for":"1s"`))
	late.pass(time.Second, true)
	first := late.keyed("k")
	late.commit()
	late.pass(2*time.Second, true)
	if late.head(first).Status != "completed" {
		t.Fatal(late.head(first).Status)
	}
	for end := late.now.Mono + 10*time.Minute; len(late.commits) == 0; {
		if late.pass(time.Second, false); late.now.Mono > end {
			t.Fatal("nothing is forgotten")
		}
	}
	if f := late.commits[0].Parts[0].Forgets; len(f) != 1 || f[0] != first {
		t.Fatalf("forgets %v", f)
	}

	next := &stand{t: t, backend: b}
	next.claimAs(record.Owner{2})
	next = newStand(t, b, Config{Owner: record.Owner{2}, Core: keep}, func(s *stand) { s.now = late.now })
	next.pass(5*time.Minute, true)
	second := next.keyed("k")
	next.commit()
	if second == first || next.entries(first) != 0 || next.head(second).Status != "running" {
		t.Fatalf("%s holds the key, of the first there are %d entries", second, next.entries(first))
	}

	o := late.apply()
	late.answer(o)
	if o.Result != store.NotCommitted || len(o.Deposed) != 1 {
		t.Fatalf("the late commit is %+v", o)
	}
	rows, err := b.Keys(t.Context(), []record.Key{{Namespace: "default", Workflow: "w", Key: "k"}})
	if err != nil || len(rows) != 1 || rows[0].Execution != second {
		t.Fatalf("the key is of %v, %v", rows, err)
	}
	next.pass(2*time.Second, true)
	if s := next.head(second).Status; s != "completed" {
		t.Fatalf("the timer of the second has not fired: %s", s)
	}
}

// keyed starts an execution under a key.
func (s *stand) keyed(key string) record.ID {
	id, _ := s.begin(0, func(c *Command) {
		slot := record.KeySlot(record.Key{Namespace: "default", Workflow: "w", Key: key})
		c.Execution = record.NewID(s.now.Wall, s.ids, slot)
		c.Existing, c.Start.ID, c.Start.Key = shard.New, c.Execution, key
	})
	return id
}
