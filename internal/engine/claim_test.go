package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

func (s *stand) owned() int { return s.m.Stats().Owned }

// beatAs sends a heartbeat of another member.
func (s *stand) beatAs(o record.Owner, count uint64) {
	s.t.Helper()
	if _, _, err := s.backend.Beat(context.Background(), store.Beat{Owner: o, Count: count}); err != nil {
		s.t.Fatal(err)
	}
}

// claimAs lets another member claim every shard.
func (s *stand) claimAs(o record.Owner) {
	s.t.Helper()
	claims, err := s.backend.Claims(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, row := range claims {
		if _, err := s.backend.Claim(context.Background(), row.Shard, row, o); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestFreeShardsAreClaimedAtOnce(t *testing.T) {
	s := newStand(t, openMemory(t), Config{})
	s.pass(10*time.Millisecond, true)
	if n := s.owned(); n != s.m.cfg.Shards {
		t.Fatalf("%d shards", n)
	}
}

func TestAloneTakesOverAtOnce(t *testing.T) {
	b := openMemory(t)
	s := &stand{t: t, backend: b}
	s.claimAs(record.Owner{9})
	s = newStand(t, b, Config{Alone: true})
	if n := s.owned(); n != s.m.cfg.Shards {
		t.Fatalf("%d shards", n)
	}
}

func TestR2_LivingOwnerKeepsItsShardsAndADeadOneLosesThem(t *testing.T) {
	b := openMemory(t)
	other := record.Owner{9}
	s := &stand{t: t, backend: b}
	s.beatAs(other, 1)
	s.claimAs(other)
	s = newStand(t, b, Config{})
	for count := uint64(2); count < 20; count++ {
		s.pass(2*time.Second, true)
		s.beatAs(other, count)
	}
	if n := s.owned(); n != 0 {
		t.Fatalf("%d shards of a living member are taken", n)
	}
	s.pass(9*time.Second, true)
	if n := s.owned(); n != 0 {
		t.Fatalf("%d shards are taken before the TTL", n)
	}
	s.pass(6*time.Second, true)
	if n := s.owned(); n != s.m.cfg.Shards {
		t.Fatalf("%d shards after the TTL", n)
	}
}

func TestF5_LostBeatsGiveTheShardsUpAndTasksAreTold(t *testing.T) {
	s := newStand(t, openMemory(t), Config{})
	s.deploy(function("a"))
	s.pass(time.Second, true)
	s.begin(3)
	s.commit()
	tasks := s.lease()
	s.fail = func(r Request) error {
		if _, ok := r.(Beat); ok {
			return errors.New("cut off")
		}
		return nil
	}
	s.pass(5*time.Second, true)
	if s.owned() == 0 {
		t.Fatal("given up too early")
	}
	s.pass(4*time.Second, true)
	if s.owned() != 0 || !s.alarmed("beat_lost") || len(s.lost) != len(tasks) {
		t.Fatalf("%d shards, executors hear %v", s.owned(), s.lost)
	}
	s.fail = nil
	s.pass(5*time.Second, true)
	if n := s.owned(); n != s.m.cfg.Shards {
		t.Fatalf("%d shards after the beats came back", n)
	}
	// The epoch is the same, and what was handed out counts as lost.
	if got := s.lease(); len(got) != 1 || got[0].Token.Attempt != 2 {
		t.Fatalf("leased %+v", got)
	}
}

func TestAloneKeepsItsShardsWithoutBeats(t *testing.T) {
	s := newStand(t, openMemory(t), Config{Alone: true})
	s.fail = func(r Request) error {
		if _, ok := r.(Beat); ok {
			return errors.New("disk full")
		}
		return nil
	}
	s.pass(time.Minute, true)
	if s.owned() == 0 {
		t.Fatal("given up although nobody else can take them")
	}
}

func TestF12_AWrongClockOwnsNothing(t *testing.T) {
	s := newStand(t, openMemory(t), Config{})
	s.pass(time.Second, true)
	s.m.beats.next = 0
	wall := s.now.Wall
	s.fail = func(r Request) error { return nil }
	// The store's time stays behind.
	s.now.Wall += 60_000
	s.step(Tick{})
	s.m.beats.sent = s.now.Wall
	s.step(Beaten{Now: wall})
	if s.owned() != 0 || !s.alarmed("clock") {
		t.Fatalf("%d shards with a clock that is a minute ahead", s.owned())
	}
	count := s.m.beats.count
	s.m.beats.next = 0
	s.hush = true
	s.step(Tick{})
	if s.m.beats.count != count {
		t.Fatal("it goes on beating, so nobody takes its shards")
	}
}

func TestF4_TakeoverIsNoticedWithoutTraffic(t *testing.T) {
	s := newStand(t, openMemory(t), Config{})
	s.pass(time.Second, true)
	s.depose(3)
	s.beatAs(record.Owner{9}, 1)
	s.pass(3*time.Second, true)
	if _, owns := s.m.Owns(3); owns {
		t.Fatal("still owned")
	}
	if !s.alarmed("deposed") {
		t.Fatal("no alarm")
	}
}

func TestStoreThatForgotAClaimHalts(t *testing.T) {
	s := newStand(t, openMemory(t), Config{Alone: true})
	claims, err := s.backend.Claims(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	claims[3].Epoch = 0
	s.m.claims.soon = true
	s.fail = func(r Request) error {
		if _, ok := r.(ReadClaims); ok {
			s.m.take(ClaimsRead{Claims: claims})
		}
		return nil
	}
	s.step(Tick{})
	if !errors.Is(s.halted, store.ErrStoreWentBack) && !s.m.halted {
		t.Fatal("it goes on")
	}
}

func TestCommandsWaitForTheClaim(t *testing.T) {
	b := openMemory(t)
	other := record.Owner{9}
	s := &stand{t: t, backend: b}
	s.beatAs(other, 1)
	s.claimAs(other)
	s = newStand(t, b, Config{})
	s.deploy(function("a"))
	_, ref := s.begin(3)
	s.pass(time.Second, true)
	s.unanswered(ref)
	s.beatAs(other, 2)
	s.pass(5*time.Second, true)
	s.refused(ref, shard.CodeNotOwner)
	_, ref = s.begin(3)
	s.pass(4*time.Second, true)
	_, last := s.begin(3)
	s.pass(4*time.Second, true)
	s.refused(ref, shard.CodeNotOwner)
	s.accepted(last)
}

func TestClaimWhoseAnswerIsLostIsTakenUp(t *testing.T) {
	broken := true
	s := newStand(t, openMemory(t), Config{}, func(s *stand) {
		s.fail = func(r Request) error {
			if c, ok := r.(Claim); ok && broken {
				_, _ = s.backend.Claim(context.Background(), c.Shard, c.Seen, s.owner)
				return errors.New("the connection broke")
			}
			return nil
		}
	})
	s.pass(time.Second, true)
	if s.owned() != 0 {
		t.Fatal("owned without an answer")
	}
	broken = false
	s.pass(3*time.Second, true)
	if n := s.owned(); n != s.m.cfg.Shards {
		t.Fatalf("%d shards", n)
	}
}

func TestReadsThatFailAreAskedAgain(t *testing.T) {
	s := newStand(t, openMemory(t), Config{Alone: true})
	s.deploy(function("a"))
	broken := map[string]int{}
	s.fail = func(r Request) error {
		name := ""
		switch r.(type) {
		case Load:
			name = "load"
		case Due:
			name = "due"
		case Inbox:
			name = "inbox"
		case Keys:
			name = "keys"
		case Define:
			name = "define"
		default:
			return nil
		}
		if broken[name]++; broken[name] < 4 {
			return errors.New("busy")
		}
		return nil
	}
	id, ref := s.begin(3)
	s.pass(20*time.Second, true)
	s.accepted(ref)
	view := s.send(Command{Verb: shard.View, Execution: record.NewID(1, 1, 3)})
	s.pass(20*time.Second, true)
	s.refused(view, shard.CodeNotFound)
	if s.entries(id) != 1 {
		t.Fatal("not durable")
	}
}

func TestStopReleasesAndTheNextOwnerCountsNoLoss(t *testing.T) {
	b := openMemory(t)
	for i := range 6 {
		s := newStand(t, b, Config{Owner: record.Owner{byte(i + 1)}})
		if i == 0 {
			s.deploy(function("a"), function("b"))
			s.pass(time.Second, true)
			s.begin(3)
			s.commit()
		}
		s.pass(time.Second, true)
		if n := s.owned(); n != s.m.cfg.Shards {
			t.Fatalf("owner %d has %d shards: the former one did not release", i, n)
		}
		if i == 5 {
			got := s.lease()
			if len(got) != 1 {
				t.Fatalf("%d tasks", len(got))
			}
			s.report(got...)
			s.commit()
			return
		}
		if i%2 == 1 {
			// Half of the owners had leased the task and got it back unrun.
			got := s.lease()
			s.step(Stop{time.Second})
			s.step(Reported{999, []runner.Report{{Token: got[0].Token, Released: true}}})
		} else {
			s.step(Stop{time.Second})
		}
		s.pass(5*time.Second, true)
		if !s.stopped {
			t.Fatal("never stops")
		}
	}
}

func TestStopWaitsForRunningTasksThenJournalsThemLost(t *testing.T) {
	s := newStand(t, openMemory(t), Config{})
	s.deploy(function("a"), function("b"))
	s.pass(time.Second, true)
	quick, _ := s.begin(3)
	slow, _ := s.begin(4)
	s.commit()
	tasks := s.lease()
	wait := s.send(Command{Verb: shard.Wait, Execution: slow})
	s.step(Stop{3 * time.Second})
	_, refused := s.begin(3)
	s.refused(refused, shard.CodeStopping)
	s.pass(time.Second, true)
	if s.stopped {
		t.Fatal("stopped while tasks run")
	}
	for _, l := range tasks {
		if l.Token.Execution == quick {
			s.report(l)
		}
	}
	s.pass(5*time.Second, true)
	if !s.stopped {
		t.Fatal("never stops")
	}
	s.refused(wait, shard.CodeStopping)
	if s.entries(quick) != 2 || s.entries(slow) != 2 {
		t.Fatalf("%d and %d entries", s.entries(quick), s.entries(slow))
	}
	if len(s.lost) != 1 {
		t.Fatalf("executors hear %v", s.lost)
	}
}

func TestStopWhileTheStoreIsAwayEnds(t *testing.T) {
	s := newStand(t, openMemory(t), Config{})
	s.deploy(function("a"))
	s.pass(time.Second, true)
	_, ref := s.begin(3)
	s.step(Stop{time.Second})
	for range 400 {
		if len(s.commits) > 0 {
			s.answer(transient)
		}
		s.pass(100*time.Millisecond, false)
		if s.stopped {
			break
		}
	}
	if !s.stopped {
		t.Fatal("never stops")
	}
	s.refused(ref, shard.CodeUnavailable)
	claims, err := s.backend.Claims(context.Background())
	if err != nil || claims[3].Owner != s.owner {
		t.Fatal("a shard with parts that are not durable was released as clean")
	}
}

func TestF7_F8_TwoMembersShareTheShards(t *testing.T) {
	b := openMemory(t)
	a := newStand(t, b, Config{Owner: record.Owner{1}})
	a.deploy(function("x"), function("y"))
	a.pass(time.Second, true)
	ids := map[record.ID]bool{}
	for i := range 32 {
		id, _ := a.begin(record.Shard(i % 16))
		ids[id] = true
	}
	a.commit()
	c := newStand(t, b, Config{Owner: record.Owner{2}})
	for range 200 {
		a.pass(500*time.Millisecond, true)
		c.pass(500*time.Millisecond, true)
	}
	na, nc := a.owned(), c.owned()
	if na+nc != 16 || na < 3 || nc < 3 {
		t.Fatalf("%d and %d shards", na, nc)
	}
	for range 3 {
		a.report(a.lease()...)
		a.commit()
		c.report(c.lease()...)
		c.commit()
	}
	for id := range ids {
		if h := a.head(id); h.Status != "completed" {
			t.Fatalf("%s is %s", id, h.Status)
		}
	}
}

// TestR1_AClaimSeenLateWaitsForThePartUnderWay: a shard was given up while its part was under way, and a read of the
// claims that describes the time before shows it as free. It is ours, but the number of its next part is not known yet.
func TestR1_AClaimSeenLateWaitsForThePartUnderWay(t *testing.T) {
	s := newOutcomeStand(t)
	s.begin(3)
	s.step(Beaten{Now: s.now.Wall - 60_000}) // the clock is wrong, so everything is given up
	if s.owned() != 0 {
		t.Fatalf("%d shards", s.owned())
	}
	s.step(Beaten{Now: s.now.Wall})
	s.step(ClaimsRead{Claims: []record.Fence{{Shard: 3}}})
	if s.m.shards[3].core != nil {
		t.Fatal("owned again while a part of its epoch is under way")
	}
	s.commit()
	s.pass(5*time.Second, true)
	if s.m.shards[3].core == nil {
		t.Fatal("not owned again")
	}
	for i, b := range s.sent {
		if n := b.Parts[0].Number; n != uint64(i+1) {
			t.Fatalf("part %d is the %d. of its epoch", n, i+1)
		}
	}
	if len(s.sent) < 2 {
		t.Fatal("the attempt that was given up is not journaled as lost")
	}
}
