package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/record"
)

// newCrowd is a member with two lanes among so many others that live. first and second are shards of it, one of each lane.
func newCrowd(t *testing.T, others int) (s *stand, first, second record.Shard) {
	t.Helper()
	s = newStand(t, openMemory(t), Config{Lanes: 2})
	s.deploy(function("a"))
	for count := range uint64(30) { // and what falls to the others is handed over
		for n := range others {
			s.beatAs(record.Owner{9, byte(n)}, count+1)
		}
		s.pass(2*time.Second, true)
	}
	lanes := map[int]record.Shard{}
	for _, n := range s.m.Owned() {
		lanes[int(n)%2] = n
	}
	if len(lanes) != 2 {
		t.Fatalf("it owns %v, of one lane only", s.m.Owned())
	}
	return s, lanes[0], lanes[1]
}

func TestAMemberCommitsThroughOneLaneAtATimeInACrowd(t *testing.T) {
	for others := range 4 {
		t.Run(fmt.Sprint(others, " others"), func(t *testing.T) {
			s, first, second := newCrowd(t, others)
			_, a := s.begin(first)
			_, b := s.begin(second)
			want := 2
			if others >= 2 {
				want = 1
			}
			if len(s.commits) != want {
				t.Fatalf("%d batches under way, want %d", len(s.commits), want)
			}
			for range 2 {
				s.answer(s.apply())
			}
			s.accepted(a)
			s.accepted(b)
		})
	}
}

// TestACrowdedLaneTakesAllShards: what piled up behind a batch goes with the next one, whichever lane its shard is of.
func TestACrowdedLaneTakesAllShards(t *testing.T) {
	s, first, second := newCrowd(t, 2)
	s.begin(first)
	_, a := s.begin(first)
	_, b := s.begin(second)
	s.answer(s.apply())
	if len(s.commits) != 1 || len(s.commits[0].Parts) != 2 {
		t.Fatalf("%d batches under way: %+v", len(s.commits), s.commits)
	}
	s.commit()
	s.accepted(a)
	s.accepted(b)
}

// TestAShardStaysWithTheBatchThatHasNoOutcome: a commit that hangs holds up the shards in it, for others only a moment.
func TestAShardStaysWithTheBatchThatHasNoOutcome(t *testing.T) {
	s, first, second := newCrowd(t, 2)
	_, hangs := s.begin(first)
	_, behind := s.begin(first)
	_, late := s.begin(second)
	if at := s.m.Next(); len(s.commits) != 1 || at != s.now.Mono+firstWait {
		t.Fatalf("%d batches under way, looked after in %v", len(s.commits), at-s.now.Mono)
	}
	s.pass(firstWait, false)
	if len(s.commits) != 2 {
		t.Fatal("the second lane waits for what hangs")
	}
	hanging := s.commits[0]
	s.commits = s.commits[1:]
	s.commit()
	s.accepted(late)
	for _, n := range s.m.Owned() {
		if n == first {
			continue
		}
		_, ref := s.begin(n) // of its lane, too
		s.commit()
		s.accepted(ref)
	}
	s.unanswered(hangs)
	s.unanswered(behind)
	s.commits = append(s.commits, hanging)
	s.commit()
	s.accepted(hangs)
	s.accepted(behind)
}

// TestACrowdThatIsGoneIsNoCrowd: once the others are silent, both lanes have a batch under way again, each with its own shards.
func TestACrowdThatIsGoneIsNoCrowd(t *testing.T) {
	s, first, second := newCrowd(t, 2)
	s.pass(30*time.Second, true)
	s.begin(first)
	s.begin(second)
	if len(s.commits) != 2 {
		t.Fatalf("%d batches under way", len(s.commits))
	}
}
