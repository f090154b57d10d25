package sqlite

import (
	"context"
	"math"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Load implements [store.Store].
func (s *Store) Load(ctx context.Context, sh record.Shard, ids []record.ID) (out []store.Loaded, err error) {
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		for _, id := range ids {
			if id.Shard(s.info.Shards) != sh {
				continue
			}
			l, found, err := load(c, id)
			if err != nil {
				return err
			}
			if found {
				out = append(out, l)
			}
		}
		return nil
	})
	return out, err
}

func load(c *lite.Conn, id record.ID) (l store.Loaded, found bool, err error) {
	err = query(c, "SELECT id, "+headColumns+" FROM executions WHERE id = ?", []any{id[:]}, func(r *lite.Stmt) error {
		l.Head, found = readHead(r), true
		return nil
	})
	if err != nil || !found {
		return l, false, err
	}
	if err := readTags(c, &l.Head); err != nil {
		return l, false, err
	}
	from := uint64(1)
	if l.Snapshot, err = loadSnapshot(c, id); err != nil {
		return l, false, err
	}
	if l.Snapshot != nil {
		from = l.Snapshot.Seq + 1
	}
	l.Entries, err = journal(c, id, from, math.MaxInt)
	return l, true, err
}

// loadSnapshot returns the snapshot of id; nil where there is none or its checksum does not fit.
func loadSnapshot(c *lite.Conn, id record.ID) (out *record.Snapshot, err error) {
	err = query(c, "SELECT seq, sum, body FROM snapshots WHERE execution = ?", []any{id[:]}, func(r *lite.Stmt) error {
		n := record.Snapshot{Execution: id, Seq: uint64(r.ColumnInt64(0)), Sum: uint32(r.ColumnInt64(1)), Body: body(r, 2)}
		if record.Checksum(n.Body) == n.Sum {
			out = &n
		}
		return nil
	})
	return out, err
}

// journal reads up to limit entries of id from seq on.
func journal(c *lite.Conn, id record.ID, from uint64, limit int) (out []record.Entry, err error) {
	const sql = "SELECT seq, at, sum, body FROM journal WHERE execution = ? AND seq >= ? ORDER BY seq LIMIT +?"
	err = query(c, sql, []any{id[:], int64(from), limit}, func(r *lite.Stmt) error {
		out = append(out, record.Entry{
			Execution: id, Seq: uint64(r.ColumnInt64(0)), At: r.ColumnInt64(1), Sum: uint32(r.ColumnInt64(2)), Body: body(r, 3),
		})
		return nil
	})
	return out, err
}

// Journal implements [store.Store].
func (s *Store) Journal(ctx context.Context, id record.ID, from uint64, limit int) (out []record.Entry, err error) {
	err = s.readers.with(ctx, func(c *lite.Conn) (err error) {
		if limit <= 0 || from > math.MaxInt64 {
			return nil
		}
		out, err = journal(c, id, from, limit)
		return err
	})
	return out, err
}

// Due implements [store.Store].
func (s *Store) Due(ctx context.Context, sh record.Shard, after record.Due, before int64, limit int) (out []record.Due, err error) {
	const sql = `SELECT next_at, id FROM executions INDEXED BY executions_due
		WHERE shard = ? AND next_at < ? AND (next_at, id) > (?, ?) ORDER BY next_at, id LIMIT +?`
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		return query(c, sql, []any{sh, before, after.At, after.Execution[:], max(limit, 0)}, func(r *lite.Stmt) error {
			out = append(out, record.Due{At: r.ColumnInt64(0), Execution: columnID(r, 1)})
			return nil
		})
	})
	return out, err
}

// Keys implements [store.Store].
func (s *Store) Keys(ctx context.Context, k []record.Key) (out []record.KeyRow, err error) {
	const sql = "SELECT execution, digest, closed_at FROM keys WHERE namespace = ? AND workflow = ? AND key = ?"
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		for _, key := range k {
			err := query(c, sql, []any{key.Namespace, key.Workflow, key.Key}, func(r *lite.Stmt) error {
				out = append(out, record.KeyRow{
					Key: key, Execution: columnID(r, 0), Digest: uint64(r.ColumnInt64(1)), ClosedAt: r.ColumnInt64(2),
				})
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}
