package sqlite

import (
	"context"
	"fmt"
	"slices"

	lite "zombiezen.com/go/sqlite"

	"github.com/pawl-dev/pawl/record"
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

// line is the messages of one namespace in a shard.
type line struct {
	namespace string
	first     int64 // arrival of the oldest
	messages  []record.Message
	last      int64 // arrival of the last one read
	drained   bool
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
		if err := share(c, sh, all, limit); err != nil {
			return err
		}
		out = inTurn(all, limit)
		return nil
	})
	return out, err
}

// lines finds the namespaces that wait in a shard, by the age of their oldest message, one step of the index each.
func lines(c *lite.Conn, sh record.Shard) (out []*line, err error) {
	const sql = `SELECT namespace, arrived FROM inbox INDEXED BY inbox_lines
		WHERE shard = ? AND namespace >= ? ORDER BY namespace, arrived LIMIT 1`
	next, more := "", true
	for more {
		more = false
		err = query(c, sql, []any{sh, next}, func(r *lite.Stmt) error {
			l := &line{namespace: r.ColumnText(0), first: r.ColumnInt64(1)}
			out = append(out, l)
			next, more = l.namespace+"\x00", true // the first text behind it
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b *line) int { return int(a.first - b.first) })
	return out, nil
}

// share reads equal shares of limit until it is used up or every line is drained. When there are more lines than
// room, the ones that wait longest get a place.
func share(c *lite.Conn, sh record.Shard, all []*line, limit int) error {
	for limit > 0 {
		var open []*line
		for _, l := range all {
			if !l.drained {
				open = append(open, l)
			}
		}
		if len(open) == 0 {
			return nil
		}
		each := max(1, limit/len(open))
		for _, l := range open {
			n, err := l.read(c, sh, min(each, limit))
			if err != nil {
				return err
			}
			limit -= n
		}
	}
	return nil
}

// read appends the next n messages of the line.
func (l *line) read(c *lite.Conn, sh record.Shard, n int) (got int, err error) {
	const sql = `SELECT arrived, sender, seq, n, recipient, at, body FROM inbox INDEXED BY inbox_lines
		WHERE shard = ? AND namespace = ? AND arrived > ? ORDER BY arrived LIMIT +?`
	err = query(c, sql, []any{sh, l.namespace, l.last, n}, func(r *lite.Stmt) error {
		l.last = r.ColumnInt64(0)
		l.messages = append(l.messages, record.Message{
			ID:    record.MessageID{From: columnID(r, 1), Seq: uint64(r.ColumnInt64(2)), N: uint32(r.ColumnInt64(3))},
			Shard: sh, Namespace: l.namespace, To: columnID(r, 4), At: r.ColumnInt64(5), Body: body(r, 6),
		})
		got++
		return nil
	})
	l.drained = got < n
	return got, err
}

// inTurn takes one message of each line in turn.
func inTurn(all []*line, limit int) (out []record.Message) {
	for turn := 0; ; turn++ {
		before := len(out)
		for _, l := range all {
			if turn < len(l.messages) && len(out) < limit {
				out = append(out, l.messages[turn])
			}
		}
		if len(out) == before {
			return out
		}
	}
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
