package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Claim implements [store.Ownership].
func (s *Store) Claim(ctx context.Context, sh record.Shard, seen record.Fence, self record.Owner) (record.Fence, error) {
	if self == (record.Owner{}) {
		return record.Fence{}, errors.New("a claim needs an owner")
	}
	if int(sh) >= s.info.Shards {
		if err := ctx.Err(); err != nil {
			return record.Fence{}, err
		}
		return record.Fence{}, fmt.Errorf("shard %d: %w", sh, store.ErrNotFound)
	}
	before := s.seen.now()
	want := u64(seen.Epoch) + string(seen.Owner[:])
	got, err := s.change(ctx, claimScript, []string{shardName(sh), string(self[:]), want, u64(seen.Epoch+1) + string(self[:])})
	if err != nil {
		return record.Fence{}, err
	}
	if len(got) != 2 {
		return record.Fence{}, errReply
	}
	if err := s.seen.row(&before, sh, got[1].text()); err != nil {
		return record.Fence{}, err
	}
	if got[0].text() != "held" {
		return record.Fence{}, fmt.Errorf("shard %d: %w", sh, store.ErrClaimed)
	}
	return parseFence(sh, got[1].text()), nil
}

// Release implements [store.Ownership].
func (s *Store) Release(ctx context.Context, all []record.Fence) error {
	words := make([]string, 0, 3*len(all))
	for i := range all {
		f := &all[i]
		words = append(words, shardName(f.Shard), u64(f.Epoch)+string(f.Owner[:]), u64(f.Epoch)+string(make([]byte, 16)))
	}
	_, err := s.change(ctx, releaseScript, words)
	return err
}

// Claims implements [store.Ownership].
func (s *Store) Claims(ctx context.Context) ([]record.Fence, error) {
	before := s.seen.now()
	words := []string{"HMGET", s.names.shards()}
	for i := range s.info.Shards {
		words = append(words, shardName(record.Shard(i)))
	}
	rows, err := s.read(ctx, words)
	if err != nil {
		return nil, err
	}
	all := rows[0].list()
	if len(all) != s.info.Shards {
		return nil, errReply
	}
	out := make([]record.Fence, len(all))
	for i := range all {
		if err := s.seen.row(&before, record.Shard(i), all[i].text()); err != nil {
			return nil, err
		}
		out[i] = parseFence(record.Shard(i), all[i].text())
	}
	return out, nil
}

// Beat implements [store.Ownership]. The store's time is the server's.
func (s *Store) Beat(ctx context.Context, b store.Beat) (out []store.Beat, now int64, err error) {
	got, err := s.change(ctx, beatScript, []string{string(b.Owner[:]), u64(b.Count) + b.Addr})
	if err != nil {
		return nil, 0, err
	}
	if len(got) != 2 {
		return nil, 0, errReply
	}
	all := got[1].list()
	for i := 0; i+1 < len(all); i += 2 {
		var m store.Beat
		row := all[i+1].text()
		if len(row) < 8 || copy(m.Owner[:], all[i].text()) != len(m.Owner) {
			return nil, 0, errReply
		}
		m.Count, m.Addr = parseU64(row), row[8:]
		out = append(out, m)
	}
	return out, got[0].number(), nil
}
