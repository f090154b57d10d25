package sqlite

import (
	"context"
	"fmt"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store/internal/turns"
)

// Send implements [store.Store].
func (s *Store) Send(ctx context.Context, m []record.Message) error {
	return s.transact(ctx, func(c *lite.Conn) error { return send(c, m, s.info.Shards) })
}

// send appends messages in the transaction that is open.
func send(c *lite.Conn, m []record.Message, shards int) error {
	for i := range m {
		if reason := unsendable(&m[i], shards); reason != "" {
			return fmt.Errorf("message %d: %s", i, reason)
		}
	}
	stmt, err := c.Prepare(sendSQL)
	if err != nil {
		return err
	}
	for i := range m {
		bindMessage(statement{stmt}, &m[i])
		if err := (statement{stmt}).run(); err != nil {
			return err
		}
	}
	return nil
}

// Inbox implements [store.Store].
func (s *Store) Inbox(ctx context.Context, sh record.Shard, limit int) (out []record.Message, err error) {
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		if limit <= 0 {
			return nil
		}
		all, err := lines(c, sh)
		if err != nil {
			return err
		}
		out, err = turns.Take(all, limit, func(l *turns.Line, n int) error { return readOn(c, sh, l, n) })
		return err
	})
	return out, err
}

// lines finds the namespaces that wait in a shard, one step of the index each.
func lines(c *lite.Conn, sh record.Shard) (out []*turns.Line, err error) {
	const sql = `SELECT namespace, arrived FROM inbox INDEXED BY inbox_lines
		WHERE shard = ? AND namespace >= ? ORDER BY namespace, arrived LIMIT 1`
	next, more := "", true
	for more {
		more = false
		err = query(c, sql, []any{sh, next}, func(r *lite.Stmt) error {
			l := &turns.Line{Namespace: r.ColumnText(0), First: r.ColumnInt64(1)}
			out = append(out, l)
			next, more = l.Namespace+"\x00", true // the first text behind it
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readOn appends the next n messages of a line.
func readOn(c *lite.Conn, sh record.Shard, l *turns.Line, n int) error {
	const sql = `SELECT arrived, sender, seq, n, recipient, at, body FROM inbox INDEXED BY inbox_lines
		WHERE shard = ? AND namespace = ? AND arrived > ? ORDER BY arrived LIMIT +?`
	return query(c, sql, []any{sh, l.Namespace, l.Last, n}, func(r *lite.Stmt) error {
		l.Last = r.ColumnInt64(0)
		l.Messages = append(l.Messages, record.Message{
			ID:    record.MessageID{From: columnID(r, 1), Seq: uint64(r.ColumnInt64(2)), N: uint32(r.ColumnInt64(3))},
			Shard: sh, Namespace: l.Namespace, To: columnID(r, 4), At: r.ColumnInt64(5), Body: body(r, 6),
		})
		return nil
	})
}

// Waiting implements [store.Store]. It takes one step of the index for each shard that has messages.
func (s *Store) Waiting(ctx context.Context) (out []record.Shard, err error) {
	const sql = `WITH RECURSIVE found (shard) AS (SELECT min(shard) FROM inbox UNION ALL
		SELECT (SELECT min(shard) FROM inbox WHERE shard > found.shard) FROM found WHERE found.shard IS NOT NULL)
		SELECT shard FROM found WHERE shard IS NOT NULL`
	err = s.readers.with(ctx, func(c *lite.Conn) error {
		return query(c, sql, nil, func(r *lite.Stmt) error {
			out = append(out, record.Shard(r.ColumnInt64(0)))
			return nil
		})
	})
	return out, err
}
