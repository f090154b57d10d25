package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/pawl-dev/pawl/internal/fault"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/sqlstore"
)

// committer writes batches. It implements [sqlstore.Driver].
type committer struct {
	pool     *sql.DB
	packet   int // the longest message that the server takes, in bytes
	messages sync.Pool
}

func newCommitter(pool *sql.DB, packet int, mariadb bool) *committer {
	c := &committer{pool: pool, packet: packet}
	c.messages.New = func() any { return &message{mariadb: mariadb} }
	return c
}

// Commit implements [sqlstore.Driver]. The whole transaction is one message, so that a client that is stopped behind
// sending it holds no lock: the server goes on to the COMMIT by itself. Only a batch that is larger than the server's
// packets takes several.
func (c *committer) Commit(ctx context.Context, b *store.Batch, rows *sqlstore.Rows) error {
	m := c.messages.Get().(*message)
	defer c.keep(m)
	m.reset(false)
	m.lane(b) // it begins the transaction: these sessions have no autocommit
	if len(rows.Fences) > 0 {
		m.fences(rows.Fences)
	}
	m.rowsOf(rows, c.packet)
	m.sql("COMMIT")
	m.end()
	return c.send(ctx, m.packets(c.packet))
}

// keep lets a message be used again, unless it is a huge one.
func (c *committer) keep(m *message) {
	if cap(m.buf) <= 16<<20 {
		c.messages.Put(m)
	}
}

// WriteRows implements [sqlstore.Driver], statement by statement.
func (c *committer) WriteRows(ctx context.Context, tx sqlstore.Tx, rows *sqlstore.Rows) error {
	m := c.messages.Get().(*message)
	defer c.keep(m)
	m.reset(true)
	m.rowsOf(rows, c.packet)
	on := tx.(transaction)
	for _, sql := range m.each() {
		if _, err := on.tx.ExecContext(ctx, string(sql)); err != nil {
			return err
		}
	}
	return nil
}

// send sends the pieces of a transaction over one connection.
func (c *committer) send(ctx context.Context, pieces [][]byte) error {
	conn, err := c.pool.Conn(ctx)
	if err != nil {
		return sqlstore.NotSent{Err: err}
	}
	defer conn.Close()
	var failed error
	_ = conn.Raw(func(raw any) error { // what it returns says only whether the connection is still good
		to := raw.(driver.ExecerContext)
		for i, p := range pieces {
			if i > 0 {
				fault.Hit(fault.CommitWritten)
			}
			_, err := to.ExecContext(ctx, string(p), nil)
			if err == nil {
				continue
			}
			if failed = err; i == 0 && errors.Is(err, driver.ErrBadConn) {
				failed = sqlstore.NotSent{Err: err}
			}
			return abandon(ctx, to, err)
		}
		fault.Hit(fault.CommitReturned)
		return nil
	})
	return failed
}

// abandonTimeout bounds the wait for the answer to a ROLLBACK.
const abandonTimeout = 2 * time.Second

// abandon ends the transaction that a message left open at its first error. Where that is not possible, or the server
// does not write any more, the connection is given up: the server ends the transaction with it, and the next one may
// reach another server.
func abandon(ctx context.Context, to driver.ExecerContext, cause error) error {
	if lost(cause) || readOnly(cause) || ctx.Err() != nil {
		return driver.ErrBadConn
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonTimeout)
	defer cancel()
	if _, err := to.ExecContext(ctx, "ROLLBACK", nil); err != nil {
		return driver.ErrBadConn
	}
	return nil
}

// lane advances the lane of b, which changes one row.
func (m *message) lane(b *store.Batch) {
	defer m.wrote(1)
	if b.Number == 1 {
		m.sql("INSERT INTO lanes (owner,lane,number,digest,opened) VALUES (")
		m.bytes(b.Lane.Owner[:])
		m.sql(",")
		m.number(int64(b.Lane.Number))
		m.sql(",1,")
		m.number(int64(b.Digest))
		m.sql("," + now + ")")
		m.end()
		return
	}
	m.sql("UPDATE lanes SET number=")
	m.number(int64(b.Number))
	m.sql(",digest=")
	m.number(int64(b.Digest))
	m.sql(" WHERE owner=")
	m.bytes(b.Lane.Owner[:])
	m.sql(" AND lane=")
	m.number(int64(b.Lane.Number))
	m.sql(" AND number=")
	m.number(int64(b.Number) - 1)
	m.end()
}

// fences share-locks the rows of the shards, ascending, and wants them as they are given. The index is named, so that no
// row of another shard is waited for.
func (m *message) fences(all []record.Fence) {
	m.sql("SELECT IF(" + m.pending() + "COUNT(*)=" + strconv.Itoa(len(all)) + ",1," + raise + ") FROM shards FORCE INDEX (PRIMARY)")
	m.sql(" WHERE (shard,epoch,owner) IN (")
	for i := range all {
		m.row("")
		m.sql("(")
		m.number(int64(all[i].Shard))
		m.sql(",")
		m.number(int64(all[i].Epoch))
		m.sql(",")
		m.bytes(all[i].Owner[:])
		m.sql(")")
	}
	m.many(") " + forShare)
}
