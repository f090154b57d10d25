package modelstore

import (
	"errors"
	"slices"

	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// CanClaim reports whether a claim of s would run now: it waits for commits that hold the fence.
func (m *Model) CanClaim(s record.Shard) bool { return m.shards[s].readers == 0 }

// Claim takes s if its row still equals seen; see [store.Ownership].
func (m *Model) Claim(s record.Shard, seen record.Fence, self record.Owner) (record.Fence, error) {
	if self == (record.Owner{}) {
		return record.Fence{}, errors.New("a claim needs an owner")
	}
	if int(s) >= len(m.shards) {
		return record.Fence{}, store.ErrNotFound
	}
	row := &m.shards[s]
	if row.fence.Owner == self {
		return row.fence, nil
	}
	if bug.On(bug.EpochWithoutOwner) && row.fence.Epoch == seen.Epoch+1 {
		return record.Fence{Shard: s, Epoch: row.fence.Epoch, Owner: self}, nil
	}
	if row.fence.Epoch != seen.Epoch || row.fence.Owner != seen.Owner {
		return record.Fence{}, store.ErrClaimed
	}
	row.fence = record.Fence{Shard: s, Epoch: seen.Epoch + 1, Owner: self}
	return row.fence, nil
}

// Release gives shards back; fences that no longer hold are skipped.
func (m *Model) Release(fences []record.Fence) {
	for _, f := range fences {
		if int(f.Shard) < len(m.shards) && m.shards[f.Shard].fence == f {
			m.shards[f.Shard].fence.Owner = record.Owner{}
		}
	}
}

// Claims returns the row of every shard.
func (m *Model) Claims() []record.Fence {
	out := make([]record.Fence, len(m.shards))
	for i := range m.shards {
		out[i] = m.shards[i].fence
	}
	return out
}

// Beat sets one member's row and returns all with the store's time.
func (m *Model) Beat(b store.Beat) ([]store.Beat, int64) {
	i := slices.IndexFunc(m.beats, func(x store.Beat) bool { return x.Owner == b.Owner })
	if i < 0 {
		m.beats = append(m.beats, b)
	} else {
		m.beats[i] = b
	}
	return slices.Clone(m.beats), m.now()
}

// Send appends messages without a fence: all of them, or none where one cannot be kept.
func (m *Model) Send(msgs []record.Message) error {
	for i := range msgs {
		if int(msgs[i].Shard) >= len(m.shards) || len(msgs[i].Body) > maxBody {
			return errors.New("a message that cannot be kept")
		}
	}
	for i := range msgs {
		s := msgs[i].Shard
		m.inbox[s] = appended(slices.Clip(m.inbox[s]), &msgs[i])
	}
	return nil
}
