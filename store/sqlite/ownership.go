package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Claim implements [store.Ownership].
func (s *Store) Claim(ctx context.Context, sh record.Shard, seen record.Fence, self record.Owner) (record.Fence, error) {
	if self == (record.Owner{}) {
		return record.Fence{}, errors.New("a claim needs an owner")
	}
	var f record.Fence
	err := s.transact(ctx, func(c *lite.Conn) error {
		rows, err := fences(c, "WHERE shard = ?", sh)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return fmt.Errorf("shard %d: %w", sh, store.ErrNotFound)
		}
		f = rows[0]
		if f.Owner == self {
			return nil
		}
		if f.Epoch != seen.Epoch || f.Owner != seen.Owner {
			return fmt.Errorf("shard %d: %w", sh, store.ErrClaimed)
		}
		f.Epoch, f.Owner = f.Epoch+1, self
		return exec(c, "UPDATE shards SET epoch = ?, owner = ? WHERE shard = ? AND epoch = ? AND owner = ?",
			f.Epoch, self[:], sh, seen.Epoch, seen.Owner[:])
	})
	if err != nil {
		return record.Fence{}, err
	}
	return f, nil
}

// Release implements [store.Ownership].
func (s *Store) Release(ctx context.Context, all []record.Fence) error {
	return s.transact(ctx, func(c *lite.Conn) error {
		for _, f := range all {
			err := exec(c, "UPDATE shards SET owner = zeroblob(16) WHERE shard = ? AND epoch = ? AND owner = ?",
				f.Shard, f.Epoch, f.Owner[:])
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Claims implements [store.Ownership].
func (s *Store) Claims(ctx context.Context) (out []record.Fence, err error) {
	err = s.readers.with(ctx, func(c *lite.Conn) (err error) {
		out, err = fences(c, "ORDER BY shard")
		return err
	})
	return out, err
}

func fences(c *lite.Conn, which string, args ...any) (out []record.Fence, err error) {
	err = query(c, "SELECT shard, epoch, owner FROM shards "+which, args, func(r *lite.Stmt) error {
		f := record.Fence{Shard: record.Shard(r.ColumnInt64(0)), Epoch: uint64(r.ColumnInt64(1))}
		r.ColumnBytes(2, f.Owner[:])
		out = append(out, f)
		return nil
	})
	return out, err
}

// Beat implements [store.Ownership]. The store's time is the machine's.
func (s *Store) Beat(ctx context.Context, b store.Beat) (out []store.Beat, now int64, err error) {
	err = s.transact(ctx, func(c *lite.Conn) error {
		now = time.Now().UnixMilli()
		err := exec(c, `INSERT INTO members (owner, count, addr, at) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (owner) DO UPDATE SET count = ?2, addr = ?3, at = ?4`, b.Owner[:], b.Count, b.Addr, now)
		if err != nil {
			return err
		}
		return query(c, "SELECT owner, count, addr FROM members ORDER BY owner", nil, func(r *lite.Stmt) error {
			m := store.Beat{Count: uint64(r.ColumnInt64(1)), Addr: r.ColumnText(2)}
			r.ColumnBytes(0, m.Owner[:])
			out = append(out, m)
			return nil
		})
	})
	if err != nil {
		return nil, 0, err
	}
	return out, now, nil
}
