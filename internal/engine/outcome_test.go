package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var (
	unknown   = store.Outcome{Result: store.Unknown, Cause: errors.New("the connection broke")}
	transient = store.Outcome{Result: store.NotCommitted, Cause: errors.New("busy")}
)

func newOutcomeStand(t *testing.T) *stand {
	s := newStand(t, openMemory(t), Config{Alone: true})
	s.deploy(function("a"), function("b"))
	return s
}

func sameBatch(t *testing.T, a, b *store.Batch) {
	t.Helper()
	if a.Number != b.Number || a.Digest != b.Digest || a.Lane != b.Lane {
		t.Fatalf("batch %d %x is sent again as %d %x", a.Number, a.Digest, b.Number, b.Digest)
	}
}

func TestF26_UnknownIsSentAgainUnderTheSameNumber(t *testing.T) {
	for name, applied := range map[string]bool{"not applied": false, "applied": true} {
		t.Run(name, func(t *testing.T) {
			s := newOutcomeStand(t)
			id, ref := s.begin(3)
			first := s.commits[0]
			if applied {
				s.apply()
			}
			s.answer(unknown)
			s.unanswered(ref)
			if len(s.commits) != 0 {
				t.Fatal("sent again without a pause")
			}
			s.pass(50*time.Millisecond, false)
			sameBatch(t, first, s.commits[0])
			s.commit()
			s.accepted(ref)
			if n := s.entries(id); n != 1 {
				t.Fatalf("%d entries", n)
			}
			s.report(s.lease()...)
			s.commit()
			if n := s.entries(id); n != 2 {
				t.Fatalf("%d entries: the next batch does not follow", n)
			}
		})
	}
}

func TestTransientIsSentAgainAndMemoryStays(t *testing.T) {
	s := newOutcomeStand(t)
	_, ref := s.begin(3)
	first := s.commits[0]
	for range 3 {
		s.answer(transient)
		s.pass(time.Second, false)
		sameBatch(t, first, s.commits[0])
	}
	s.commit()
	s.accepted(ref)
}

func TestF30_CallersHearUnavailableAfterABoundAndTheStoreComesBack(t *testing.T) {
	s := newOutcomeStand(t)
	old, _ := s.begin(3)
	s.commit()
	tasks := s.lease()
	other, ref := s.begin(4)
	report := s.report(tasks...)
	full := store.Outcome{Result: store.NotCommitted, Cause: store.ErrFull}
	for s.now.Mono < time.Hour+6*time.Second {
		if len(s.commits) > 0 {
			s.answer(full)
		}
		s.pass(100*time.Millisecond, false)
	}
	s.refused(ref, shard.CodeUnavailable)
	if v := s.verdicts[report]; len(v) != 1 || v[0] != runner.Unavailable {
		t.Fatalf("the report is answered %v", v)
	}
	if !s.alarmed("store_away") {
		t.Fatal("no alarm")
	}
	_, refused := s.begin(5)
	s.refused(refused, shard.CodeUnavailable)
	view := s.send(Command{Verb: shard.View, Execution: old}) // of something that is not durable
	for range 15 {
		if len(s.commits) > 0 {
			s.answer(full)
		}
		s.pass(100*time.Millisecond, false)
	}
	s.refused(view, shard.CodeUnavailable)

	s.pass(2*time.Second, true)
	s.begin(5)
	s.commit()
	again := s.report(tasks...)
	s.commit()
	if v := s.verdicts[again]; len(v) != 1 || v[0] != runner.Accepted {
		t.Fatalf("the repeated report is answered %v", v)
	}
	if s.entries(old) != 2 || s.entries(other) != 1 {
		t.Fatalf("%d and %d entries", s.entries(old), s.entries(other))
	}
}

// F30, R11: a commit that hangs, without any outcome, is no better for those who wait than one that fails.
func TestF30_CommitThatHangsIsToldAfterABound(t *testing.T) {
	s := newOutcomeStand(t)
	id, ref := s.begin(3)
	s.pass(4*time.Second, false)
	s.unanswered(ref)
	if s.alarmed("store_away") || len(s.m.Troubles()) != 0 {
		t.Fatal("told too soon")
	}
	s.pass(2*time.Second, false)
	s.refused(ref, shard.CodeUnavailable)
	if l := s.m.Troubles(); !s.alarmed("store_away") || len(l) != 1 || !strings.HasPrefix(l[0], "a commit has had no outcome for ") {
		t.Fatalf("nobody is told: %q", l)
	}
	_, refused := s.begin(5)
	s.refused(refused, shard.CodeUnavailable)
	if len(s.sent) != 1 {
		t.Fatalf("%d batches were sent while the first has no outcome", len(s.sent))
	}
	s.commit()
	if l := s.m.Troubles(); len(l) != 0 || s.entries(id) != 1 {
		t.Fatalf("it goes on complaining: %q", l)
	}
	_, ref = s.begin(5)
	s.commit()
	s.accepted(ref)
}

var damaged = store.Outcome{Result: store.NotCommitted, Cause: store.ErrCorrupt}

// F31, R8: where a commit meets what is damaged of one execution, that one is taken out and the others commit.
func TestF31_DamageOfOneExecutionIsItsOwn(t *testing.T) {
	s := newOutcomeStand(t)
	_, first := s.begin(3) // under way, so that the others travel together
	bad, badRef := s.begin(3)
	_, ref := s.begin(3)
	_, other := s.begin(5)
	s.answer(s.apply())
	for len(s.commits) > 0 {
		if speaksOf(s.commits[0], bad) {
			s.answer(damaged)
			continue
		}
		s.answer(s.apply())
	}
	s.accepted(first)
	s.accepted(ref)
	s.accepted(other)
	s.refused(badRef, shard.CodeRejected)
	if !s.alarmed("quarantine") || s.entries(bad) != 0 {
		t.Fatalf("nobody is told: %+v", s.alarms)
	}
}

// F31: damage that every commit meets is that of the store: callers hear unavailable at once, and commits are tried again
// for as long as it is there.
func TestF31_DamageThatEveryCommitMeetsIsToldAtOnce(t *testing.T) {
	s := newOutcomeStand(t)
	_, first := s.begin(3)
	s.answer(damaged)
	s.refused(first, shard.CodeRejected)
	_, ref := s.begin(3)
	for range 3 {
		s.answer(damaged)
		s.pass(time.Second, false)
	}
	s.refused(ref, shard.CodeUnavailable)
	if l := s.m.Troubles(); !s.alarmed("store_damaged") || len(l) != 1 || !strings.Contains(l[0], store.ErrCorrupt.Error()) {
		t.Fatalf("nobody is told: %q", l)
	}
	s.commit()
	_, ref = s.begin(3)
	s.commit()
	s.accepted(ref)
	if l := s.m.Troubles(); len(l) != 0 {
		t.Fatalf("it goes on complaining: %q", l)
	}
}

// speaksOf reports whether a batch holds an entry of an execution.
func speaksOf(b *store.Batch, id record.ID) bool {
	return slices.ContainsFunc(b.Parts, func(p record.Part) bool {
		return slices.ContainsFunc(p.Entries, func(e record.Entry) bool { return e.Execution == id })
	})
}

// depose lets another owner claim a shard.
func (s *stand) depose(n record.Shard) {
	s.t.Helper()
	claims, err := s.backend.Claims(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.backend.Claim(context.Background(), n, claims[n], record.Owner{9}); err != nil {
		s.t.Fatal(err)
	}
}

func TestF1_DeposedShardIsDroppedAndTheOthersCommit(t *testing.T) {
	s := newStand(t, openMemory(t), Config{})
	s.deploy(function("a"), function("b"))
	s.pass(time.Second, true)
	s.begin(3)
	s.begin(3)
	s.commit()
	mine := s.lease()
	busy, _ := s.begin(7) // keeps the lane busy, so that the next two meet in one batch
	lost, lostRef := s.begin(3)
	kept, keptRef := s.begin(4)
	report := s.report(mine[0])
	s.depose(3)
	s.commit()
	s.refused(lostRef, shard.CodeUnavailable)
	s.accepted(keptRef)
	if s.entries(lost) != 0 || s.entries(kept) != 1 || s.entries(busy) != 1 {
		t.Fatal("the wrong ones are durable")
	}
	if len(s.lost) != 1 || s.lost[0] != mine[1].Token || !s.alarmed("deposed") {
		t.Fatalf("executors hear %v", s.lost)
	}
	if v := s.verdicts[report]; len(v) != 1 || v[0] != runner.Unavailable {
		t.Fatalf("the report is answered %v", v)
	}
	if _, owns := s.m.Owns(3); owns {
		t.Fatal("the shard is still owned")
	}
	s.pass(3*time.Second, true)
	again := s.report(mine...)
	if v := s.verdicts[again]; len(v) != 2 || v[0] != runner.Stale || v[1] != runner.Stale {
		t.Fatalf("the report of an attempt of a lost claim is answered %v", v)
	}
	if len(s.sent) < 2 {
		t.Fatal("no second version was sent")
	}
}

func TestDeposedAfterUnknownKeepsTheFormerVersion(t *testing.T) {
	s := newOutcomeStand(t)
	s.begin(7)
	a, aRef := s.begin(3)
	b, bRef := s.begin(4)
	s.answer(s.apply()) // of shard 7
	s.apply()           // both, durable
	s.answer(unknown)
	s.pass(50*time.Millisecond, false)
	// The store is wrong about the deposition on purpose: what matters is that the winner is recognised.
	s.answer(store.Outcome{Result: store.NotCommitted, Deposed: []record.Shard{3}})
	s.refused(aRef, shard.CodeUnavailable)
	s.commit() // superseded by the former version
	s.accepted(bRef)
	if s.entries(a) == 0 || s.entries(b) != 1 || s.halted != nil {
		t.Fatalf("%d and %d entries, %v", s.entries(a), s.entries(b), s.halted)
	}
	s.report(s.lease()...)
	s.commit()
	if s.entries(b) != 2 {
		t.Fatal("the lane does not go on")
	}
}

func TestSupersededByAStrangerHalts(t *testing.T) {
	s := newOutcomeStand(t)
	_, ref := s.begin(3)
	s.answer(store.Outcome{Result: store.Superseded, Winner: 4711})
	if !errors.Is(s.halted, errStranger) {
		t.Fatalf("halted %v", s.halted)
	}
	s.refused(ref, shard.CodeUnavailable)
}

func TestF37_StoreThatWentBackHalts(t *testing.T) {
	s := newOutcomeStand(t)
	_, ref := s.begin(3)
	s.answer(store.Outcome{Result: store.NotCommitted, Cause: store.ErrStoreWentBack})
	if !errors.Is(s.halted, store.ErrStoreWentBack) {
		t.Fatalf("halted %v", s.halted)
	}
	s.refused(ref, shard.CodeUnavailable)
	if s.m.Next() >= 0 {
		t.Fatal("a halted machine wants ticks")
	}
}

func TestF33_AQuestionThatFindsTheStoreWentBackHalts(t *testing.T) {
	lost := fmt.Errorf("beat: %w", store.ErrStoreWentBack)
	for _, e := range []Event{Beaten{Err: lost}, ClaimsRead{Err: lost}, MailWaits{Err: lost}, Loaded{Err: lost}, Several{[]Event{Tick{}, Claimed{Err: lost}}}} {
		s := newOutcomeStand(t)
		_, ref := s.begin(3)
		s.step(e)
		if !errors.Is(s.halted, store.ErrStoreWentBack) {
			t.Fatalf("%T: halted %v", e, s.halted)
		}
		s.refused(ref, shard.CodeUnavailable)
	}
}

func TestF35_NamedCulpritIsTakenOutAndParked(t *testing.T) {
	s := newOutcomeStand(t)
	bad, _ := s.begin(3)
	good, _ := s.begin(3)
	s.commit()
	s.begin(7)
	s.report(s.lease()...)
	for len(s.commits[0].Parts[0].Entries) < 2 {
		s.answer(s.apply())
	}
	s.answer(store.Outcome{Result: store.NotCommitted, Rejected: []store.Rejection{{Execution: bad, Reason: "too large"}}})
	s.commit()
	s.pass(time.Second, true)
	if s.entries(good) != 2 {
		t.Fatal("the other one is not durable")
	}
	if h := s.head(bad); h.Status != "parked" {
		t.Fatalf("the head says %s", h.Status)
	}
}

func (s *stand) head(id record.ID) record.Head {
	s.t.Helper()
	list, err := s.backend.Load(context.Background(), id.Shard(s.m.cfg.Shards), []record.ID{id})
	if err != nil || len(list) != 1 {
		s.t.Fatalf("%d heads, %v", len(list), err)
	}
	return list[0].Head
}

func TestF35_UnnamedCulpritIsFoundByHalving(t *testing.T) {
	s := newOutcomeStand(t)
	var all []record.ID
	s.begin(7)
	for i := range 12 {
		id, _ := s.begin(record.Shard(3 + i%3))
		all = append(all, id)
	}
	s.commit()
	bad := all[7]
	s.begin(7)
	s.report(s.lease()...)
	for len(s.commits) > 0 {
		if holds(s.commits[0], bad, 2) {
			s.answer(store.Outcome{Result: store.NotCommitted, Rejected: []store.Rejection{{Reason: "something is wrong"}}})
			continue
		}
		s.answer(s.apply())
	}
	for _, id := range all {
		if id != bad && s.entries(id) != 2 {
			t.Fatalf("%s has %d entries", id, s.entries(id))
		}
	}
	s.pass(time.Second, false)
	for len(s.commits) > 0 {
		s.answer(s.apply())
	}
	s.pass(time.Second, true)
	if h := s.head(bad); h.Status != "parked" {
		t.Fatalf("the head of the culprit says %s", h.Status)
	}
}

// holds reports whether b has the entry seq of id with a result in it.
func holds(b *store.Batch, id record.ID, seq uint64) bool {
	for i := range b.Parts {
		for _, e := range b.Parts[i].Entries {
			if e.Execution == id && e.Seq == seq && len(b.Parts[i].Heads) == 0 {
				return true
			}
		}
	}
	return false
}

func TestHalvedAfterUnknownIsAdvancedWhole(t *testing.T) {
	s := newOutcomeStand(t)
	var ids []record.ID
	var refs []uint64
	s.begin(7)
	for range 4 {
		id, ref := s.begin(3)
		ids, refs = append(ids, id), append(refs, ref)
	}
	s.answer(s.apply())
	whole := s.commits[0]
	s.answer(unknown)
	s.pass(50*time.Millisecond, false)
	s.answer(store.Outcome{Result: store.NotCommitted, Rejected: []store.Rejection{{Reason: "?"}}})
	if len(s.commits[0].Parts[0].Entries) != 2 {
		t.Fatalf("%d entries in the half", len(s.commits[0].Parts[0].Entries))
	}
	if out := s.backend.Commit(context.Background(), whole); out.Result != store.Committed {
		t.Fatalf("the late first version: %v", out)
	}
	s.commit()
	for i, id := range ids {
		s.accepted(refs[i])
		if s.entries(id) != 1 {
			t.Fatalf("%d entries", s.entries(id))
		}
	}
	s.report(s.lease()...)
	s.commit()
	for _, id := range ids {
		if s.entries(id) != 2 {
			t.Fatalf("%d entries", s.entries(id))
		}
	}
}

func TestLateAnswersAreIgnored(t *testing.T) {
	s := newOutcomeStand(t)
	_, ref := s.begin(3)
	b := s.commits[0]
	s.step(CommitDone{Lane: 0, Number: b.Number + 1, Digest: b.Digest, Outcome: store.Outcome{Result: store.Committed}})
	s.step(CommitDone{Lane: 0, Number: b.Number, Digest: b.Digest + 1, Outcome: store.Outcome{Result: store.Committed}})
	s.step(CommitDone{Lane: 5, Number: b.Number, Digest: b.Digest, Outcome: store.Outcome{Result: store.Committed}})
	s.step(CommitDone{Lane: -1, Number: b.Number, Digest: b.Digest, Outcome: store.Outcome{Result: store.Committed}})
	s.unanswered(ref)
	s.answer(unknown)
	s.step(CommitDone{Lane: 0, Number: b.Number, Digest: b.Digest, Outcome: store.Outcome{Result: store.Committed}})
	s.unanswered(ref)
}

func TestBatchesAreBounded(t *testing.T) {
	s := newStand(t, openMemory(t), Config{Alone: true, BatchParts: 10, Core: shard.Config{PartEntries: 4}})
	s.deploy(function("a"))
	for i := range 100 {
		s.begin(record.Shard(i % 8))
	}
	for len(s.commits) > 0 {
		n := 0
		seen := map[record.Shard]bool{}
		for _, p := range s.commits[0].Parts {
			if len(p.Entries) > 4 || seen[p.Fence.Shard] {
				t.Fatalf("a part of %d entries, or two of one shard", len(p.Entries))
			}
			seen[p.Fence.Shard] = true
			n += len(p.Entries)
		}
		if n > 10 {
			t.Fatalf("a batch of %d entries", n)
		}
		s.answer(s.apply())
	}
	if got := len(s.lease()); got != 100 {
		t.Fatalf("%d tasks", got)
	}
}

// A part of a shard that was dropped while the batch was under way is left out of later versions.
func TestRejectionOfADroppedShardIsLeftOut(t *testing.T) {
	s := newStand(t, openMemory(t), Config{})
	s.deploy(function("a"))
	s.pass(time.Second, true)
	s.begin(7)
	gone, ref := s.begin(3)
	kept, keptRef := s.begin(4)
	s.answer(s.apply())
	s.depose(3)
	s.m.claims.soon = true
	s.step(Tick{})
	s.answer(store.Outcome{Result: store.NotCommitted, Rejected: []store.Rejection{{Execution: gone, Reason: "too large"}}})
	if len(s.commits) != 1 || len(s.commits[0].Parts) != 1 {
		t.Fatalf("%d commits; the dropped part is sent again", len(s.commits))
	}
	s.commit()
	s.accepted(keptRef)
	s.refused(ref, shard.CodeUnavailable)
	if s.entries(gone) != 0 || s.entries(kept) != 1 {
		t.Fatal("the wrong one is durable")
	}
}
