package sqlstore

import (
	"context"
	"fmt"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store/internal/judge"
	"github.com/pawl-dev/pawl/store/internal/turns"
)

// Send implements [store.Store].
func (s *Store) Send(ctx context.Context, m []record.Message) error {
	if err := s.sendable(m); err != nil {
		return err
	}
	if s.Dialect.Send != nil {
		return s.call(ctx, func(q Querier) error { return s.Dialect.Send(ctx, q, m) })
	}
	return s.transact(ctx, func(q Querier) error { return s.Dialect.appendAll(ctx, q, m) })
}

func (c *Config) sendable(m []record.Message) error {
	for i := range m {
		if why := c.Limits.Message(&m[i]); why != "" {
			return fmt.Errorf("message %d: %s", i, why)
		}
	}
	return nil
}

// Executor runs statements for their effect.
type Executor interface {
	Exec(ctx context.Context, sql string, args ...any) (int64, error)
}

func (d *Dialect) appendAll(ctx context.Context, e Executor, m []record.Message) error {
	for i := range m {
		if err := d.Append(ctx, e, &m[i]); err != nil {
			return err
		}
	}
	return nil
}

// Append adds one message to the inbox of its shard, unless its id waits there already.
func (d *Dialect) Append(ctx context.Context, e Executor, m *record.Message) error {
	sql := `INSERT INTO pawl.inbox (shard, sender, seq, n, namespace, recipient, at, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ` +
		d.Upsert([]string{"shard", "sender", "seq", "n"}, nil)
	_, err := e.Exec(ctx, sql, int64(m.Shard), m.ID.From[:], int64(m.ID.Seq), int64(m.ID.N), m.Namespace, m.To[:], m.At, blob(m.Body))
	return err
}

// Outbox is a [store.Sender] in a transaction of somebody else.
type Outbox struct {
	In      Executor
	Dialect *Dialect
	Limits  judge.Limits
}

// Send implements [store.Sender].
func (o *Outbox) Send(ctx context.Context, m []record.Message) error {
	if err := (&Config{Limits: o.Limits}).sendable(m); err != nil {
		return err
	}
	return o.Dialect.explain(o.Dialect.appendAll(ctx, o.In, m))
}

// Inbox implements [store.Store].
func (s *Store) Inbox(ctx context.Context, sh record.Shard, limit int) (out []record.Message, err error) {
	err = s.call(ctx, func(q Querier) error {
		if limit <= 0 {
			return nil
		}
		all, err := lines(ctx, q, sh)
		if err != nil {
			return err
		}
		out, err = turns.Take(all, limit, func(l *turns.Line, n int) error { return readOn(ctx, q, sh, l, n) })
		return err
	})
	return out, err
}

// lines finds the namespaces that wait in a shard: one step of the index each, not a walk through all messages.
func lines(ctx context.Context, q Querier, sh record.Shard) (out []*turns.Line, err error) {
	const sql = `WITH RECURSIVE l (namespace) AS (
			SELECT min(i.namespace) FROM pawl.inbox i WHERE i.shard = ?
			UNION ALL
			SELECT (SELECT min(i.namespace) FROM pawl.inbox i WHERE i.shard = ? AND i.namespace > l.namespace) FROM l WHERE l.namespace IS NOT NULL
		)
		SELECT l.namespace, (SELECT min(i.arrived) FROM pawl.inbox i WHERE i.shard = ? AND i.namespace = l.namespace)
		FROM l WHERE l.namespace IS NOT NULL`
	err = q.Query(ctx, sql, []any{int64(sh), int64(sh), int64(sh)}, func(scan func(...any) error) error {
		l := &turns.Line{}
		out = append(out, l)
		return scan(&l.Namespace, &l.First)
	})
	return out, err
}

// readOn appends the next n messages of a line.
func readOn(ctx context.Context, q Querier, sh record.Shard, l *turns.Line, n int) error {
	const sql = `SELECT i.arrived, i.sender, i.seq, i.n, i.recipient, i.at, i.body FROM pawl.inbox i
		WHERE i.shard = ? AND i.namespace = ? AND i.arrived > ? ORDER BY i.arrived LIMIT ?`
	return q.Query(ctx, sql, []any{int64(sh), l.Namespace, l.Last, int64(n)}, func(scan func(...any) error) error {
		m := record.Message{Shard: sh, Namespace: l.Namespace}
		var from, to []byte
		var seq, place int64
		if err := scan(&l.Last, &from, &seq, &place, &to, &m.At, &m.Body); err != nil {
			return err
		}
		m.ID = record.MessageID{From: toID(from), Seq: uint64(seq), N: uint32(place)}
		m.To = toID(to)
		l.Messages = append(l.Messages, m)
		return nil
	})
}

// Waiting implements [store.Store]: one step of the index for each shard that has messages.
func (s *Store) Waiting(ctx context.Context) (out []record.Shard, err error) {
	const sql = `WITH RECURSIVE l (shard) AS (
			SELECT min(i.shard) FROM pawl.inbox i
			UNION ALL
			SELECT (SELECT min(i.shard) FROM pawl.inbox i WHERE i.shard > l.shard) FROM l WHERE l.shard IS NOT NULL
		)
		SELECT l.shard FROM l WHERE l.shard IS NOT NULL`
	err = s.call(ctx, func(q Querier) error {
		return q.Query(ctx, sql, nil, func(scan func(...any) error) error {
			var n int64
			err := scan(&n)
			out = append(out, record.Shard(n))
			return err
		})
	})
	return out, err
}
