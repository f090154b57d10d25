package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// nobody is the owner of a shard that was never claimed or was released.
var nobody = make([]byte, len(record.Owner{}))

// Claim implements [store.Ownership].
func (s *Store) Claim(ctx context.Context, sh record.Shard, seen record.Fence, self record.Owner) (f record.Fence, err error) {
	if self == (record.Owner{}) {
		return f, errors.New("a claim needs an owner")
	}
	err = s.call(ctx, func(q Querier) error {
		const sql = `UPDATE pawl.shards SET epoch = epoch + 1, owner = ? WHERE shard = ? AND epoch = ? AND owner = ? AND owner <> ?`
		if _, err := q.Exec(ctx, sql, self[:], int64(sh), int64(seen.Epoch), seen.Owner[:], self[:]); err != nil {
			return err
		}
		// Whether it changed anything is read back: an earlier attempt may have done it, unheard.
		rows, err := fences(ctx, q, "WHERE s.shard = ?", int64(sh))
		switch {
		case err != nil:
			return err
		case len(rows) == 0:
			return fmt.Errorf("shard %d: %w", sh, store.ErrNotFound)
		case rows[0].Owner != self:
			return fmt.Errorf("shard %d: %w", sh, store.ErrClaimed)
		}
		f = rows[0]
		return nil
	})
	return f, err
}

// Release implements [store.Ownership].
func (s *Store) Release(ctx context.Context, all []record.Fence) error {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b record.Fence) int { return int(a.Shard) - int(b.Shard) })
	return s.transact(ctx, func(q Querier) error {
		for _, f := range sorted {
			const sql = "UPDATE pawl.shards SET owner = ? WHERE shard = ? AND epoch = ? AND owner = ?"
			if _, err := q.Exec(ctx, sql, nobody, int64(f.Shard), int64(f.Epoch), f.Owner[:]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Claims implements [store.Ownership].
func (s *Store) Claims(ctx context.Context) (out []record.Fence, err error) {
	err = s.call(ctx, func(q Querier) (err error) {
		out, err = fences(ctx, q, "ORDER BY s.shard")
		return err
	})
	return out, err
}

func fences(ctx context.Context, q Querier, which string, args ...any) (out []record.Fence, err error) {
	err = q.Query(ctx, "SELECT s.shard, s.epoch, s.owner FROM pawl.shards s "+which, args, func(scan func(...any) error) error {
		var shard, epoch int64
		var owner []byte
		err := scan(&shard, &epoch, &owner)
		out = append(out, record.Fence{Shard: record.Shard(shard), Epoch: uint64(epoch), Owner: toOwner(owner)})
		return err
	})
	return out, err
}

// Beat implements [store.Ownership]. The time is the database server's.
func (s *Store) Beat(ctx context.Context, b store.Beat) (out []store.Beat, now int64, err error) {
	sql := "INSERT INTO pawl.members (owner, beats, addr, at) VALUES (?, ?, ?, " + s.Dialect.Now + ") " +
		s.Dialect.Upsert([]string{"owner"}, []string{"beats", "addr", "at"})
	err = s.call(ctx, func(q Querier) error {
		if _, err := q.Exec(ctx, sql, b.Owner[:], int64(b.Count), b.Addr); err != nil {
			return err
		}
		out = nil
		all := "SELECT m.owner, m.beats, m.addr, " + s.Dialect.Now + " FROM pawl.members m ORDER BY m.owner"
		return q.Query(ctx, all, nil, func(scan func(...any) error) error {
			var m store.Beat
			var owner []byte
			var count int64
			err := scan(&owner, &count, &m.Addr, &now)
			m.Owner, m.Count = toOwner(owner), uint64(count)
			out = append(out, m)
			return err
		})
	})
	if err != nil {
		return nil, 0, err
	}
	return out, now, nil
}
