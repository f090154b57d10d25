package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pawl-dev/pawl/internal/fault"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// driver writes batches. It implements [sqlstore.Driver].
type driver struct {
	*pools
	shards   int
	prepare  bool // keep prepared statements on connections
	messages sync.Pool
}

// inBinary is the format of every argument.
var inBinary = []int16{pgx.BinaryFormatCode}

// Commit implements [sqlstore.Driver]: one message, which the server runs as one transaction.
func (d *driver) Commit(ctx context.Context, b *store.Batch, rows *sqlstore.Rows) error {
	fault.Hit(fault.CommitBegin)
	conn, err := d.commits.Acquire(ctx)
	if err != nil {
		return sqlstore.NotSent{Err: err}
	}
	defer conn.Release()
	batch, sent, err := d.message(ctx, conn.Conn(), func(m *message) { m.commit(b, rows) })
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return sqlstore.NotSent{Err: err}
	}
	fault.Hit(fault.CommitSent)
	done, err := run(ctx, conn.Conn().PgConn(), batch)
	fault.Hit(fault.CommitReturned)
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok && ends(answer) && done < sent {
		return sqlstore.NotSent{Err: err} // the session ended before its last statement, so long before the commit
	}
	return err
}

// WriteRows implements [sqlstore.Driver].
func (d *driver) WriteRows(ctx context.Context, t sqlstore.Tx, rows *sqlstore.Rows) error {
	own, ok := t.(tx)
	if !ok {
		return fmt.Errorf("a transaction of another driver: %T", t)
	}
	conn := own.tx.Conn()
	batch, sent, err := d.message(ctx, conn, func(m *message) { m.rows(rows) })
	if err != nil || sent == 0 {
		return err
	}
	_, err = run(ctx, conn.PgConn(), batch)
	return err
}

// message makes a batch of the statements that fill adds; sent is their number. Statements that the connection does not
// know are prepared first.
func (d *driver) message(ctx context.Context, conn *pgx.Conn, fill func(m *message)) (batch *pgconn.Batch, sent int, err error) {
	m, ok := d.messages.Get().(*message)
	if !ok {
		m = &message{shards: d.shards}
	}
	defer d.messages.Put(m)
	batch = &pgconn.Batch{}
	m.add = func(s *statement, args [][]byte) {
		if err != nil {
			return
		}
		sent++
		if !d.prepare {
			batch.ExecParams(d.sql.SQL(s.sql), args, nil, inBinary, nil)
			return
		}
		var known *pgconn.StatementDescription
		if known, err = conn.Prepare(ctx, s.name, d.sql.SQL(s.sql)); err == nil {
			batch.ExecPrepared(known.Name, args, inBinary, nil)
		}
	}
	fill(m)
	return batch, sent, err
}

// run sends a batch and reads all answers. done is the number of statements that the server ran.
func run(ctx context.Context, conn *pgconn.PgConn, batch *pgconn.Batch) (done int, err error) {
	answers := conn.ExecBatch(ctx, batch)
	for answers.NextResult() {
		if _, err := answers.ResultReader().Close(); err == nil {
			done++
		}
	}
	return done, answers.Close()
}
