package memory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Claim implements [store.Ownership].
func (s *Store) Claim(ctx context.Context, sh record.Shard, seen record.Fence, self record.Owner) (record.Fence, error) {
	unlock, err := s.write(ctx)
	if err != nil {
		return record.Fence{}, err
	}
	defer unlock()
	if self == (record.Owner{}) {
		return record.Fence{}, errors.New("a claim needs an owner")
	}
	if sh >= shards {
		return record.Fence{}, fmt.Errorf("shard %d: %w", sh, store.ErrNotFound)
	}
	f := &s.shards[sh].fence
	if f.Owner == self {
		return *f, nil
	}
	if f.Epoch != seen.Epoch || f.Owner != seen.Owner {
		return record.Fence{}, fmt.Errorf("shard %d: %w", sh, store.ErrClaimed)
	}
	f.Epoch++
	f.Owner = self
	return *f, nil
}

// Release implements [store.Ownership].
func (s *Store) Release(ctx context.Context, fences []record.Fence) error {
	unlock, err := s.write(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	for _, f := range fences {
		if f.Shard < shards && s.shards[f.Shard].fence == f {
			s.shards[f.Shard].fence.Owner = record.Owner{}
		}
	}
	return nil
}

// Claims implements [store.Ownership].
func (s *Store) Claims(ctx context.Context) ([]record.Fence, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	out := make([]record.Fence, shards)
	for i := range s.shards {
		out[i] = s.shards[i].fence
	}
	return out, nil
}

// Beat implements [store.Ownership].
func (s *Store) Beat(ctx context.Context, b store.Beat) ([]store.Beat, int64, error) {
	unlock, err := s.write(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer unlock()
	s.members[b.Owner] = b
	out := make([]store.Beat, 0, len(s.members))
	for _, m := range s.members {
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b store.Beat) int { return bytes.Compare(a.Owner[:], b.Owner[:]) })
	return out, s.now(), nil
}
